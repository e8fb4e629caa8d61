"""A folder on this machine, or a single file: staged beside the target, published by rename.

Staging beside the target keeps both on one file system, where a rename is atomic. A staging area holds a lock that the
system releases when its process dies, however it dies: one that can be locked is a leftover, and is cleaned up by the
next export to the same place.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from pydicom import dcmread

from napari_dicom_writer.destinations._base import Destination, Staging
from napari_dicom_writer.errors import DestinationError, Fix
from napari_dicom_writer.plan import format_bytes
from napari_dicom_writer.text import safe_name
from napari_dicom_writer.uids import IMPLEMENTATION_CLASS_UID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.plan import ExportPlan, SeriesPlan

_SERIES_FOLDER = re.compile(r"-?\d+-[A-Z]{2}(-|$)")


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
        Replace a target that holds nothing but files of earlier exports.

    Raises
    ------
    DestinationError
        A target that is not empty, a parent that is a file or not writable, too little space.
    """

    def __init__(self, path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool) -> None:
        given = _absolute(path)
        self._several = plan is not None and len(plan.series) > 1
        self._overwrite = overwrite
        with _refused_by_system(f"{given} cannot be used"):
            stem = given.with_name(given.name[:-4]) if given.suffix.lower() == ".dcm" and not given.is_dir() else given
            self._single = plan is not None and plan.instances == 1 and not stem.is_dir()
            self.target = stem.with_name(f"{stem.name}.dcm") if self._single else stem
            # Named after a hash: the target's name may be a patient's, and may be as long as the system allows.
            self._prefix = f".napari-dicom-{hashlib.sha256(os.fsencode(self.target.name)).hexdigest()[:12]}-"
            self._check_parent(plan)
            # First of all, because a leftover may hold what was under the target's name before.
            self._clean_leftovers()
            self.check_target()

    def _check_parent(self, plan: ExportPlan | None) -> None:
        parent = next(p for p in self.target.parents if p.exists() or p.is_symlink())
        if not parent.is_dir():
            raise DestinationError(f"{parent} is a file, so nothing can be saved below it", "Choose another folder")
        if not os.access(parent, os.W_OK | os.X_OK):
            raise DestinationError(f"{parent} is not writable", "Choose another folder, or ask for permission")
        free = shutil.disk_usage(parent).free
        # How far compression goes shows only when writing; running out of space then leaves nothing behind.
        if plan is not None and not plan.compressed and plan.bytes > free:
            raise DestinationError(
                f"The export needs {format_bytes(plan.bytes)}, and {parent} has {format_bytes(free)} free",
                "Free some space or choose another disk",
            )

    def check_target(self) -> None:
        """Refuse what is in the way; overwriting is for earlier exports, never for other people's files."""
        target = self.target
        if not target.exists() and not target.is_symlink():
            return
        if target.is_dir() == self._single or target.is_symlink():
            kind = "link" if target.is_symlink() else "folder" if target.is_dir() else "file"
            raise DestinationError(f"{target} is in the way: it is a {kind}", "Choose another name")
        if target.is_dir() and any(target.samefile(folder) for folder in (Path.cwd(), *Path.cwd().parents)):
            raise DestinationError(f"{target} holds the current folder", "Name another folder, such as ./out")
        if target.is_dir() and not any(target.iterdir()):
            return
        if not self._overwrite:
            raise DestinationError(
                f"{target} exists already",
                "Choose another name, or overwrite it (overwrite=True, --overwrite)",
                fix=Fix("overwrite", True, "Overwrite"),
            )
        remedy = "Choose another name"
        studies: set[tuple[str, int | Path]] = set()
        for file in _files(target):
            if (study := _study_of_export(file)) is None:
                raise DestinationError(
                    f"{target} is not replaced, because {file.name} is not from an earlier export", remedy
                )
            *folders, _ = file.relative_to(target).parts or [""]
            layout = len(folders) if all(map(_SERIES_FOLDER.match, folders)) else file
            studies.add((study, layout))
        if len(studies) > 1:
            raise DestinationError(f"{target} is not replaced, because it holds several exports", remedy)

    @contextmanager
    def stage(self) -> Iterator[FolderStaging]:
        """Stage beside the target; see `Destination`."""
        made = _make_parents(self.target.parent)
        published = False
        try:
            area = self.target.parent / f"{self._prefix}{secrets.token_hex(4)}"
            with _refused_by_system(f"Cannot write to {self.target.parent}"):
                area.mkdir()
            lock = FileLock(area / "lock")
            try:
                with lock.acquire(timeout=0):
                    staging = FolderStaging(area, self, single=self._single, several=self._several)
                    yield staging
                    published = staging.published
            finally:
                shutil.rmtree(area, ignore_errors=True)
        finally:
            if not published:
                for folder in made:
                    with suppress(OSError):
                        folder.rmdir()

    def _clean_leftovers(self) -> None:
        for area in self.target.parent.glob(f"{self._prefix}*"):
            try:
                with FileLock(area / "lock").acquire(timeout=0):
                    _restore(area, self.target)
                    # While it is locked: nobody can take it for a live one.
                    shutil.rmtree(area, ignore_errors=True)
            except Timeout:
                raise DestinationError(
                    f"Another export to {self.target} is running", "Wait until it has finished, or choose another name"
                ) from None
            except FileNotFoundError:
                continue  # it was finished and removed meanwhile
            shutil.rmtree(area, ignore_errors=True)


class FolderStaging(Staging):
    """A hidden folder beside the target."""

    def __init__(self, area: Path, destination: FolderDestination, *, single: bool, several: bool) -> None:
        self._area, self._destination, self._single, self._several = area, destination, single, several
        self._content = area / "content"
        self._content.mkdir()
        self.published = False

    def folder(self, series: SeriesPlan) -> Path:
        """See `Staging`."""
        if not self._several:
            return self._content
        folder = self._content / series_folder(series)
        folder.mkdir(exist_ok=True)
        return folder

    def publish(self) -> Path:
        """See `Staging`."""
        source = next(self._content.iterdir()) if self._single else self._content
        aside = self._area / "replaced"
        target = self._destination.target
        with _refused_by_system(f"{target} could not be published"):
            self._destination.check_target()  # again: something may have come there meanwhile
            if target.exists():
                if target.is_dir():
                    shutil.copymode(target, source)
                target.rename(aside)
            try:
                source.rename(target)
            except OSError:
                if aside.exists():
                    aside.rename(target)
                raise
        self.published = True
        return target


def _restore(area: Path, target: Path) -> None:
    """Put back what a killed export had set aside when it was about to replace it."""
    aside = area / "replaced"
    if aside.exists() and not target.exists():
        aside.rename(target)


def series_folder(series: SeriesPlan) -> str:
    """Name of a series' folder: ``<number>-<modality>-<description>``, safe on every file system."""
    safe = safe_name(series.description)
    return f"{series.number}-{series.options.modality}-{safe}" if safe else f"{series.number}-{series.options.modality}"


def _absolute(path: str | os.PathLike[str]) -> Path:
    try:
        text = os.fspath(path)
    except TypeError:
        raise DestinationError(f"A {type(path).__name__} is no path", "Give a path such as out.dcm") from None
    if not isinstance(text, str) or not text or "\0" in text:
        raise DestinationError("The path is empty, bytes, or holds a zero byte", "Give a path such as 'out.dcm'")
    # resolve() would follow links, and Path.expanduser() raises where there is no such user.
    absolute = Path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111
    # napari appends ".dcm" to "out/": the folder was meant.
    absolute = absolute.parent if absolute.name.lower() == ".dcm" else absolute
    if absolute == absolute.parent or not absolute.name.removesuffix(".dcm").strip("."):
        raise DestinationError(f"{absolute} is no place for an export", "Name a folder or file to make")
    return absolute


def _make_parents(parent: Path) -> list[Path]:
    """Make missing parents; return them, innermost first, for removal if the export fails."""
    missing = [p for p in (parent, *parent.parents) if not p.exists()]
    with _refused_by_system(f"Cannot make the folder {parent}"):
        parent.mkdir(parents=True, exist_ok=True)
    return missing


@contextmanager
def _refused_by_system(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "Check permissions and space, or choose another folder"
        raise DestinationError(f"{what}: {error.strerror}", remedy) from error


def _files(target: Path) -> Iterator[Path]:
    if target.is_dir():
        yield from (file for file in target.rglob("*") if not file.is_dir() or file.is_symlink())
    else:
        yield target


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
