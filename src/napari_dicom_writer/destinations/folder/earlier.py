"""What lies under a target's name: nothing, an earlier export that may be replaced, or somebody else's files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import dcmread

from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.standard.uids import IMPLEMENTATION_CLASS_UID

if TYPE_CHECKING:
    from collections.abc import Iterator

Contents = frozenset[tuple[str, int, int]]
"""Path, bytes and time of change of every file: whether somebody has touched them since."""
_SERIES_FOLDER = re.compile(r"-?\d+-[A-Z]{2}(-|$)")
_REMEDY = "Choose another name"


def contents(target: Path) -> Contents:
    """Say what a folder holds; of a file or link, what it is."""
    found = set()
    for file in _files(target):
        status = file.lstat()
        path = str(file.relative_to(target)) if file != target else ""
        found.add((path, status.st_size, status.st_mtime_ns))
    return frozenset(found)


def check_replaceable(target: Path) -> None:
    """Refuse to replace what is not one earlier export.

    Raises
    ------
    DestinationError
        Naming what is in the way.
    """
    studies: set[tuple[str, int | Path]] = set()
    for file in _files(target):
        if (study := _study_of_export(file)) is None:
            raise DestinationError(
                f"{target} is not replaced, because {file.name} is not from an earlier export", _REMEDY
            )
        *folders, _ = file.relative_to(target).parts or [""]
        layout = len(folders) if all(map(_SERIES_FOLDER.match, folders)) else file
        studies.add((study, layout))
    if len(studies) > 1:
        raise DestinationError(f"{target} is not replaced, because it holds several exports", _REMEDY)


def _files(target: Path) -> Iterator[Path]:
    """All files and links below a folder; unlike `Path.rglob` it raises where it cannot look."""
    if target.is_symlink() or not target.is_dir():
        yield target
        return
    with os.scandir(target) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        else:
            yield Path(entry.path)


def _study_of_export(path: Path) -> str | None:
    """Study Instance UID of a file that an earlier export wrote: its meta information names this implementation."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        dataset = dcmread(path, stop_before_pixels=True, specific_tags=["StudyInstanceUID"])
    except OSError:
        raise
    except Exception:  # noqa: BLE001 - whatever a file that is not ours makes the parser raise
        return None
    ours = dataset.file_meta.get("ImplementationClassUID") == IMPLEMENTATION_CLASS_UID
    return str(dataset.get("StudyInstanceUID", "")) if ours else None
