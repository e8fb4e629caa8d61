"""What killed exports left in a folder, whatever their targets: put back what they had set aside, remove the rest.

An area is a leftover when its name, what lies in it, and every file's first bytes are as an export makes them, and
nobody holds its lock. Whatever else there is, is somebody's, and stays.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.folder.area import PARTS, REPLACED, busy, prefix, release, remove, restore
from napari_dicom_writer.destinations.folder.attribute import HIDDEN_FILE
from napari_dicom_writer.destinations.folder.lock import LOCK, take
from napari_dicom_writer.destinations.folder.ours import begins_like_ours
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_AREA = re.compile(r"\.napari-dicom-[0-9a-f]{12}-[0-9a-f]{8}")
_FILE_ID = r"[A-Z0-9_]{1,8}"
_FOLDER = re.compile(rf"-?\d+-[A-Z]{{2,16}}(-.*)?|\.(scratch|gone)-[0-9a-f]{{8}}|{_FILE_ID}")
"""Of a series, on a medium too, or what the workers of a cluster write to before a file gets its name."""
_FILE = re.compile(rf"\d{{5,}}\.dcm(\.waiting)?|[0-9a-f]{{32}}|export\.zip|{_FILE_ID}")
_OTHERS = {HIDDEN_FILE, "probe"}
"""A seal where there are no attributes; what those workers are tried by."""


def clear_leftovers(target: Path) -> None:
    """Finish what killed exports have left in the folder of a target.

    Raises
    ------
    DestinationError
        If another export to the target is running, or something else has come to where the series belongs that a
        killed one had set aside.
    OSError
        If the system refuses to put that back.
    """
    for path in _areas(target.parent):
        if path.name.startswith(prefix(target)):
            _clear(path, target)
        else:
            with suppress(OSError, DestinationError):  # this export can do without
                _clear(path, None)


def _areas(folder: Path) -> Iterator[Path]:
    """Folders that look like areas from outside; a folder that may not be listed shows none."""
    try:
        with os.scandir(folder) as entries:
            found = [e.path for e in entries if _AREA.fullmatch(e.name) and e.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, PermissionError):
        return
    yield from map(Path, found)


def _clear(path: Path, target: Path | None) -> None:
    try:
        if any(child.name not in (LOCK, *PARTS) or child.is_symlink() for child in path.iterdir()):
            return  # whoever made it, no export did
        lock = take(path)
    except (FileNotFoundError, PermissionError):
        # It was removed meanwhile. Or it is another user's; what it was for cannot be replaced by us, or will be
        # refused when published.
        return
    if lock is None:
        if target is not None and path.is_dir():
            raise busy(target)
        return  # alive, or finished and removed meanwhile
    try:
        if lock.certain:
            restore(path)
            if all(_is_ours(child, named=part != REPLACED) for part in PARTS for child in _children(path / part)):
                remove(path)
    finally:
        release(path, lock)


def _children(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _is_ours(entry: os.DirEntry[str], *, named: bool) -> bool:
    """Whether an export made a file, or a folder with all that is in it; `named` by the export, or by the user."""
    if entry.is_dir(follow_symlinks=False):
        by_name = not named or _FOLDER.fullmatch(entry.name)
        return bool(by_name) and all(_is_ours(child, named=True) for child in _children(Path(entry.path)))
    if not entry.is_file(follow_symlinks=False):
        return False
    by_name = not named or _FILE.fullmatch(entry.name)
    return (bool(by_name) and begins_like_ours(entry.path)) or (named and entry.name in _OTHERS)
