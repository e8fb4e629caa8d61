"""The bar of a command that writes or sends, and what Ctrl-C means meanwhile."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from napari_dicom_writer.cli.interrupt import check
from napari_dicom_writer.errors import ExportCancelled
from napari_dicom_writer.plan.wording import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.model.progress import Progress as Callback


@contextmanager
def progress_bar() -> Iterator[tuple[Callback, Callback]]:
    """Show instances written, and bytes sent. Before the first, Ctrl-C acts at once; from then on as a cancel does.

    So what is said after Ctrl-C is always true: an export that was already being published is finished.

    Yields
    ------
    writing, sending : Progress
    """
    console = Console(stderr=True)
    words = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[how_far]}"), TimeRemainingColumn())
    with (
        Progress(*words, console=console, transient=True, disable=not console.is_terminal) as bar,
        _Interrupt() as stop,
    ):
        task, sends = bar.add_task("Planning", total=None, how_far=""), False

        def writing(done: int, total: int) -> None:
            stop.check(begun=done > 0)
            if done and not sends:
                bar.update(task, description="Writing", completed=done, total=total, how_far=f"{done:,}/{total:,}")

        def sending(done: int, total: int) -> None:
            nonlocal sends
            sends = True
            stop.check(begun=True)
            how_far = f"{format_bytes(done)} of {format_bytes(total)}"
            bar.update(task, description="Sending", completed=done, total=total, how_far=how_far)

        yield writing, sending


class _Interrupt:
    """Turns the first Ctrl-C after something has begun into a cancel; the second one interrupts at once."""

    def __init__(self) -> None:
        self._begun = self._asked = False
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
        if self._asked or not self._begun:
            raise KeyboardInterrupt
        self._asked = True

    def check(self, *, begun: bool) -> None:
        """Cancel, if asked to; `begun` says whether anything is written or sent."""
        check()
        self._begun |= begun
        if self._asked:
            raise ExportCancelled
