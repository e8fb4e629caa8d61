"""What lies in a folder, file by file: whether somebody has touched it since it was last looked at."""

from __future__ import annotations

import os
import stat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Entry(NamedTuple):
    """A file, a link, or a folder, whose path ends with a slash; times in nanoseconds.

    Attributes
    ----------
    path : str
        From the folder that was listed; empty for a single file.
    size : int
    changed : int
        When its content was changed, as far as nobody has set it otherwise; 0 for folders.
    touched : int
        When the system last changed anything about it, its name and permissions included; nobody can set it. On
        Windows, when it was made.
    mode : int
        Type and permissions.
    owner : tuple of int
        User and group.
    links : int
        How many names it has.
    """

    path: str
    size: int
    changed: int
    touched: int
    mode: int
    owner: tuple[int, int]
    links: int

    @property
    def content(self) -> tuple[str, int, int]:
        """What tells whether it still holds the same."""
        return self.path, self.size, self.changed

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


Listing = tuple[Entry, ...]


def listing(target: Path) -> Listing:
    """List a folder and all below it, in the order of their paths; of a file or link, itself.

    Raises
    ------
    OSError
        If the system does not let it look.
    """
    status = target.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return (_entry("", status),)
    return tuple(sorted(_below(os.fspath(target), ""), key=attrgetter("path")))


def same_content(one: Listing, other: Listing) -> bool:
    """Whether two listings show the same files."""
    return [entry.content for entry in one] == [entry.content for entry in other]


def _below(folder: str, path: str) -> list[Entry]:
    with os.scandir(folder) as entries:
        children = list(entries)
    found = []
    for child in children:
        name = f"{path}{child.name}"
        status = child.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            found.append(_entry(f"{name}/", status)._replace(size=0, changed=0))
            found += _below(child.path, f"{name}/")
        else:
            found.append(_entry(name, status))
    return found


def _entry(path: str, status: os.stat_result) -> Entry:
    owner = (status.st_uid, status.st_gid)
    return Entry(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode, owner, status.st_nlink)
