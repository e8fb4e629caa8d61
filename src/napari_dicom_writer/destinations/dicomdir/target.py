"""A File-set: a folder ready for a CD or a memory stick."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.folder.staging import series_folder
from napari_dicom_writer.destinations.folder.target import FolderDestination
from napari_dicom_writer.errors import DestinationError, Fix, VerificationError
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan

NAME = "DICOMDIR"
# PS3.11: the general purpose profiles; no profile of exchange media has the others.
_ON_MEDIA = {TransferSyntax.EXPLICIT_LE, TransferSyntax.JPEG_2000, TransferSyntax.JPEG_2000_LOSSY}
_MOST = 999_999


class DicomdirDestination(FolderDestination):
    """A folder with a DICOMDIR, and files whose names are File IDs (PS3.10 8.2): ``DICOM/SE000001/IM000001``.

    ``x/DICOMDIR`` names it, too. What is staged and read back is moved, not copied; then the directory is written from
    the headers that lie there, and read back by its links.
    """

    title = "CD or stick"
    words = "a folder with DICOMDIR, for a CD or stick"
    packs = True

    @classmethod
    def suits(cls, name: str) -> bool:
        """See `Destination`."""
        return Path(name).name.upper() == NAME

    def __init__(self, path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool) -> None:
        for series in plan.series if plan else ():
            _check_encoding(series)
            if len(series.instances) > _MOST:
                raise DestinationError(f"A DICOMDIR names at most {_MOST:,} files of a series", "Save to a folder")
        super().__init__(path, plan, overwrite=overwrite)

    def name(self, given: Path) -> tuple[Path, bool]:
        """See `FolderDestination`."""
        if given.name.upper() == NAME:
            given = given.parent
        if not given.name:
            raise DestinationError(f"{given} is not a place for an export", "Name a folder to make on that disk")
        return (given.with_name(given.name[:-4]) if given.suffix.lower() == ".dcm" else given), False

    def pack(self, staged: Path, packed: Path, plan: ExportPlan, tick: Callable[[], None]) -> None:
        """See `FolderDestination`."""
        # Imported here: the table of destinations is known without pydicom.
        from napari_dicom_writer.destinations.dicomdir.directory import write_directory

        files: dict[tuple[str, ...], str] = {}
        several = len(plan.series) > 1
        for number, series in enumerate(plan.series, 1):
            folder = packed / "DICOM" / f"SE{number:06d}"
            folder.mkdir(parents=True)
            source = staged / series_folder(series) if several else staged
            for index, instance in enumerate(series.instances, 1):
                file_id = ("DICOM", folder.name, f"IM{index:06d}")
                (source / instance.filename).rename(packed.joinpath(*file_id))
                files[file_id] = instance.uid
        write_directory(packed / NAME, ((packed.joinpath(*file_id), file_id) for file_id in files), tick)
        if plan.verify is not VerifyLevel.OFF:
            _read_back(packed / NAME, files)


def _check_encoding(series: SeriesPlan) -> None:
    if series.encoding in {syntax.uid for syntax in _ON_MEDIA}:
        return
    what = f"Exchange media hold no {series.encoding.name}"
    if not series.stored.bits:
        remedy = "Save that structure set to a folder or a zip file, and the rest to the medium"
        raise DestinationError(f"{what}, which contours longer than 64 KiB are written in", remedy)
    fix = Fix("transfer_syntax", TransferSyntax.EXPLICIT_LE, "Do not compress")
    raise DestinationError(what, "Choose another transfer syntax, or save to a folder", fix=fix)


def _read_back(path: Path, files: dict[tuple[str, ...], str]) -> None:
    from napari_dicom_writer.destinations.dicomdir.directory import read_directory

    why = ""
    try:
        same = list(read_directory(path).items()) == list(files.items())
    except Exception as error:  # noqa: BLE001 - whatever a broken one makes the parser raise
        same, why = False, f" ({type(error).__name__}: {error})"
    if not same:
        remedy = "Check the disk, and export again; nothing was published"
        raise VerificationError(f"Read back, it does not name the files that were staged{why}", remedy, NAME)
