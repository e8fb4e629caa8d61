"""Files read from the medium instead of the system's memory, as far as the system lets go of them.

What was just written is read from memory: that proves the software, not the disk. After everything was flushed, the
system is asked to forget what it keeps of a file, and then asked whether it has, page by page: RAM disks, network file
systems and whoever maps the file keep it. A cache in the device itself may still answer.
"""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOCK = 2**20


def forget(descriptor: int) -> bool:
    """Ask the system to forget a file that was flushed.

    Returns
    -------
    bool
        Whether it has: what is read next comes from the medium. False also where nobody can tell.
    """
    size, libc = os.fstat(descriptor).st_size, _libc()
    if not size or not hasattr(os, "posix_fadvise") or libc is None:
        return False
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        return not _is_in_memory(libc, descriptor, size)
    except OSError:  # a file system without one of these
        return False


def _is_in_memory(libc: ctypes.CDLL, descriptor: int, size: int) -> bool:
    """Whether any page of a file is; also where the system does not say."""
    pages = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    # A private mapping of which no page is touched: looking at it reads nothing.
    with mmap.mmap(descriptor, size, access=mmap.ACCESS_COPY) as mapped:
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        failed = libc.mincore(ctypes.c_void_p(address), ctypes.c_size_t(size), pages)
    return bool(failed) or bool((np.frombuffer(bytes(pages), np.uint8) & 1).any())


@cache
def _libc() -> ctypes.CDLL | None:
    """Functions of the system, where it can say what of a file is in memory."""
    libc = ctypes.CDLL(None) if os.name == "posix" else None
    return libc if hasattr(libc, "mincore") else None


def digest(*parts: bytes | bytearray | memoryview) -> bytes:
    """Return what files, or frames, are known again by."""
    known = hashlib.sha256()
    for part in parts:
        known.update(part)
    return known.digest()


def write_known(path: str, parts: Iterable[bytes]) -> tuple[int, bytes]:
    """Write a new file, part by part.

    Returns
    -------
    int, bytes
        Its size and digest.
    """
    known, size = hashlib.sha256(), 0
    with open(path, "xb") as file:  # noqa: PTH123 - strings are faster
        for part in parts:
            file.write(part)
            known.update(part)
            size += len(part)
    return size, known.digest()


def digest_again(path: str) -> tuple[bytes, bool]:
    """Read a whole file, from the medium where that is possible.

    Returns
    -------
    bytes, bool
        Its digest, and whether it came from the medium.
    """
    known = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - strings are faster
        forgotten = forget(file.fileno())
        while block := file.read(_BLOCK):
            known.update(block)
    return known.digest(), forgotten
