"""Bytes at a place of an open file, whatever is read and written elsewhere in it meanwhile.

Windows has no calls for that: there, the one place that a descriptor has is moved, and moved back.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOVING = threading.Lock()


def write_at(descriptor: int, content: bytes | memoryview, offset: int) -> None:
    """Write all of it."""
    rest = memoryview(content)
    while rest:
        if hasattr(os, "pwrite"):
            written = os.pwrite(descriptor, rest, offset)
        else:
            with _moved(descriptor, offset):
                written = os.write(descriptor, rest)
        rest, offset = rest[written:], offset + written


def read_at(descriptor: int, length: int, offset: int) -> bytes:
    """Read so many bytes; fewer at the end of the file."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, length, offset)
    with _moved(descriptor, offset):
        return os.read(descriptor, length)


def read_into(descriptor: int, content: bytearray, offset: int) -> None:
    """Fill a buffer; at the end of the file it becomes shorter."""
    if hasattr(os, "preadv"):
        length = os.preadv(descriptor, [content], offset)
    else:
        read = read_at(descriptor, len(content), offset)
        length = len(read)
        content[:length] = read
    del content[length:]


@contextmanager
def _moved(descriptor: int, offset: int) -> Iterator[None]:
    with _MOVING:
        before = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, offset, os.SEEK_SET)
        try:
            yield
        finally:
            os.lseek(descriptor, before, os.SEEK_SET)
