"""Files opened without waiting: a pipe may never answer, and a device may be set off by being opened."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class NotAFileError(OSError):
    """A pipe, a socket, a device or a folder."""


def kind_of(mode: int) -> str:
    """Say what it is that is neither a file nor a folder.

    Examples
    --------
    >>> kind_of(stat.S_IFIFO | 0o644)
    'a pipe'
    """
    return _KINDS.get(stat.S_IFMT(mode), "no file")


def open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a regular file for reading; the caller closes it.

    Raises
    ------
    NotAFileError
        If it is anything else.
    OSError
        If it cannot be opened.
    """
    try:
        mode = Path(path).stat().st_mode
    except ValueError:
        raise NotAFileError("It cannot be read: its path holds a null character") from None
    if not stat.S_ISREG(mode):
        raise NotAFileError("It is not a file")

    def opener(name: str, flags: int) -> int:
        # Should it have become a pipe meanwhile, opening it must not wait.
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    file = open(path, "rb", opener=opener)  # noqa: SIM115 - Path.open takes no opener; the caller closes it
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise NotAFileError("It is not a file")
    return file
