"""The hidden folder beside a target where an export is staged.

Beside the target, because only on one file system a rename is one step; closed to others, because what is in it may be
for less eyes than the folder around it. In it are

- ``lock``, held while the export runs: an area that can be locked is a leftover;
- ``content``, what is being staged; once published, the target has it, or it is what the target had before;
- ``packed``, what is being made of it, to take its place;
- ``replaced``, with what the target had before under the target's own name, on file systems that cannot exchange two
  names. While there is still a ``content``, the new series is not in place, and the old one is put back.
"""

from __future__ import annotations

import errno
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
    from collections.abc import Callable
    from pathlib import Path

    from napari_dicom_writer.destinations.folder.lock import Lock

CONTENT, PACKED, REPLACED = "content", "packed", "replaced"
PARTS = (CONTENT, PACKED, REPLACED)
_ATTEMPTS = 20
_NO_NAME = {errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG}


class Area:
    """A staging area of this process.

    Attributes
    ----------
    content : Path
        Where to write; the area makes it.
    keep : bool
        Remove nothing: there is something in it that is not ours, and could not be put back.
    """

    def __init__(self, path: Path, target: Path, lock: Lock) -> None:
        self._path, self._target, self._lock = path, target, lock
        self.content = path / CONTENT
        self.keep = False

    def aside(self) -> Path:
        """Make room for what the target has now, and return where; whoever finds it there knows where it belongs."""
        (self._path / REPLACED).mkdir(exist_ok=True)
        return self._path / REPLACED / self._target.name

    def pack(self, pack: Callable[[Path], None]) -> None:
        """Let the content be replaced by what `pack` puts into the folder that it is called with.

        Raises
        ------
        OSError
            If the system refuses.
        """
        packed = self._path / PACKED
        packed.mkdir()
        pack(packed)
        shutil.rmtree(self.content)
        packed.rename(self.content)

    def remove(self) -> None:
        """Put back what was not replaced after all, and remove the rest; what cannot be removed is a leftover."""
        try:
            with suppress(OSError, DestinationError):
                if not self.keep:
                    restore(self._path)
                    remove(self._path)
        finally:
            release(self._path, self._lock)


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
        path = target.parent / f"{prefix(target)}{secrets.token_hex(4)}"
        path.mkdir(mode=0o700)
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
            _try_name(area.aside())
            area.content.mkdir()
        except BaseException:
            area.remove()
            raise
        return area
    raise busy(target)


def _try_name(path: Path) -> None:
    """Refuse a name that the file system does not take, before everything is written for it."""
    try:
        path.mkdir()
    except OSError as error:
        if error.errno not in _NO_NAME:
            raise
        raise DestinationError(
            f"{path.name} is not a name that the file system takes: {error.strerror}", "Choose another name"
        ) from error
    path.rmdir()


def prefix(target: Path) -> str:
    """How the names of a target's areas begin; eight hexadecimal digits follow."""
    # A hash: the target's name may be a patient's, and may be as long as the system allows.
    return f".napari-dicom-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}-"


def busy(target: Path) -> DestinationError:
    """Say that somebody else is writing to a target."""
    return DestinationError(
        f"Another export to {target} is running", "Wait until it has finished, or choose another name"
    )


def restore(path: Path) -> None:
    """Put back what an export had set aside and did not replace; under the lock.

    Raises
    ------
    DestinationError
        If something else has come there.
    OSError
        If the system refuses.
    """
    if not os.path.lexists(path / CONTENT) or not os.path.lexists(path / REPLACED):
        return
    for replaced in (path / REPLACED).iterdir():
        target = path.parent / replaced.name
        try:
            rename_new(replaced, target)
        except FileExistsError:
            raise DestinationError(
                f"Something has come to {target} since an export to it was killed; what was there before is {replaced}",
                "Move both to names of your choice",
            ) from None
        flush_folder(target.parent)


def remove(path: Path) -> None:
    """Remove an area, under its lock."""
    # The lock last: while it is there, nobody else clears.
    for name in PARTS:
        shutil.rmtree(path / name, ignore_errors=True)
    _remove_shell(path)


def _remove_shell(path: Path) -> None:
    """Remove lock and folder, if there is nothing else."""
    with suppress(OSError):
        if all(child.name == LOCK for child in path.iterdir()):
            (path / LOCK).unlink(missing_ok=True)
            path.rmdir()


def release(path: Path, lock: Lock) -> None:
    """Let go of an area's lock."""
    lock.release()
    # Windows removes no open file. Elsewhere the name may already be another's lock.
    if sys.platform == "win32" and lock.certain:
        _remove_shell(path)
