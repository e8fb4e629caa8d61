"""What a cut that was moved still shows: for a moment, while what it shall show is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dicom_writer._napari.dock.parts.later import once

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from qtpy.QtCore import QObject

_PATIENCE = 150  # ms that a cut stays in sight while the next one is read: it would flicker


class Outdated:
    """Parts of a picture that are to be replaced soon, and else dropped.

    Parameters
    ----------
    owner
        While it is there, parts are dropped.
    drop
        Called with those whose replacement is slow to come.
    """

    def __init__(self, owner: QObject, drop: Callable[[set[Any]], None]) -> None:
        self._parts: set[Any] = set()
        self._drop = drop
        self._patience = once(owner, _PATIENCE)
        self._patience.timeout.connect(self._lose_patience)

    def add(self, parts: Iterable[Hashable]) -> None:
        """Wait for the replacement of parts; of many, one after the other, no longer than for the first."""
        self._parts.update(parts)
        if self._parts and not self._patience.isActive():
            self._patience.start()

    def replace(self, part: Hashable) -> None:
        """Take that one has been replaced."""
        self._parts.discard(part)

    def take(self) -> set[Any]:
        """Return all that are waited for, and wait no more."""
        parts, self._parts = self._parts, set()
        return parts

    def _lose_patience(self) -> None:
        self._drop(self.take())
