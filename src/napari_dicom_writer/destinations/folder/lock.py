"""A lock that the system releases when its process dies, however it dies."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "lock"
_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


class Lock:
    """Held on a folder until it is released.

    Attributes
    ----------
    certain : bool
        False where the file system has no locks: somebody else may hold the same one.
    """

    def __init__(self, descriptor: int, *, certain: bool) -> None:
        self._descriptor, self.certain = descriptor, certain

    def release(self) -> None:
        """Let go; not an error whatever the system says: the process holds it no more."""
        with suppress(OSError):
            os.close(self._descriptor)


def take(folder: Path) -> Lock | None:
    """Lock a folder, by a file in it.

    Returns
    -------
    Lock or None
        None if somebody else holds it, or has just removed the folder.

    Raises
    ------
    OSError
        If the system refuses to make or open the file.
    """
    try:
        # Read and write: some network file systems lock nothing else.
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except FileNotFoundError:
        return None
    lock = Lock(descriptor, certain=True)
    try:
        _lock(descriptor)
        # Whoever held it before may have removed it since it was opened: then it guards nothing any more.
        if os.fstat(descriptor).st_nlink:
            return lock
    except OSError as error:
        if error.errno in _NO_LOCKS:
            lock.certain = False
            return lock
        lock.release()
        if error.errno in _HELD:
            return None
        raise
    except BaseException:
        lock.release()
        raise
    lock.release()
    return None


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
