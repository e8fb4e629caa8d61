"""Staged files, read again with as few copies and calls as there can be."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_BINARY = getattr(os, "O_BINARY", 0)
_THREAD = threading.local()


def read_into(path: str | os.PathLike[str], buffers: Sequence[bytearray], *, gap: int = 0) -> int:
    """Fill buffers one after the other from the start of a file.

    Parameters
    ----------
    path
        The file.
    buffers
        To be filled; those that lie behind the end of the file keep what they hold.
    gap
        Bytes that are left out before the last buffer.

    Returns
    -------
    int
        Bytes read, where all buffers together are longer than the file: its size. With a gap, always its size.
    """
    descriptor = os.open(path, os.O_RDONLY | _BINARY)
    try:
        if gap:
            _read(descriptor, buffers[:-1])
            os.lseek(descriptor, gap, os.SEEK_CUR)
            _read(descriptor, buffers[-1:])
            return os.fstat(descriptor).st_size
        return _read(descriptor, buffers)
    finally:
        os.close(descriptor)


def _read(descriptor: int, buffers: Sequence[bytearray]) -> int:
    size = os.readv(descriptor, buffers) if hasattr(os, "readv") else 0
    return size + _read_rest(descriptor, buffers, size)


def _read_rest(descriptor: int, buffers: Sequence[bytearray], skipped: int) -> int:
    """Read what a short read left over."""
    size = 0
    for buffer in buffers:
        rest = memoryview(buffer)[skipped:]
        skipped = max(0, skipped - len(buffer))
        while rest:
            part = os.read(descriptor, len(rest))
            if not part:
                return size
            rest[: len(part)] = part
            size, rest = size + len(part), rest[len(part) :]
    return size


def frame_buffer(size: int) -> bytearray:
    """Return this thread's buffer for a frame: one that was just used is in the cache, a new one is cleared first."""
    buffer: bytearray | None = getattr(_THREAD, "buffer", None)
    if buffer is None or len(buffer) != size:
        buffer = _THREAD.buffer = bytearray(size)
    return buffer


def release_buffer() -> None:
    """Let go of this thread's buffer."""
    _THREAD.buffer = None
