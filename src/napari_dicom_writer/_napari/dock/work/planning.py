"""Plans of the export, made off the main thread while the user edits; the newest wish wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.parts.later import once
from napari_dicom_writer._napari.dock.work.background import Background, Leaving
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.errors import ExportCancelled, ExportError
from napari_dicom_writer.model.value_range import ScanCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer.errors import Refusal
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import ExportPlan

_DEBOUNCE = 150  # ms


@dataclass(frozen=True, slots=True)
class Wish:
    """What to plan: layer tuples as they are now, options, and where to: a key of the table, and a name."""

    layers: list[Any]
    options: ExportOptions
    path: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish: a plan, or reasons against it, or both where only the place is refused."""

    plan: ExportPlan | None
    refusals: tuple[Refusal, ...]
    free: int | None = None  # bytes, where the target would be made
    replaces: str = ""  # what is at the target now


class Planner(QObject):
    """Turns wishes into outcomes, one after the other.

    A wish waits until nothing changed for a moment, and until the planning of an older one, which it stops, has ended.
    What scans found is kept until `forget_values`, so that editing a patient's name reads no pixels again.

    Parameters
    ----------
    make_wish
        Called in the main thread when the moment has come; None when there is nothing to plan.

    Attributes
    ----------
    started : Signal
        When planning begins.
    progressed : Signal(int, int)
        Planes whose values were read, and all of them.
    planned : Signal(object)
        With the `Outcome` of the newest wish.
    """

    started = Signal()
    progressed = Signal(int, int)
    planned = Signal(object)

    def __init__(self, make_wish: Callable[[], Wish | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_wish = make_wish
        self._scans = ScanCache()
        self._background = Background("plan-export", Leaving.SOON, self)
        self._background.looked.connect(self._look)
        self._background.ended.connect(self._end)
        self._read = [0, 0]  # stored by the thread
        self._timer = once(self, _DEBOUNCE)
        self._timer.timeout.connect(self._begin)

    @property
    def busy(self) -> bool:
        """Whether the outcome of a request is still to come."""
        return self._timer.isActive() or self._background.running

    def request(self) -> None:
        """Plan anew, soon."""
        self._background.replace(None)
        self._timer.start()

    def forget_values(self) -> None:
        """Read values again the next time: a layer's data changed."""
        # Another one: a scan that is still going on must not bring back what it read.
        self._scans = ScanCache()

    def pause(self) -> None:
        """Stop planning until the next request."""
        self._timer.stop()
        self._background.replace(None)

    def close(self) -> None:
        """Let go of what was read, when Qt has deleted this object and so stopped it."""
        self.forget_values()

    def _begin(self) -> None:
        wish = self._make_wish()
        if wish is None:
            return
        scans = self._scans
        read = self._read = [0, 0]

        def work(stop_if_asked: Callable[[], None]) -> Outcome:
            def tick(done: int, total: int) -> None:
                stop_if_asked()
                read[:] = done, total

            return _plan(wish, tick, scans)

        self._background.replace(work)
        self.started.emit()

    def _look(self) -> None:
        if self._read[0]:
            self.progressed.emit(*self._read)

    def _end(self, outcome: object) -> None:
        if isinstance(outcome, Exception) and not isinstance(outcome, ExportCancelled):
            try:
                with faults_as_export_errors("Planning"):  # what it needs cannot be imported, for instance
                    raise outcome
            except ExportError as error:
                outcome = Outcome(None, error.refusals)
        if isinstance(outcome, Outcome):
            self.planned.emit(outcome)


def _plan(wish: Wish, tick: Callable[[int, int], None], scans: ScanCache) -> Outcome:
    # Here, in the thread: the dock widget opens without waiting for what writing needs.
    from napari_dicom_writer.destinations import open_destination, place_on_disk
    from napari_dicom_writer.destinations.paths import free_space
    from napari_dicom_writer.exporting import plan_export

    plan: ExportPlan | None = None
    free: int | None = None
    replaces = ""
    refusals: tuple[Refusal, ...] = ()
    try:
        with faults_as_export_errors("Planning"):
            plan = plan_export(wish.layers, wish.options, path=wish.path, to=wish.to, progress=tick, scans=scans)
    except ExportCancelled:
        raise
    except ExportError as error:
        refusals += error.refusals
    try:
        with faults_as_export_errors("Planning"):
            place = place_on_disk(wish.path, wish.to)
            free = free_space(wish.path) if place else None
            replaces = open_destination(wish.path, plan, overwrite=wish.options.overwrite, to=wish.to).replaces
    except ExportError as error:
        refusals += error.refusals
    return Outcome(plan, refusals, free, replaces)
