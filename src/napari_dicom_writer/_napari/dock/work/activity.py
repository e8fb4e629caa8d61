"""The progress of an export in napari's own activity dock, with a button to cancel it there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import napari
from napari.utils import cancelable_progress

if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds. Its first bar costs napari 70 ms (measured), and who is done in half a second needs none.
_DELAY = 0.5
_INTERVAL = 0.25


# Held here until they are closed: a viewer may be taken apart by Python's garbage collector, and what is part of that
# garbage cannot be called any more when Qt says that a widget is gone.
_OPEN: set[Activity] = set()


class Activity:
    """A bar in the activity dock of every viewer. Use it in the main thread only.

    Whenever a bar changes, napari lets all waiting events happen before it returns: by them the viewer may be closed,
    and whoever changes the bar may be called again. So changes within a change are left out; the next one tells more.
    And it draws the whole dock, which takes 10 ms (measured): four times a second is enough.

    Parameters
    ----------
    on_cancel
        Called once when the user cancels here.
    """

    def __init__(self, on_cancel: Callable[[], None]) -> None:
        self._on_cancel: Callable[[], None] | None = on_cancel
        self._bar: cancelable_progress | None = None
        self._stage = ""
        self._changing = False
        self._closed = False
        self._next = time.monotonic() + _DELAY
        _OPEN.add(self)

    def show(self, done: int, total: int, stage: str) -> None:
        """Tell how far it is, and take notice of the user's wish to cancel."""
        if self._changing or self._closed or time.monotonic() < self._next:
            return
        self._changing = True
        try:
            self._change(done, total, stage)
        finally:
            self._changing = False
            self._next = time.monotonic() + _INTERVAL
        if self._closed:
            self.close()

    def _change(self, done: int, total: int, stage: str) -> None:
        if self._bar is None:
            if napari.current_viewer() is None:  # it would draw on the terminal
                self._closed = True
                return
            # Short, so that napari's button to cancel is in sight.
            self._bar = cancelable_progress(total=total, desc=f"DICOM, {stage}", bar_format="{bar}| {remaining} left")
            self._stage = stage
        if self._bar.is_canceled and self._on_cancel is not None:
            on_cancel, self._on_cancel = self._on_cancel, None
            on_cancel()
        if stage != self._stage and self._is_open():
            self._stage = stage
            self._bar.set_description(f"DICOM, {stage}")
            if done < self._bar.n or total != self._bar.total:  # counted anew
                self._bar.reset(total)
        if done > self._bar.n and self._is_open():
            self._bar.update(done - self._bar.n)

    def _is_open(self) -> bool:
        """A viewer closes its bars with itself."""
        return not (self._closed or self._bar is None or self._bar.disable)

    def close(self) -> None:
        """Take the bar away."""
        self._closed = True
        _OPEN.discard(self)
        if not self._changing and self._bar is not None:
            self._bar.close()
            self._bar = None


def prepare() -> None:
    """Have napari build its activity dock now: with the first bar it takes 50 ms (measured), and later none."""
    if napari.current_viewer() is not None:
        cancelable_progress(total=1, desc="DICOM").close()
