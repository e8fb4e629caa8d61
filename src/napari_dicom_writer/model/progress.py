"""How far a piece of work is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Called with (frames done, total); raise `ExportCancelled` in it to stop."""


class Counter:
    """Counts frames and tells the progress callback.

    Examples
    --------
    >>> counter = Counter(2, lambda done, total: print(f"{done} of {total}"))
    0 of 2
    >>> counter()
    1 of 2
    """

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress
        self(0)

    def __call__(self, frames: int = 1) -> None:
        """Count some more."""
        self._done += frames
        if self._progress:
            self._progress(self._done, self._total)
