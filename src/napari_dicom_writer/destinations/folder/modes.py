"""What replaces an earlier export is as open to others as that was, and no more, from its first moment on.

What is staged lies in an area that is closed to others; before it leaves, it gets what is kept here.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.destinations.folder.listing import Listing

_ACL = "system.posix_acl_access"
_DEFAULT_ACL = "system.posix_acl_default"
_NO_ACL = {errno.ENODATA, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


def keep_below(target: Path, earlier: Listing, source: Path, staged: Listing) -> bool:
    """Give the files and folders in a staged one what those in the earlier export had in common.

    Parameters
    ----------
    target, earlier
        The earlier export, and its listing.
    source, staged
        What replaces it, and its listing.

    Returns
    -------
    bool
        Whether anything had to be changed.

    Raises
    ------
    OSError
        If the system refuses.
    """
    changed = False
    for kind in (stat.S_ISREG, stat.S_ISDIR):
        before = [entry for entry in earlier if kind(entry.mode)]
        if not before:
            continue
        mode = reduce(and_, (stat.S_IMODE(entry.mode) for entry in before))
        like = target / before[0].path
        special = _is_special(like, source)
        for entry in staged:
            if kind(entry.mode) and (special or stat.S_IMODE(entry.mode) != mode):
                _give(source / entry.path, like, mode)
                changed = True
    return changed


def keep(target: Path, source: Path) -> None:
    """Give a staged folder or file the permissions, owner and access lists of what it replaces.

    Raises
    ------
    OSError
        If the system refuses.
    """
    _give(source, target, stat.S_IMODE(target.stat().st_mode))


def _is_special(like: Path, source: Path) -> bool:
    """Whether there is more to keep than permissions."""
    one, other = like.stat(), source.stat()
    return (one.st_uid, one.st_gid) != (other.st_uid, other.st_gid) or _acl(like, _ACL) != _acl(source, _ACL)


def _give(path: Path, like: Path, mode: int) -> None:
    status, own = like.stat(), path.stat()
    if (status.st_uid, status.st_gid) != (own.st_uid, own.st_gid) and hasattr(os, "chown"):
        mode = _chown(path, status, mode)
    path.chmod(mode)
    if sys.platform.startswith("linux"):
        for name in (_ACL, _DEFAULT_ACL) if path.is_dir() else (_ACL,):
            acl = _acl(like, name)
            if acl is not None:
                os.setxattr(path, name, acl)
            elif _acl(path, name) is not None:
                os.removexattr(path, name)


def _chown(path: Path, status: os.stat_result, mode: int) -> int:
    """Give owner and group away, as far as the system allows; return the permissions that are left."""
    with suppress(PermissionError):
        os.chown(path, status.st_uid, status.st_gid)
        return mode
    with suppress(PermissionError):
        os.chown(path, -1, status.st_gid)
        return mode
    return mode & ~stat.S_IRWXG  # they were another group's


def _acl(path: Path, name: str) -> bytes | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        return os.getxattr(path, name)
    except OSError as error:
        if error.errno in _NO_ACL:
            return None
        raise
