"""Work in a thread that the viewer does not wait for: the one place in the dock where threads are started.

The thread knows no Qt: it stores how far it is, and a timer of the viewer's own thread looks there. So no event queues
up, however fast the work is, and nothing can reach a widget that was deleted meanwhile.

Not napari's `thread_worker`: it drops every RuntimeError, taking it for a deleted widget, and `ExportError` is one; and
it cannot stop a function between two of its steps.
"""

from __future__ import annotations

import threading
from enum import Enum, auto
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_dicom_writer.errors import ExportCancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[[Callable[[], None]], object]
    """Does everything in a thread. Often calls what it is given, which raises `ExportCancelled` once it shall stop."""

_INTERVAL = 20  # ms between looks at the thread; most reading takes less
_PATIENCE = 10.0  # seconds that a closing viewer waits for work to stop; usually it takes a few milliseconds


class Leaving(Enum):
    """What becomes of work when its owner goes, or Python ends."""

    CLEANLY = auto()
    """It is cancelled and waited for, by the viewer too: what it staged must be gone."""
    SOON = auto()
    """It is cancelled, and only Python's end waits for the step at hand."""
    AT_ONCE = auto()
    """It is abandoned: it only reads, perhaps from a server that does not answer."""


class _Task:
    """One piece of work in a thread, from start to end. Knows no Qt."""

    def __init__(self, work: Work, name: str, *, daemon: bool) -> None:
        self.outcome: object = None
        self._work: Work | None = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=daemon)
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
            self.outcome = work(self._check)
        except ExportCancelled as error:
            # Without its traceback, which holds all that the work held.
            self.outcome = ExportCancelled(refusals=error.refusals)
        except Exception as error:  # noqa: BLE001 - told to the owner, who knows what it means
            self.outcome = error

    def _check(self) -> None:
        # Python ends: it does not cancel threads, but waits for them.
        if self._stop.is_set() or not threading.main_thread().is_alive():
            raise ExportCancelled


class Background(QObject):
    """Does one thing at a time in a thread.

    Belongs to the thread that made it, and works while it is there.

    Parameters
    ----------
    name
        Of the thread.
    leaving
        What becomes of the work when this object is deleted, with its parent for instance, or Python ends.
    parent

    Attributes
    ----------
    looked : Signal
        Every 20 ms while it works.
    ended : Signal
        (object): what the work returned, or the exception it ended with; `ExportCancelled` if it was cancelled.
    """

    looked = Signal()
    ended = Signal(object)

    def __init__(self, name: str, leaving: Leaving, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name, self._leaving = name, leaving
        self._task: _Task | None = None
        self._silent = False  # nothing of the task is told any more
        self._next: Work | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """Whether the end of work is still to be told."""
        return self._next is not None or (self._task is not None and not self._silent)

    def begin(self, work: Work) -> None:
        """Begin in a thread.

        Parameters
        ----------
        work
            Called with a function that it calls often, and that raises `ExportCancelled` once it shall stop.

        Raises
        ------
        RuntimeError
            If earlier work has not ended.
        """
        if self._task is not None:
            raise RuntimeError("Earlier work has not ended")
        self._silent = False
        self._task = _Task(work, self._name, daemon=self._leaving is Leaving.AT_ONCE)
        # The task, not this object: which is half gone when it says so.
        self.destroyed.connect(self._leave(self._task))
        self._timer.start()

    def replace(self, work: Work | None) -> None:
        """Cancel what is under way, tell nothing of it, and begin other work, if any, when it has ended."""
        self._next = work
        if self._task is not None:
            self._silent = True
            self._task.cancel()
        else:
            self._begin_next()

    def abandon(self) -> None:
        """Cancel what is under way, and tell nothing of it: other work can begin at once."""
        self._next = None
        if self._task is not None:
            self._task.cancel()
            self._forget(self._task)

    def cancel(self) -> None:
        """Stop soon; `ended` tells when, and whether it was still in time."""
        if self._task is not None:
            self._task.cancel()

    def wait(self, seconds: float | None = None) -> bool:
        """Block until the work has ended, and return whether it has; `ended` is told later, by the event loop."""
        return self._task is None or self._task.wait(seconds)

    def _leave(self, task: _Task) -> Callable[[], None]:
        return task.cancel_and_wait if self._leaving is Leaving.CLEANLY else task.cancel

    def _forget(self, task: _Task) -> None:
        self._timer.stop()
        self.destroyed.disconnect(self._leave(task))
        self._task = None

    def _look(self) -> None:
        task = self._task
        if task is None:
            return
        if task.running:
            self.looked.emit()
            return
        self._forget(task)
        if self._silent:
            self._begin_next()
        else:
            self.ended.emit(task.outcome)  # last of all: somebody may delete this object now

    def _begin_next(self) -> None:
        work, self._next = self._next, None
        if work is not None:
            self.begin(work)
