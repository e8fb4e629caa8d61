"""A zip file that holds what the folder would: stored as it is, so that nothing is compressed twice."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, NoReturn

from napari_dicom_writer.destinations.folder.listing import listing
from napari_dicom_writer.destinations.folder.target import FolderDestination
from napari_dicom_writer.errors import VerificationError
from napari_dicom_writer.options.choices import VerifyLevel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_dicom_writer.plan.plan import ExportPlan

NAME = "export.zip"
_BLOCK = 2**20
_FIRST, _LAST = (1980, 1, 1, 0, 0, 0), (2107, 12, 31, 23, 59, 58)
"""The time that a zip file can hold."""


class ZipDestination(FolderDestination):
    """A zip file, ``x.zip`` whatever the number of instances; see `Destination`.

    Files are staged and read back one by one, then packed; the packed ones are compared with the staged ones, byte by
    byte, in blocks. So the disk holds all of it twice for a while.
    """

    title = "Zip file"
    words = "one zip file, not compressed"
    packs = True
    copies = 2

    @classmethod
    def suits(cls, name: str) -> bool:
        """See `Destination`."""
        return name.lower().endswith(".zip")

    def name(self, given: Path) -> tuple[Path, bool]:
        """See `FolderDestination`."""
        stem = given.name[:-4] if given.suffix.lower() in (".dcm", ".zip") else given.name
        return given.with_name(f"{stem}.zip"), True

    def pack(self, staged: Path, packed: Path, plan: ExportPlan, tick: Callable[[], None]) -> None:
        """See `FolderDestination`."""
        files = [entry.path for entry in listing(staged) if entry.is_file]
        _write(packed / NAME, staged, files, plan, tick)
        if plan.verify is not VerifyLevel.OFF:
            _read_back(packed / NAME, staged, files, tick)


def _write(target: Path, staged: Path, files: list[str], plan: ExportPlan, tick: Callable[[], None]) -> None:
    moment = min(max(plan.study.created.timetuple()[:6], _FIRST), _LAST)
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        for name in files:
            tick()
            info = zipfile.ZipInfo(name, moment)
            source = staged / name
            info.file_size = source.stat().st_size  # decides whether it needs zip64
            info.external_attr = source.stat().st_mode << 16
            with source.open("rb") as reading, archive.open(info, "w") as writing:
                while block := reading.read(_BLOCK):
                    writing.write(block)


def _read_back(target: Path, staged: Path, files: list[str], tick: Callable[[], None]) -> None:
    try:
        with zipfile.ZipFile(target) as archive:
            same = archive.namelist() == files
            for name in files if same else ():
                tick()
                with archive.open(name) as packed, (staged / name).open("rb") as file:
                    if not _same(packed, file):
                        _fail(f"{name} is not what was staged")
    except (zipfile.BadZipFile, EOFError) as error:
        _fail(f"it is broken ({error})")
    if not same:
        _fail("it does not hold the files that were staged")


def _same(one: Any, other: Any) -> bool:
    """Compare to the end of both, where a zip file's own checksum is looked at, too."""
    while True:
        blocks = one.read(_BLOCK), other.read(_BLOCK)
        if blocks[0] != blocks[1]:
            return False
        if not blocks[0]:
            return True


def _fail(what: str) -> NoReturn:
    raise VerificationError(f"Read back, {what}", "Check the disk, and export again; nothing was published", "zip file")
