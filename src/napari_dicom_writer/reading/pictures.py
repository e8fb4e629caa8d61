"""The pictures of a folder, series by series: what is kept of each frame's header to make a volume of them."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydicom.tag import Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from napari_dicom_writer.errors import ExportError, ReadError, Refusals
from napari_dicom_writer.reading.decoding.codestreams import is_decoded, is_native
from napari_dicom_writer.reading.decoding.source import NUMBERS, PixelSource, pixel_source
from napari_dicom_writer.reading.files import as_they_are
from napari_dicom_writer.reading.frames import FRAME_TAGS, frames_of, is_multiframe
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.reading.loss import LOSS_TAGS, lossy_before
from napari_dicom_writer.reading.mosaics import is_mosaic, tiles_of
from napari_dicom_writer.reading.picture import OVERLAY_TAGS, PICTURE_TAGS, Picture, picture_of, said_of
from napari_dicom_writer.reading.real_values import stored_type_of
from napari_dicom_writer.reading.segments import SEGMENTATION_TAGS, Description, description_of
from napari_dicom_writer.reading.structure_set import STRUCTURE_TAGS, StructureSet, is_structure_set, structure_set_of
from napari_dicom_writer.reading.tables import TABLE_TAGS, table_of
from napari_dicom_writer.reading.vendors import PRIVATE_TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    from napari_dicom_writer.model.progress import Progress
    from napari_dicom_writer.reading.catalogue import Catalogue, Entry

_SERIES_TAGS = (
    "SpecificCharacterSet SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID "
    "SeriesNumber SeriesDescription SliceThickness"
).split()
_KEPT = {*_SERIES_TAGS, *LOSS_TAGS, *PICTURE_TAGS, *FRAME_TAGS, *SEGMENTATION_TAGS, *STRUCTURE_TAGS, *TABLE_TAGS}
_TAGS = [*map(Tag, _KEPT), *OVERLAY_TAGS, *PRIVATE_TAGS]
MEANINGLESS = 3
"""So many files, each of which names another study, or frame of reference, name none."""
_LEAST_FRAME = 8  # bytes: the head of an item


@dataclass(slots=True)
class Series:
    """The instances of one series.

    Attributes
    ----------
    uid : str
        Series Instance UID.
    first : Dataset
        Header of the first of them.
    pictures : list of Picture
    blank : int
        Instances without pixels.
    refusals : Refusals
        Why the first of the instances that cannot be read cannot.
    refused : int
        How many of them there are.
    segmentations : dict of Description
        Of instances whose pictures are segments, by their UIDs.
    structures : list of StructureSet
        Of instances that hold contours.
    studies : int
        How many its files name, where each names one of its own.
    """

    uid: str
    first: Dataset
    pictures: list[Picture] = field(default_factory=list)
    blank: int = 0
    refusals: Refusals = field(default_factory=Refusals)
    refused: int = 0
    segmentations: dict[str, Description] = field(default_factory=dict)
    structures: list[StructureSet] = field(default_factory=list)
    studies: int = 1

    @property
    def number(self) -> str:
        """Series Number; empty where it is not known."""
        try:
            return str(self.first.get("SeriesNumber") or "")
        except Exception:  # noqa: BLE001 - whatever a wrong value makes the parser raise
            return ""

    @property
    def where(self) -> str:
        """The series in words."""
        return f"series {self.number}".strip()

    def add(self, entry: Entry) -> None:
        """Take in an instance."""
        refusals = Refusals()
        if is_structure_set(entry.header.dataset):
            with refusals.collect(), understood():
                self.structures.append(structure_set_of(entry.header.dataset))
                entry.header.dataset.pop("ROIContourSequence", None)  # a header is kept, and they are large
        elif "Rows" not in entry.header.dataset:
            self.blank += 1
        else:
            self._add_pictures(entry, refusals)
        self.refused += bool(refusals)
        self.refusals = self.refusals or refusals

    def join(self, other: Series) -> None:
        """Take in the instances of a series with the same UID, of another study."""
        self.pictures += other.pictures
        self.blank += other.blank
        self.refusals = self.refusals or other.refusals
        self.refused += other.refused
        self.segmentations |= other.segmentations
        self.structures += other.structures
        self.studies += 1

    def _add_pictures(self, entry: Entry, refusals: Refusals) -> None:
        with refusals.collect():
            pictures = _pictures(entry)
            self.pictures += pictures
            if "SegmentSequence" in entry.header.dataset:
                self.segmentations[pictures[0].uid] = description_of(entry.header.dataset)


def series_in(found: Catalogue, series_uid: str | None = None, progress: Progress | None = None) -> list[Series]:
    """Read the headers of all files.

    Parameters
    ----------
    found
        Where they are; what is damaged is told by it afterwards.
    series_uid
        Of the only series to read; all, if None.
    progress
        Called with (files done, total) now and then.

    Returns
    -------
    list of Series
        Those that have pictures or contours, by series number, then UID.

    Raises
    ------
    ReadError
        If there is none.
    """
    series: dict[tuple[str, str], Series] = {}
    files: Counter[tuple[str, str]] = Counter()
    with as_they_are():
        for entry in found.entries(_TAGS, strays=True, progress=progress):
            uid = str(entry.header.dataset.get("SeriesInstanceUID") or "")
            if series_uid in (None, uid):
                if "Rows" not in entry.header.dataset and not is_structure_set(entry.header.dataset):
                    kind = UID(str(entry.header.dataset.get("SOPClassUID") or "no kind")).name
                    found.pictureless[kind] = found.pictureless.get(kind, 0) + 1
                # What belongs to no series is one of its own; studies share none, whatever their UIDs say.
                key = (uid, text(entry.header.dataset, "StudyInstanceUID")) if uid else (str(entry.path), "")
                series.setdefault(key, Series(uid, entry.header.dataset)).add(entry)
                files[key] += 1
    if not series and not found.damaged:
        what = "no DICOM series" if series_uid is None else "no series with this UID"
        raise ReadError(f"There is {what} there", "Name a folder with DICOM files")
    telling = [each for each in _joined(series, files) if each.pictures or each.structures or each.refusals]
    if not telling and not found.damaged:
        what = f"The DICOM files there hold no pictures: {', '.join(sorted(found.pictureless))}"
        raise ReadError(what, "Name a folder with images")
    return sorted(telling, key=lambda each: (_sortable(each.number), each.uid))


def _joined(series: dict[tuple[str, str], Series], files: Counter[tuple[str, str]]) -> Iterator[Series]:
    """Join what shares a UID where each file names a study of its own: programs make up what is not given."""
    by_uid: dict[str, list[tuple[str, str]]] = {}
    for key in series:
        by_uid.setdefault(key[0], []).append(key)
    for keys in by_uid.values():
        first, *others = [series[key] for key in keys]
        if len(keys) >= MEANINGLESS and all(files[key] == 1 for key in keys):
            for other in others:
                first.join(other)
            others = []
        yield from (first, *others)


def _sortable(number: str) -> float:
    try:
        return float(number)
    except ValueError:
        return float("inf")


@contextmanager
def understood() -> Iterator[None]:
    """Refuse what makes the parser fail: it raises whatever it likes when a value is asked for."""
    try:
        yield
    except ExportError:
        raise
    except Exception as error:
        # The values themselves may be anything: they stay out of the message.
        raise ReadError("Its attributes cannot be understood", "Ask its maker for a repaired file") from error


def _pictures(entry: Entry) -> list[Picture]:
    header = entry.header.dataset
    with understood():
        said = {} if is_multiframe(header) else said_of(header)
        stored = stored_type_of(said or header)
        source = pixel_source(entry.path, header, header.file_meta.get("TransferSyntaxUID", ""), entry.header.pixels_at)
        _check_whole(source, header)
        uid, table = str(header.get("SOPInstanceUID") or ""), table_of(header, stored)
        overlays = tuple(sorted(tag.group for tag in OVERLAY_TAGS.intersection(header.keys())))
        lossy = lossy_before(header)
        if said:
            picture = picture_of(uid, source, stored, said, table, overlays=overlays, lossy=lossy)
            return tiles_of(picture) if is_mosaic(header) else [picture]
        frames = frames_of(header, PICTURE_TAGS, _most_frames(source))
        if "PerFrameFunctionalGroupsSequence" in header:  # the header of a series is kept, and they are large
            del header.PerFrameFunctionalGroupsSequence
        return [
            picture_of(uid, source, stored, frame, table, number, overlays=overlays, lossy=lossy)
            for number, frame in enumerate(frames)
        ]


def _check_whole(source: PixelSource, header: Dataset) -> None:
    """Refuse a file whose pixels nothing decodes, or that ends before they do, as far as its size tells."""
    if source.syntax == DeflatedExplicitVRLittleEndian:
        return
    if not is_decoded(source.syntax):
        name = UID(source.syntax).name
        raise ReadError(
            f"Its pixels are of a kind that is not decoded here ({name})", "Convert it with another program"
        )
    there = _pixel_bytes(source)
    if there <= 0:
        raise ReadError("It describes pixels, and holds none", "Copy the file again")
    rows, columns, samples, bits = (source.options[key] for key in NUMBERS[:4])
    if header.get("PhotometricInterpretation") == "YBR_FULL_422":
        samples = 2
    if is_native(source.syntax) and there < rows * columns * samples * bits // 8:
        raise ReadError("Its pixels break off", "Copy the file again")


def _pixel_bytes(source: PixelSource) -> int:
    """How many bytes follow the tag, type and length of the pixels."""
    return source.stamp[0] - source.at - (8 if source.syntax == ImplicitVRLittleEndian else 12)


def _most_frames(source: PixelSource) -> int:
    """How many frames a file of this size can hold; a header may say any number."""
    rows, columns, samples, bits = (source.options[key] for key in NUMBERS[:4])
    plain = is_native(source.syntax) and source.syntax != DeflatedExplicitVRLittleEndian
    return (
        (_pixel_bytes(source) if plain else source.stamp[0])
        * 8
        // (rows * columns * samples * bits if plain else _LEAST_FRAME * 8)
    )
