"""The hidden folder beside a target where an export is staged, and what killed exports left of theirs.

Beside the target, because only on one file system a rename is one step. In it are

- ``lock``, held while the export runs: an area that can be locked is a leftover;
- ``content``, what is being staged; once published, the target has it, or it is what the target had before;
- ``replaced``, what the target had before, on file systems that cannot exchange two names. While there is still a
  ``content``, the new series is not in place, and the old one is put back.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.folder.durable import flush_folder
from napari_dicom_writer.destinations.folder.exchange import rename_new
from napari_dicom_writer.destinations.folder.lock import LOCK, take
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.destinations.folder.lock import Lock

_ATTEMPTS = 20


class Area:
    """A staging area of this process.

    Attributes
    ----------
    content : Path
        Where to write; the area makes it.
    replaced : Path
        Where what is replaced waits until the new is in place.
    keep : bool
        Remove nothing: there is something in it that is not ours, and could not be put back.
    """

    def __init__(self, path: Path, target: Path, lock: Lock) -> None:
        self._path, self._target, self._lock = path, target, lock
        self.content, self.replaced = path / "content", path / "replaced"
        self.keep = False

    def remove(self) -> None:
        """Put back what was not replaced after all, and remove the rest; what cannot be removed is a leftover."""
        try:
            with suppress(OSError, DestinationError):
                if not self.keep:
                    _clear(self._path, self._target)
        finally:
            _release(self._path, self._lock)


def open_area(target: Path) -> Area:
    """Make and lock an area beside a target.

    Raises
    ------
    OSError
        If the system refuses.
    DestinationError
        If others take every new area for a leftover; that ends as soon as they have seen that it is none.
    """
    for _ in range(_ATTEMPTS):
        path = target.parent / f"{_prefix(target)}{secrets.token_hex(4)}"
        path.mkdir()
        try:
            lock = take(path)
            if lock is None:
                continue  # between the two lines above another export took it for a leftover
        except BaseException:
            with suppress(OSError):
                path.rmdir()
            raise
        area = Area(path, target, lock)
        try:
            area.content.mkdir()
        except BaseException:
            area.remove()
            raise
        return area
    raise _busy(target)


def clear_leftovers(target: Path) -> None:
    """Finish what killed exports to a target have left: put back what they had set aside, remove the rest.

    Raises
    ------
    DestinationError
        If another export to the target is running, or something else has come to where the series belongs that a
        killed one had set aside.
    OSError
        If the system refuses to put back.
    """
    # A folder that may be written to and not be looked into shows no leftovers.
    for path in target.parent.glob(f"{_prefix(target)}*"):
        try:
            lock = take(path) if path.is_dir() else None
        except PermissionError:
            continue  # another user's; what it was for cannot be replaced by us, or will be refused when published
        if lock is None:
            if path.is_dir():
                raise _busy(target)
            continue  # it was finished and removed meanwhile
        try:
            if lock.certain:
                _clear(path, target)
        finally:
            _release(path, lock)


def _prefix(target: Path) -> str:
    # A hash: the target's name may be a patient's, and may be as long as the system allows.
    return f".napari-dicom-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}-"


def _busy(target: Path) -> DestinationError:
    return DestinationError(
        f"Another export to {target} is running", "Wait until it has finished, or choose another name"
    )


def _clear(path: Path, target: Path) -> None:
    """Put back and remove, under the lock."""
    _restore(path, target)
    # The lock last: while it is there, nobody else clears.
    for name in ("content", "replaced"):
        shutil.rmtree(path / name, ignore_errors=True)
    _remove_shell(path)


def _restore(path: Path, target: Path) -> None:
    """Put back what an export had set aside and did not replace."""
    content, replaced = path / "content", path / "replaced"
    if not os.path.lexists(replaced) or not os.path.lexists(content):
        return
    try:
        rename_new(replaced, target)
    except FileExistsError:
        raise DestinationError(
            f"Something has come to {target} since an export to it was killed; what was there before is {replaced}",
            "Move both to names of your choice",
        ) from None
    flush_folder(target.parent)


def _remove_shell(path: Path) -> None:
    """Remove lock and folder, if there is nothing else."""
    with suppress(OSError):
        if all(child.name == LOCK for child in path.iterdir()):
            (path / LOCK).unlink(missing_ok=True)
            path.rmdir()


def _release(path: Path, lock: Lock) -> None:
    lock.release()
    # Windows removes no open file. Elsewhere the name may already be another's lock.
    if sys.platform == "win32" and lock.certain:
        _remove_shell(path)
