"""Renames that change two names in one step, or never replace anything, where the system has them."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_HERE = -100  # AT_FDCWD of Linux: paths are used as they are
_LINUX_NEW, _LINUX_EXCHANGE = 1, 2  # RENAME_NOREPLACE, RENAME_EXCHANGE: renameat2(2)
_MACOS_SWAP, _MACOS_NEW = 2, 4  # RENAME_SWAP, RENAME_EXCL: renamex_np(2)
# What kernels and file systems say that do not know the flag: FUSE, NFS and old ones differ in the word.
_UNKNOWN = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def exchange(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    """Let two files or folders change their names, in one step that nobody can see half of.

    Returns
    -------
    bool
        False where the system or the file system cannot; then nothing has changed.

    Raises
    ------
    OSError
        If it can, and refuses.
    """
    return _rename(one, other, _MACOS_SWAP if sys.platform == "darwin" else _LINUX_EXCHANGE)


def rename_new(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Rename to a name that nobody has; rename(2) would replace a file, or an empty folder, without a word.

    Raises
    ------
    FileExistsError
        If the name is taken, even since a moment ago.
    OSError
        If the system refuses.
    """
    if sys.platform == "win32":
        os.rename(source, target)  # noqa: PTH104 - it refuses taken names by itself
        return
    if _rename(source, target, _MACOS_NEW if sys.platform == "darwin" else _LINUX_NEW):
        return
    if os.path.isdir(source):  # noqa: PTH112 - strings or paths
        # A folder replaces no file, no link and no folder that holds something. What is left is an empty folder that
        # came a moment ago: nothing is lost with it.
        try:
            os.rename(source, target)  # noqa: PTH104
        except OSError as error:
            if error.errno in _TAKEN:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
            raise
        return
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    else:
        with suppress(OSError):  # it has both names, then, and the other goes with its folder
            os.unlink(source)  # noqa: PTH108
        return
    # No links either, as on memory sticks. Between these two lines somebody could take the name.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    os.rename(source, target)  # noqa: PTH104


def _rename(source: str | os.PathLike[str], target: str | os.PathLike[str], flag: int) -> bool:
    function = _function()
    if function is None:
        return False
    if not function(os.fsencode(source), os.fsencode(target), flag):
        return True
    number = ctypes.get_errno()
    if number in _UNKNOWN:
        return False
    raise OSError(number, os.strerror(number))


@cache
def _function() -> Callable[[bytes, bytes, int], int] | None:
    """The system's function, called with (source, target, flag), or None where there is none."""
    if sys.platform == "win32":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        swap = getattr(library, "renamex_np", None)  # macOS 10.12
        if swap is not None:
            swap.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_uint)
        return swap
    rename = getattr(library, "renameat2", None)  # glibc 2.28; older ones and some others lack it
    if rename is None:
        return None
    rename.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return lambda source, target, flag: int(rename(_HERE, source, _HERE, target, flag))
