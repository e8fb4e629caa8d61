"""The bar of a command that writes or sends, and what Ctrl-C means meanwhile."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from napari_dicom_writer.cli.interrupt import check
from napari_dicom_writer.errors import ExportCancelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.model.progress import Progress as Callback


@contextmanager
def progress_bar() -> Iterator[Callback]:
    """Show instances done. Before the first one, Ctrl-C acts at once; from then on between two, as a cancel does.

    So what is said after Ctrl-C is always true: an export that was already being published is finished.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar,
        _Interrupt() as stop,
    ):
        task = bar.add_task("Planning", total=None)

        def progress(done: int, total: int) -> None:
            stop.check(done)
            if done:
                bar.update(task, description="Writing", completed=done, total=total)

        yield progress


class _Interrupt:
    """Turns the first Ctrl-C during writing into a cancel; the second one interrupts at once."""

    def __init__(self) -> None:
        self._writing = self._asked = False
        self._before: Any = None

    def __enter__(self) -> _Interrupt:
        # Signals reach the main thread only, and only there can be handled.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, *_: object) -> None:
        if self._asked or not self._writing:
            raise KeyboardInterrupt
        self._asked = True

    def check(self, done: int) -> None:
        """Cancel, if asked to; `done` instances are written."""
        check()
        self._writing = done > 0
        if self._asked:
            raise ExportCancelled
