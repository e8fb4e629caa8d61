"""Work in a thread that the viewer does not wait for, and that leaves nothing behind when the viewer is closed.

The thread knows no Qt: it stores how far it is, and a timer of the viewer's own thread looks there. So no event queues
up, however fast the work is, and nothing can reach a widget that was deleted meanwhile.

Not napari's `thread_worker`: it drops every RuntimeError, taking it for a deleted widget, and `ExportError` is one; and
it cannot stop a function between two of its steps.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_dicom_writer._napari.dock.work.collecting import short_collections
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.errors import ExportCancelled, ExportError

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[Callable[[], None]], object]
    """Does everything in a thread. Often calls what it is given, which raises `ExportCancelled` once it shall stop."""

_LOOKS = 20  # a second
_PATIENCE = 10.0  # seconds that a closing viewer waits for work to stop; usually it takes a few milliseconds


class _Task:
    """One piece of work in a thread, from start to end. Knows no Qt."""

    def __init__(self, work: Work) -> None:
        self.outcome: object = ExportError("It ended without a result", "Try again")
        self._work: Work | None = work
        self._stop = threading.Event()
        # Python waits for it at its end, so that what it staged is removed.
        self._thread = threading.Thread(target=self._run, name="napari-dicom-writer")
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def cancel(self) -> None:
        self._stop.set()

    def wait(self, seconds: float | None) -> bool:
        self._thread.join(seconds)
        return not self.running

    def cancel_and_wait(self) -> None:
        self.cancel()
        self.wait(_PATIENCE)

    def _run(self) -> None:
        work, self._work = self._work, None  # which may hold much memory
        assert work is not None  # noqa: S101 - it runs once
        try:
            with short_collections(), faults_as_export_errors():
                self.outcome = work(self._check)
        except ExportError as error:
            self.outcome = error

    def _check(self) -> None:
        # Python ends: it does not cancel threads, but waits for them.
        if self._stop.is_set() or not threading.main_thread().is_alive():
            raise ExportCancelled


class Background(QObject):
    """Does one thing at a time in a thread.

    Belongs to the thread that made it. When it is deleted, with its parent for instance, the work is cancelled and
    waited for; when Python ends, too.

    Attributes
    ----------
    looked : Signal
        Twenty times a second while it works.
    ended : Signal
        (object): what the work returned, or the `ExportError` it ended with, `ExportCancelled` if it was cancelled.
    """

    looked = Signal()
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: _Task | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // _LOOKS)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """Whether work was begun whose end was not told yet."""
        return self._task is not None

    def begin(self, work: Work) -> None:
        """Begin in a thread.

        Parameters
        ----------
        work
            Called with a function that it calls often, and that raises `ExportCancelled` once it shall stop. Whatever
            else it raises ends up in an `ExportError`.

        Raises
        ------
        RuntimeError
            If earlier work has not ended.
        """
        if self._task is not None:
            raise RuntimeError("Earlier work has not ended")
        self._task = _Task(work)
        # The task, not this object: which is half gone when it says so.
        self.destroyed.connect(self._task.cancel_and_wait)
        self._timer.start()

    def cancel(self) -> None:
        """Stop soon; `ended` tells when, and whether it was still in time."""
        if self._task is not None:
            self._task.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Block until the work has ended, and return whether it has; `ended` is told later, by the event loop."""
        return self._task is None or self._task.wait(seconds)

    def _look(self) -> None:
        task = self._task
        if task is None:
            return
        if task.running:
            self.looked.emit()
            return
        self._timer.stop()
        self.destroyed.disconnect(task.cancel_and_wait)
        self._task = None
        self.ended.emit(task.outcome)  # last of all: somebody may delete this object now
