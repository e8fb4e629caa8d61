"""A folder on this machine, or a single file: staged beside the target, flushed, published by one rename.

Staging beside the target keeps both on one file system, where a rename is atomic. What a killed export leaves is
recognized and cleaned up by the next one to the same place.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations._base import Destination
from napari_dicom_writer.destinations.folder.area import open_area
from napari_dicom_writer.destinations.folder.earlier import check_replaceable
from napari_dicom_writer.destinations.folder.leftovers import clear_leftovers
from napari_dicom_writer.destinations.folder.listing import listing
from napari_dicom_writer.destinations.folder.staging import FolderStaging, refused_by_system
from napari_dicom_writer.errors import DestinationError, Fix
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.wording import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.destinations.folder.listing import Listing
    from napari_dicom_writer.plan.plan import ExportPlan


class FolderDestination(Destination):
    """A folder, or a file for a single instance.

    ``x.dcm``, ``x`` and ``x/`` name the same place: the file ``x.dcm`` for a single instance, the folder ``x`` for a
    series, ``x/<number>-<modality>-<description>`` for several. A single instance goes into ``x`` where that is
    already a folder.

    Parameters
    ----------
    path
        As above; missing parents are made.
    plan
        What will be written; None checks only what does not depend on it.
    overwrite
        Replace a target that is one earlier export, exactly as it was published.

    Raises
    ------
    DestinationError
        A target that is not empty, a parent that is a file or not writable, too little space.
    """

    def __init__(self, path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool) -> None:
        given = _absolute(path)
        self._several = plan is not None and len(plan.series) > 1
        self._overwrite = overwrite
        with refused_by_system(f"{given} cannot be used"):
            stem = given.with_name(given.name[:-4]) if given.suffix.lower() == ".dcm" and not given.is_dir() else given
            self._single = plan is not None and plan.instances == 1 and not stem.is_dir()
            self.target = stem.with_name(f"{stem.name}.dcm") if self._single else stem
            parent = self._check_parent()
            # First of all: a leftover takes space, and may hold what was under the target's name before.
            clear_leftovers(self.target)
            if plan is not None:
                _check_space(parent, plan)
            self.check_target()

    def _check_parent(self) -> Path:
        parent = next(p for p in self.target.parents if p.exists() or p.is_symlink())
        if not parent.is_dir():
            raise DestinationError(f"{parent} is a file, so nothing can be saved below it", "Choose another folder")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise DestinationError(f"{parent} is not writable", "Choose another folder, or ask for permission")
        return parent

    def check_target(self) -> Listing | None:
        """Refuse what is in the way; overwriting is for earlier exports, never for other people's files.

        Returns
        -------
        Listing or None
            What will be replaced, to know it again; None where there is nothing.
        """
        target = self.target
        if not target.exists() and not target.is_symlink():
            return None
        if target.is_dir() == self._single or target.is_symlink():
            kind = "link" if target.is_symlink() else "folder" if target.is_dir() else "file"
            raise DestinationError(f"{target} is in the way: it is a {kind}", "Choose another name")
        if target.is_dir() and any(target.samefile(folder) for folder in (Path.cwd(), *Path.cwd().parents)):
            raise DestinationError(f"{target} holds the current folder", "Name another folder, such as ./out")
        if os.path.ismount(target):  # Path.is_mount() knows no Windows before Python 3.12
            raise DestinationError(f"{target} is a disk of its own", f"Name a folder on it, such as {target / 'out'}")
        found = listing(target)
        if not found:
            return found
        if not self._overwrite:
            raise DestinationError(
                f"{target} exists already",
                f"Choose another name, or overwrite it ({mention('overwrite', True)})",
                fix=Fix("overwrite", True, "Overwrite"),
            )
        check_replaceable(target, found)
        return found

    @contextmanager
    def stage(self) -> Iterator[FolderStaging]:
        """Stage beside the target; see `Destination`."""
        made: list[Path] = []
        published = False
        try:
            with refused_by_system(f"Cannot write to {self.target.parent}"):
                _make_parents(self.target.parent, made)
                area = open_area(self.target)
            try:
                with refused_by_system(f"Cannot write to {self.target.parent}"):
                    staging = FolderStaging(
                        area, self.target, self.check_target, made, single=self._single, several=self._several
                    )
                try:
                    yield staging
                finally:
                    published = staging.published
                    staging.close()
            finally:
                area.remove()
        finally:
            if not published:
                for folder in reversed(made):
                    with suppress(OSError):
                        folder.rmdir()


def _absolute(path: str | os.PathLike[str]) -> Path:
    try:
        text = os.fspath(path)
    except TypeError:
        raise DestinationError(f"A {type(path).__name__} is no path", "Give a path such as out.dcm") from None
    if not isinstance(text, str) or not text or "\0" in text:
        raise DestinationError("The path is empty, bytes, or holds a zero byte", "Give a path such as 'out.dcm'")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise DestinationError("The path holds characters that no file name can", "Give another name") from None
    # resolve() would follow links, and Path.expanduser() raises where there is no such user.
    absolute = Path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111
    # napari appends ".dcm" to "out/": the folder was meant.
    absolute = absolute.parent if absolute.name.lower() == ".dcm" else absolute
    if absolute == absolute.parent or not absolute.name.removesuffix(".dcm").strip("."):
        raise DestinationError(f"{absolute} is no place for an export", "Name a folder or file to make")
    return absolute


def _check_space(parent: Path, plan: ExportPlan) -> None:
    """Refuse what cannot fit; all of it lies on the disk of the parent, beside what it replaces."""
    free = shutil.disk_usage(parent).free
    # How far compression goes shows only when writing; running out of space then leaves nothing behind.
    if not plan.compressed and plan.bytes > free:
        raise DestinationError(
            f"The export needs {format_bytes(plan.bytes)}, and {parent} has {format_bytes(free)} free",
            "Free some space or choose another disk",
        )
    if not hasattr(os, "statvfs"):
        return
    system = os.statvfs(parent)
    # Some file systems hold a fixed number of files; others say that it is 0.
    if system.f_files and plan.instances > system.f_favail:
        raise DestinationError(
            f"The export needs {plan.instances:,} files, and {parent} has room for {system.f_favail:,}",
            "Remove some files or choose another disk",
        )


def _make_parents(parent: Path, made: list[Path]) -> None:
    """Make missing parents; note them, outermost first, as they are made, for removal if the export fails."""
    for folder in [p for p in (parent, *parent.parents) if not p.exists()][::-1]:
        with suppress(FileExistsError):  # somebody else was faster
            folder.mkdir()
            made.append(folder)


def existing_folder(path: str) -> Path:
    """Return the innermost folder of a path that exists."""
    full = Path(path).expanduser().absolute()
    return next((folder for folder in (full, *full.parents) if folder.is_dir()), Path.home())


def free_space(path: str) -> int | None:
    """Return the bytes free where a path would be made; None where that cannot be told."""
    try:
        return shutil.disk_usage(existing_folder(path)).free
    except (OSError, RuntimeError, ValueError):
        return None
