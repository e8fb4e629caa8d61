"""What to do about what the system refuses."""

from __future__ import annotations

import errno

_WINDOWS_TOO_LONG, _WINDOWS_NO_PATH = 206, 3
_WINDOWS_LONGEST = 259


def remedy_for(error: OSError) -> str:
    """Say how a path that cannot be written to may be had after all.

    Examples
    --------
    >>> remedy_for(OSError(errno.EACCES, "Permission denied"))
    'Check permissions and space, or choose another folder'
    """
    if _is_too_long(error):
        return (
            "Choose a folder with a shorter path: an export is staged beside its target, under some 60 characters more"
        )
    return "Check permissions and space, or choose another folder"


def _is_too_long(error: OSError) -> bool:
    code = getattr(error, "winerror", None)
    # Without long paths switched on, Windows calls the folder of a path missing that is too long for it.
    missing = code == _WINDOWS_NO_PATH and len(str(error.filename)) > _WINDOWS_LONGEST
    return error.errno == errno.ENAMETOOLONG or code == _WINDOWS_TOO_LONG or missing
