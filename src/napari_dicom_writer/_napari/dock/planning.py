"""Plans of the export, made off the main thread while the user edits; the newest wish wins."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_dicom_writer._napari.dock.target import free_space
from napari_dicom_writer.errors import ExportCancelled, ExportError, Refusal
from napari_dicom_writer.value_range import ScanCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer.options import ExportOptions
    from napari_dicom_writer.plan import ExportPlan

_DEBOUNCE = 150  # ms


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


class Planner(QObject):
    """Turns wishes into outcomes, one after the other.

    A wish waits until nothing changed for a moment; a newer one stops the planning of an older one. What scans found
    is kept until `forget_values`, so that editing a patient's name reads no pixels again.

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
    _finished = Signal(object, object)

    def __init__(self, make_wish: Callable[[], Wish | None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._make_wish = make_wish
        self._scans = ScanCache()
        self._stop = Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="plan-export")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE)
        self._timer.timeout.connect(self._begin)
        self._finished.connect(self._take)

    def request(self) -> None:
        """Plan anew, soon."""
        self._stop.set()
        self._timer.start()

    def forget_values(self) -> None:
        """Read values again the next time: a layer's data changed."""
        self._scans.forget()

    def pause(self) -> None:
        """Stop planning until the next request."""
        self._timer.stop()
        self._stop.set()

    def close(self) -> None:
        """Stop for good; also after Qt has deleted this object."""
        with contextlib.suppress(RuntimeError):
            self._timer.stop()
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._scans.forget()

    def _begin(self) -> None:
        wish = self._make_wish()
        if wish is None:
            return
        self._stop = Event()
        self.started.emit()
        self._pool.submit(self._plan, wish, self._stop)

    def _plan(self, wish: Wish, stop: Event) -> None:
        """In the worker thread."""
        with contextlib.suppress(RuntimeError):  # the widget was closed, and its signals with it
            try:
                outcome = _plan(wish, stop, self._scans)
            except ExportCancelled:
                return
            self._finished.emit(stop, outcome)

    def _take(self, stop: Event, outcome: Outcome) -> None:
        if stop is self._stop and not stop.is_set():
            self.planned.emit(outcome)


def _plan(wish: Wish, stop: Event, scans: ScanCache) -> Outcome:
    def tick(_done: int, _total: int) -> None:
        if stop.is_set():
            raise ExportCancelled

    # Here, in the thread: the dock widget opens without waiting for what writing needs.
    from napari_dicom_writer.destinations import open_destination
    from napari_dicom_writer.exporting import plan_export

    plan: ExportPlan | None = None
    refusals: tuple[Refusal, ...] = ()
    try:
        plan = plan_export(wish.layers, wish.options, progress=tick, scans=scans)
    except ExportCancelled:
        raise
    except ExportError as error:
        refusals += error.refusals
    except Exception as error:  # noqa: BLE001 - said in place, where a traceback in a thread would be lost
        fault = f"Planning failed: {type(error).__name__}: {error}"
        refusals += (Refusal(fault, "This is a fault of napari-dicom-writer: please report it"),)
    try:
        open_destination(wish.path, plan, overwrite=wish.options.overwrite)
    except ExportError as error:
        refusals += error.refusals
    return Outcome(plan, refusals, free_space(wish.path))
