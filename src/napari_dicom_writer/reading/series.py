"""DICOM series of anyone's making, read back into volumes that decode a plane when it is asked for.

Shares no code with what writes and verifies, so that it can judge what was written.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind, ReadError, Refusals
from napari_dicom_writer.model.origin import Origin
from napari_dicom_writer.reading.catalogue import Catalogue, catalogue
from napari_dicom_writer.reading.ground import Ground, ground_of
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.reading.pictures import Series, series_in, understood
from napari_dicom_writer.reading.segmentation import segmentations_of
from napari_dicom_writer.reading.structures import structures_of
from napari_dicom_writer.reading.volume_of import volume_of

if TYPE_CHECKING:
    import os

    from napari_dicom_writer.model.volume import Volume


def read_series(folder: str | os.PathLike[str], *, series_uid: str | None = None) -> list[Volume]:
    """Read the series of images in a folder and below, or the one of a file; all of it, or nothing.

    Parameters
    ----------
    folder
        Hidden files are left out, and so are series without pictures, such as reports.
    series_uid
        Series Instance UID of the only one to read; all, if None.

    Returns
    -------
    list of Volume
        By series number, then UID. Axes (plane, row, column), after time where several pictures share each position;
        planes rise along row × column; values are the real ones, with the Modality LUT or the one linear Real World
        Value Mapping applied. Only headers are read here: a plane is decoded when the array is asked for it. Volumes of
        structure sets have outlines, in `Volume.drawn`, and no array to speak of.

    Raises
    ------
    ReadError
        If there is no such place, no DICOM or no such series in it, or a damaged file; if a series is not a stack of
        planes: without positions, uneven, of differing size or orientation. Every series that cannot be read has its
        reason.
    """
    return read_volumes(catalogue(Path(folder)), series_uid=series_uid)


def read_volumes(found: Catalogue, *, series_uid: str | None = None) -> list[Volume]:
    """Read what a catalog lists; for the rest see `read_series`."""
    series = series_in(found, series_uid)
    if damaged := len(found.damaged):
        count = "1 file is" if damaged == 1 else f"{damaged:,} files are"
        raise ReadError(f"{count} damaged DICOM, and a plane might be missing", "Copy the folder again")
    missed = [Note(NoteKind.INFO, f"{passed.name}: {passed.what}") for passed in found.passed if passed.matters]
    refusals = Refusals()
    volumes: dict[int, list[Volume]] = {}  # by its place: what is of no series has no UID
    images: list[Ground] = []
    for number, each in sorted(enumerate(series), key=lambda pair: bool(pair[1].structures)):
        with refusals.collect(each.where):
            volumes[number] = _volumes(each, missed, images, found.root)
    refusals.raise_if_any()
    return [volume for number in range(len(series)) for volume in volumes[number]]


def _contours(series: Series, images: list[Ground], root: Path) -> list[Volume]:
    """Read structure sets; each remembers where it is from."""
    volumes = []
    for _, structure, volume in structures_of(series, images, root if root.is_dir() else root.parent):
        study = text(series.first, "StudyInstanceUID")
        volume.origin = Origin(str(root), study, series.uid, structure.space, (structure.uid,))
        volumes.append(volume)
    return volumes


def _volumes(series: Series, notes: list[Note], images: list[Ground], root: Path) -> list[Volume]:
    series.refusals.raise_if_any()
    if series.blank:
        reason = f"{series.blank:,} of its instances hold no picture"
        raise ReadError(reason, "Look at the series with `napari-dicom-writer show`")
    with understood():
        if series.structures:
            return _contours(series, images, root)
        if series.segmentations:
            return [stacked.volume for _, stacked in segmentations_of(series)]
        stacked = volume_of(series.pictures, series.first, notes)
    images.append(ground_of(stacked, series))
    return [stacked.volume]
