"""The image series that a result belongs to: where its planes lie, and which instance each of them is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.uid import RTDoseStorage, RTStructureSetStorage, SegmentationStorage

from napari_dicom_writer.errors import ReadError, Refusals
from napari_dicom_writer.model.image_series import ImageSeries
from napari_dicom_writer.reading.catalogue import Catalogue, catalogue
from napari_dicom_writer.reading.files import as_they_are, read_header
from napari_dicom_writer.reading.ground import series_beside
from napari_dicom_writer.reading.lenient import items, text
from napari_dicom_writer.reading.pictures import Series, series_in, understood
from napari_dicom_writer.reading.splitting import split
from napari_dicom_writer.reading.structure_set import is_structure_set, referenced_series
from napari_dicom_writer.reading.volume_of import volume_of
from napari_dicom_writer.standard.uids import LABEL_MAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.picture import Picture
    from napari_dicom_writer.reading.volume_of import Stacked

_RESULTS = {SegmentationStorage, LABEL_MAP, RTDoseStorage, RTStructureSetStorage}
"""What belongs to an image itself."""
_NAMED = 5  # series that a message lists


def read_image_series(path: Path) -> list[ImageSeries]:
    """Read the headers of a series, and no pixel.

    Parameters
    ----------
    path
        One of its files, whose folder holds the others; or a segmentation, structure set or dose of it, if it lies in
        the same folder or one beside.

    Returns
    -------
    list of ImageSeries
        Its parts: some hold a localizer and planes, or several echoes. The one of the file first, then by size.

    Raises
    ------
    ReadError
        If there is none, or its planes are not a regular stack.
    """
    series = _of_file(path)
    path = path.absolute()
    parts = _known(_image_of(path) if _sop_class(series) in _RESULTS else series, path)
    return sorted(parts, key=lambda part: part.file != path)


def image_series_in(folder: Path) -> tuple[list[list[ImageSeries]], list[str]]:
    """Read the headers of all image series of a folder, besides segmentations, structure sets and doses, and no pixel.

    Returns
    -------
    list of list of ImageSeries, list of str
        Of each series the parts whose planes are a regular stack, the largest first; the names of series without any.

    Raises
    ------
    ReadError
        If there is none, they are of several studies, or no planes are a regular stack.
    """
    found = [series for series in series_in(catalogue(folder)) if _sop_class(series) not in _RESULTS]
    if not found:
        raise ReadError("It holds no image series", "Choose the folder of an image series, or a file of it")
    if len(found) == 1:
        return [_known(found[0])], []
    if len({text(series.first, "StudyInstanceUID") for series in found}) > 1:
        raise several(folder, _listed(found), len(found), "of several studies")
    known: list[list[ImageSeries]] = []
    others: list[str] = []
    for series in found:
        try:
            known.append(_known(series))
        except ReadError:
            others.append(series.where)
    if not known:
        raise several(folder, _listed(found), len(found), "none of them a regular stack")
    return known, others


def several(folder: Path, named: Sequence[tuple[str, Path]], count: int, why: str) -> ReadError:
    """Refuse a folder of several image series.

    Parameters
    ----------
    folder
        That was given.
    named
        Name, and one file, of those that are in question; a message takes a few.
    count
        How many there are.
    why
        What keeps all but one from being ruled out.
    """
    listed = ", ".join(f"{name} ({file.relative_to(folder)})" for name, file in named[:_NAMED])
    what = f"It holds {count} image series, {why}: {listed}{', …' if len(named) > _NAMED else ''}"
    return ReadError(what, "Choose a file of the one that is meant")


def _listed(found: Sequence[Series]) -> list[tuple[str, Path]]:
    return [(series.where, Path(series.pictures[0].source.path)) for series in found]


def _known(series: Series, path: Path | None = None) -> list[ImageSeries]:
    """Stack the parts of a series that can be, the largest first; raises if there is none."""
    series.refusals.raise_if_any()
    refusals = Refusals()
    known = []
    for label, part in sorted(split(series.pictures), key=lambda found: -len(found[1])):
        with refusals.collect(), understood():
            known.append(
                _part(", ".join(filter(None, (series.where, label))), series, volume_of(part, series.first), path)
            )
    if not known:
        refusals.raise_if_any()
    return known


def _part(name: str, series: Series, stacked: Stacked, path: Path | None) -> ImageSeries:
    pictures = [picture for picture in stacked.pictures if picture]
    volume = stacked.volume
    count = volume.shape[0]
    files = dict.fromkeys(Path(picture.source.path) for picture in pictures)
    return ImageSeries(
        name=name,
        file=path if path in files else next(iter(files)),
        uid=series.uid,
        sop_class_uid=_sop_class(series),
        affine=volume.affine,
        shape=volume.shape,
        instances=tuple(dict.fromkeys(picture.uid for picture in pictures)),
        planes={divmod(at, count): (picture.uid, _number(picture)) for at, picture in enumerate(pictures)},
        space=stacked.space,
        lossy=volume.lossy,
    )


def _of_file(path: Path) -> Series:
    """Of all files beside it, not of those in folders below."""
    try:
        with as_they_are():
            header = read_header(path, ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"])
        uid, study = (
            text(header.dataset, name) if header else "" for name in ("SeriesInstanceUID", "StudyInstanceUID")
        )
    except Exception:  # noqa: BLE001 - whatever a damaged file makes the parser raise
        uid = study = ""
    if not uid:
        raise ReadError("It is of no series", "Choose another DICOM image")
    path = path.absolute()
    beside = sorted(file for file in path.parent.iterdir() if file.is_file())
    for series in series_in(Catalogue(path.parent, beside), uid):
        if text(series.first, "StudyInstanceUID") == study:
            return series
    raise ReadError("Its series holds no pictures", "Choose another DICOM image")


def _image_of(path: Path) -> Series:
    """Find the only series that a segmentation, structure set or dose references, in its folder and those beside."""
    with as_they_are():
        header = read_header(path)
    folder = path.absolute().parent
    found = [one for uid in (_referenced(header.dataset) if header else ()) if (one := series_beside(folder, uid))]
    if not found:
        raise ReadError("It is no image, and its image lies not beside it", "Choose a file of the image")
    if len(found) > 1:
        what = f"It references {len(found)} image series: {', '.join(one.where for one in found[:_NAMED])}"
        raise ReadError(what, "Choose a file of the one that is meant")
    return found[0]


def _referenced(header: Dataset) -> list[str]:
    """UIDs of the series that a segmentation, or a structure set, references."""
    if is_structure_set(header):
        return list(referenced_series(header))
    uids = (text(item, "SeriesInstanceUID") for item in items(header, "ReferencedSeriesSequence"))
    return list(dict.fromkeys(filter(None, uids)))


def _number(picture: Picture) -> int:
    """Its frame number, from 1; 0 in an instance of one frame."""
    return 0 if picture.frame is None else picture.frame + 1


def _sop_class(series: Series) -> str:
    return str(series.first.file_meta.get("MediaStorageSOPClassUID", "") or text(series.first, "SOPClassUID"))
