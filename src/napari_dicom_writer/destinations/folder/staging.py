"""What is written beside a target, and how it comes to the target's name: flushed, in one step, flushed again."""

from __future__ import annotations

import errno
import os
from collections import Counter
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations._base import Staging
from napari_dicom_writer.destinations.folder.durable import Flusher, flush_folder
from napari_dicom_writer.destinations.folder.exchange import exchange, rename_new
from napari_dicom_writer.destinations.folder.listing import listing, same_content
from napari_dicom_writer.destinations.folder.modes import keep, keep_below
from napari_dicom_writer.destinations.folder.seal import seal
from napari_dicom_writer.destinations.names import safe_name
from napari_dicom_writer.destinations.paths import refused_by_system
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_dicom_writer.destinations.folder.area import Area
    from napari_dicom_writer.destinations.folder.listing import Listing
    from napari_dicom_writer.destinations.folder.target import FolderDestination
    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan

_AGAIN = "Look at what is there, and export again"


class FolderStaging(Staging):
    """Writes into an area beside the target.

    Parameters
    ----------
    area
        Locked by this process; its owner removes it.
    destination
        Says what is in the way, and packs.
    plan
        What will be written.
    made
        Folders that were made for the target: their names are flushed, too.
    single
        Whether the target is a file.
    """

    def __init__(
        self, area: Area, destination: FolderDestination, plan: ExportPlan, made: list[Path], *, single: bool
    ) -> None:
        self._area, self._destination, self._plan, self._made = area, destination, plan, made
        self._target, self._single = destination.target, single
        self._expected: dict[str, int] = {}
        self._flusher = Flusher(area.content)
        self.published = False

    def folder(self, series: SeriesPlan) -> Path:
        """See `Staging`."""
        name = series_folder(series) if len(self._plan.series) > 1 else ""
        folder = self._area.content / name
        with refused_by_system(f"Cannot write to {self._target.parent}"):
            folder.mkdir(exist_ok=True)
        self._expected[name] = len(series.instances)
        return folder

    def flush(self) -> bool:
        """See `Staging`."""
        if self._destination.packs:
            return False
        with refused_by_system(f"Writing beside {self._target} failed"):
            self._flusher.flush(self._area.content, listing(self._area.content))
        return True

    def publish(self, tick: Callable[[], None] = lambda: None, sending: Progress | None = None) -> Path:
        """See `Staging`."""
        with refused_by_system(f"{self._target} could not be published"):
            source, files = self._complete(tick)
            before = self._destination.check_target()  # again: something may have come there meanwhile
            if before is not None and keep_below(self._target, before, source, files):
                files = listing(source)
            seal(source, files)
            if before is not None:
                keep(self._target, source)
            self._flusher.flush(source, files)
            undo = self._new(source) if before is None else self._replace(source, before)
            try:
                # Where folders were made on the way, their names are to stay, too.
                for parent in (self._target.parent, *(folder.parent for folder in self._made)):
                    flush_folder(parent)
            except BaseException as error:
                self._take_back(undo, error)
                raise
        self.published = True
        return self._target

    def close(self) -> None:
        """Let go of the file system."""
        self._flusher.close()

    def _complete(self, tick: Callable[[], None]) -> tuple[Path, Listing]:
        """Return what is to be renamed, if all of it is there, and its listing."""
        content = self._area.content
        files = listing(content)
        found = Counter(entry.path.rpartition("/")[0] for entry in files if entry.path.endswith(".dcm"))
        for folder, count in self._expected.items():
            if found[folder] != count:
                what = f"{found[folder]:,} of {count:,} staged instances are left"
                raise DestinationError(what, "Somebody removed the others: export again")
        if self._destination.packs:
            self._area.pack(lambda packed: self._destination.pack(content, packed, self._plan, tick))
            files = listing(content)
        source = content / files[0].path if self._single else content
        return source, listing(source) if self._single else files

    def _take_back(self, undo: Callable[[], object], reason: BaseException) -> None:
        """Undo the renames, because they are perhaps not on the disk; where that fails, too, say what is there."""
        try:
            undo()
        except OSError:
            raise DestinationError(
                f"The disk does not confirm {self._target}, and it could not be taken back: {reason}",
                "It may be there, whole; check the disk, and export again",
            ) from reason

    def _new(self, source: Path) -> Callable[[], object]:
        """Publish where nothing is."""
        try:
            rename_new(source, self._target)
        except FileExistsError:
            raise DestinationError(f"{self._target} has come into being meanwhile", _AGAIN) from None
        return lambda: self._target.rename(source)

    def _replace(self, source: Path, before: Listing) -> Callable[[], object]:
        """Publish in place of what was looked at before: an earlier export, or an empty folder."""
        if exchange(source, self._target):

            def back() -> None:
                exchange(source, self._target)

            self._check_set_aside(source, before, back)
            return back
        if self._single:
            self._check_same(self._target, before)
            source.replace(self._target)
            return _no_way_back
        aside = self._area.aside()
        self._target.rename(aside)
        self._check_set_aside(aside, before, lambda: rename_new(aside, self._target))
        try:
            rename_new(source, self._target)
        except BaseException:
            # Should that fail, too: whoever removes the area tries again, and keeps it if it must.
            rename_new(aside, self._target)
            raise

        def back_in_two_steps() -> None:
            self._target.rename(source)
            rename_new(aside, self._target)

        return back_in_two_steps

    def _check_set_aside(self, aside: Path, before: Listing, undo: Callable[[], object]) -> None:
        """Whatever came between looking and renaming is not ours to remove."""
        try:
            self._check_same(aside, before)
        except BaseException:
            try:
                undo()
            except OSError as error:
                self._area.keep = True
                raise DestinationError(
                    f"What was {self._target} before could not be put back, and is {aside}",
                    "Move that to a name of your choice",
                ) from error
            raise

    def _check_same(self, there: Path, before: Listing) -> None:
        if not same_content(listing(there), before):
            raise DestinationError(f"{self._target} was changed while it was being replaced", _AGAIN)


def _no_way_back() -> None:
    """What a file replaced is gone at once."""
    raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


def series_folder(series: SeriesPlan) -> str:
    """Name of a series' folder: ``<number>-<modality>-<description>``, safe on every file system."""
    safe = safe_name(series.description)
    return f"{series.number}-{series.modality}-{safe}" if safe else f"{series.number}-{series.modality}"
