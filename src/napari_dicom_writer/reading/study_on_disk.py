"""Series of a study that lie in a folder, and where the planes of each are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.model.origin import SourceImage, SourceSeries
from napari_dicom_writer.reading.catalogue import Catalogue, catalogue
from napari_dicom_writer.reading.files import as_they_are
from napari_dicom_writer.reading.frames import FRAME_TAGS, frames_of, is_multiframe
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.reading.stacking import PLACE_TAGS, place_of
from napari_dicom_writer.reading.zipped import is_zip, unzipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from napari_dicom_writer.reading.catalogue import Entry

_TAGS = [
    *"SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID SeriesNumber".split(),
    "SeriesDescription",
    *PLACE_TAGS,
    *FRAME_TAGS,
]
_FRAMES = 100_000  # of one instance


@dataclass(slots=True)
class StudyOnDisk:
    """What a folder holds of one study.

    Attributes
    ----------
    series : dict
        Series Instance UID → series.
    others : set
        Series Instance UIDs of other studies.
    """

    series: dict[str, SourceSeries] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)


def study_on_disk(root: Path, study: str, wanted: Collection[str]) -> StudyOnDisk:
    """Look through a folder for series of a study; only headers are read.

    Parameters
    ----------
    root
        Searched with all folders below; of a file, the folder that it lies in; or a zip file.
    study
        Study Instance UID.
    wanted
        Series Instance UIDs.

    Raises
    ------
    ReadError
        If there is no such place.
    """
    found = StudyOnDisk()
    entries: dict[str, list[Entry]] = {}
    with as_they_are():
        for entry in _listed(root).entries(_TAGS):
            uid = text(entry.header.dataset, "SeriesInstanceUID")
            if uid not in wanted:
                continue
            if text(entry.header.dataset, "StudyInstanceUID") == study:
                entries.setdefault(uid, []).append(entry)
            else:
                found.others.add(uid)
        for uid, members in entries.items():
            found.series[uid] = _series(uid, members)
    return found


def _listed(root: Path) -> Catalogue:
    if root.is_file():
        return unzipped(root) if is_zip(root) else catalogue(root.parent)
    return catalogue(root)


def _series(uid: str, members: list[Entry]) -> SourceSeries:
    first = members[0].header.dataset
    number = text(first, "SeriesNumber")
    return SourceSeries(
        uid=uid,
        sop_class_uid=text(first, "SOPClassUID"),
        name=text(first, "SeriesDescription") or f"series {number}".strip(),
        path=members[0].path,
        files=tuple(entry.path for entry in members),
        instances=tuple(text(entry.header.dataset, "SOPInstanceUID") for entry in members),
        images=tuple(image for entry in members for image in _images(entry)),
    )


def _images(entry: Entry) -> Iterator[SourceImage]:
    """Give the plane of each frame that has a place."""
    header = entry.header.dataset
    uid, is_several = text(header, "SOPInstanceUID"), is_multiframe(header)
    with suppress(ExportError, TypeError, ValueError):
        frames: Iterable[Any] = frames_of(header, PLACE_TAGS, _FRAMES) if is_several else [header]
        for number, said in enumerate(frames, 1):
            at = place_of(said)
            if at.position and at.orientation and at.spacing:
                yield SourceImage(uid, at.position, at.orientation, at.spacing, at.size, number if is_several else 0)
