"""A folder on this machine, or a single file: staged beside the target, flushed, published by one rename.

Staging beside the target keeps both on one file system, where a rename is atomic. What a killed export leaves is
recognized and cleaned up by the next one to the same place.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, ClassVar

from napari_dicom_writer.destinations._base import Destination
from napari_dicom_writer.destinations.folder.area import open_area
from napari_dicom_writer.destinations.folder.earlier import check_replaceable
from napari_dicom_writer.destinations.folder.leftovers import clear_leftovers
from napari_dicom_writer.destinations.folder.listing import listing
from napari_dicom_writer.destinations.folder.staging import FolderStaging
from napari_dicom_writer.destinations.paths import (
    absolute,
    check_parent,
    check_space,
    holds_current_folder,
    make_parents,
    refused_by_system,
)
from napari_dicom_writer.errors import DestinationError, Fix
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.wording import format_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari_dicom_writer.destinations.folder.listing import Listing
    from napari_dicom_writer.plan.plan import ExportPlan


class FolderDestination(Destination):
    """A folder, or a file for a single instance; see `Destination`.

    ``x.dcm``, ``x`` and ``x/`` name the same place: the file ``x.dcm`` for a single instance, the folder ``x`` for a
    series, ``x/<number>-<modality>-<description>`` for several. A single instance goes into ``x`` where that is
    already a folder. Missing parents are made.

    Whatever else is a folder or a file on this machine is one of these with another `name`, and its own way to `pack`
    what was staged.

    Attributes
    ----------
    packs : bool
        Whether something else is made of what was staged.
    copies : int
        How often the disk holds all of it while it is written.
    """

    title = "Folder"
    words = "a folder of files; one file for a single instance"
    packs: ClassVar[bool] = False
    copies: ClassVar[int] = 1

    @classmethod
    def suits(cls, name: str) -> bool:
        """See `Destination`: any name does."""
        return True

    def __init__(self, path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool) -> None:
        given = _place(path)
        self._plan, self._overwrite = plan, overwrite
        with refused_by_system(f"{given} cannot be used"):
            self.target, self._single = self.name(given)
            parent = check_parent(self.target)
            # First of all: a leftover takes space, and may hold what was under the target's name before.
            clear_leftovers(self.target)
            if plan is not None:
                check_space(parent, plan, times=self.copies)
            if found := self.check_target():
                files = [entry for entry in found if entry.is_file]
                count = "1 file" if len(files) == 1 else f"{len(files):,} files"
                self.replaces = f"{self.target}, {count}, {format_bytes(sum(entry.size for entry in files))}"

    def name(self, given: Path) -> tuple[Path, bool]:
        """Return what the target is called exactly, and whether it is a single file."""
        stem = given.with_name(given.name[:-4]) if given.suffix.lower() == ".dcm" and not given.is_dir() else given
        single = self._plan is not None and self._plan.instances == 1 and not stem.is_dir()
        return (stem.with_name(f"{stem.name}.dcm") if single else stem), single

    def pack(self, staged: Path, packed: Path, plan: ExportPlan, tick: Callable[[], None]) -> None:
        """Make what will be published of what was staged.

        Parameters
        ----------
        staged
            All instances, as `FolderStaging.folder` has them.
        packed
            An empty folder: what this puts into it is published.
        plan
            What was staged.
        tick
            Called now and then; may raise to stop.
        """

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
        if target.is_dir() and holds_current_folder(target):
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
        assert self._plan is not None  # noqa: S101 - without one, it was for checking only
        made: list[Path] = []
        published = False
        try:
            with refused_by_system(f"Cannot write to {self.target.parent}"):
                make_parents(self.target.parent, made)
                area = open_area(self.target)
            try:
                with refused_by_system(f"Cannot write to {self.target.parent}"):
                    staging = FolderStaging(area, self, self._plan, made, single=self._single)
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


def _place(path: str | os.PathLike[str]) -> Path:
    place = absolute(path)
    # napari appends ".dcm" to "out/": the folder was meant.
    place = place.parent if place.name.lower() == ".dcm" else place
    if place == place.parent or not place.name.removesuffix(".dcm").strip("."):
        raise DestinationError(f"{place} is not a place for an export", "Name a folder or file to make")
    return place
