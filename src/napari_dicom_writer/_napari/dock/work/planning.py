"""Plans of the export, made off the main thread while the user edits; the newest wish wins."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.destinations.folder.target import free_space
from napari_dicom_writer.errors import ExportCancelled, ExportError
from napari_dicom_writer.model.value_range import ScanCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer.errors import Refusal
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import ExportPlan

_DEBOUNCE = 150  # ms
_INTERVAL = 20  # ms between looks at the thread


@dataclass(frozen=True, slots=True)
class Wish:
    """What to plan: layer tuples as they are now, options, and where to."""

    layers: list[Any]
    options: ExportOptions
    path: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish: a plan, or reasons against it, or both where only the place is refused."""

    plan: ExportPlan | None
    refusals: tuple[Refusal, ...]
    free: int | None = None  # bytes, where the target would be made


class _Task:
    """One wish in a thread of its own, which knows no Qt: nothing of it can reach a widget that was deleted."""

    def __init__(self, wish: Wish, scans: ScanCache) -> None:
        self.outcome: Outcome | None = None  # none in the end, either, if it was stopped
        self._wish: Wish | None = wish
        self._scans = scans
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="plan-export")
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        wish, self._wish = self._wish, None  # which may hold much memory
        assert wish is not None  # noqa: S101 - it runs once
        try:
            self.outcome = _plan(wish, self._tick, self._scans)
        except ExportCancelled:
            return

    def _tick(self, _done: int = 0, _total: int = 0) -> None:
        # Python ends: it does not stop threads, but waits for them.
        if self.stopped or not threading.main_thread().is_alive():
            raise ExportCancelled


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
    planned : Signal(object)
        With the `Outcome` of the newest wish.
    """

    started = Signal()
    planned = Signal(object)

    def __init__(self, make_wish: Callable[[], Wish | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_wish = make_wish
        self._scans = ScanCache()
        self._task: _Task | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE)
        self._timer.timeout.connect(self._begin)
        self._looks = QTimer(self)
        self._looks.setInterval(_INTERVAL)
        self._looks.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        """Whether the outcome of a request is still to come."""
        return self._timer.isActive() or (self._task is not None and not self._task.stopped)

    def request(self) -> None:
        """Plan anew, soon."""
        self._stop()
        self._timer.start()

    def forget_values(self) -> None:
        """Read values again the next time: a layer's data changed."""
        # Another one: a scan that is still going on must not bring back what it read.
        self._scans = ScanCache()

    def pause(self) -> None:
        """Stop planning until the next request."""
        self._timer.stop()
        self._stop()

    def close(self) -> None:
        """Stop for good, when Qt has deleted this object."""
        self._stop()
        self.forget_values()

    def _stop(self) -> None:
        if self._task is not None:
            self._task.stop()

    def _begin(self) -> None:
        if self._task is not None and self._task.running:
            self.started.emit()
            self._timer.start()
            return
        wish = self._make_wish()
        if wish is None:
            return
        self._task = _Task(wish, self._scans)
        self._looks.start()
        self.started.emit()

    def _look(self) -> None:
        if self._task is None or self._task.running:
            return
        task, self._task = self._task, None
        self._looks.stop()
        if task.outcome is not None and not task.stopped:
            self.planned.emit(task.outcome)


def _plan(wish: Wish, tick: Callable[[int, int], None], scans: ScanCache) -> Outcome:
    # Here, in the thread: the dock widget opens without waiting for what writing needs.
    from napari_dicom_writer.destinations import open_destination
    from napari_dicom_writer.exporting import plan_export

    plan: ExportPlan | None = None
    free: int | None = None
    refusals: tuple[Refusal, ...] = ()
    try:
        with faults_as_export_errors("Planning"):
            plan = plan_export(wish.layers, wish.options, progress=tick, scans=scans)
    except ExportCancelled:
        raise
    except ExportError as error:
        refusals += error.refusals
    try:
        with faults_as_export_errors("Planning"):
            free = free_space(wish.path)
            open_destination(wish.path, plan, overwrite=wish.options.overwrite)
    except ExportError as error:
        refusals += error.refusals
    return Outcome(plan, refusals, free)
