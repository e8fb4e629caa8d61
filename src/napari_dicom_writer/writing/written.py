"""What those who write tell, on the way and at the end."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Done(Protocol):
    """Told about frames written; may raise to stop."""

    def __call__(self, frames: int = 1) -> None:
        """Add a number of frames; 0 says that the work goes on."""


class Written(NamedTuple):
    """What was written.

    Attributes
    ----------
    bytes : int
        Size of all files.
    from_medium : bool
        Whether every file was also read from the medium, and was what had been read back before.
    """

    bytes: int
    from_medium: bool = False
