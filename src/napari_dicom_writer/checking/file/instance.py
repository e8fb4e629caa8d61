"""One file: walked, its header read, its elements and pixels checked; what the checks across a series need is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import UID, MediaStorageDirectoryStorage

from napari_dicom_writer.checking.file.description import check_description
from napari_dicom_writer.checking.file.elements import check_elements
from napari_dicom_writer.checking.file.frames import frame_headers
from napari_dicom_writer.checking.file.pet import check_pet
from napari_dicom_writer.checking.file.pixels import Pixels, check_pixels
from napari_dicom_writer.checking.file.plane import check_plane
from napari_dicom_writer.checking.file.structure import FLOATS, PIXELS, Structure
from napari_dicom_writer.checking.file.walk import walk
from napari_dicom_writer.reading import lenient as read
from napari_dicom_writer.reading.decoding.codestreams import is_native
from napari_dicom_writer.reading.files import read_header
from napari_dicom_writer.reading.frames import FRAME_TAGS
from napari_dicom_writer.reading.real_values import PIXEL_TAGS
from napari_dicom_writer.reading.stacking import PLACE_TAGS, Place
from napari_dicom_writer.reading.structure_set import StructureSet, is_structure_set, structure_set_of
from napari_dicom_writer.reading.time_axis import TIME_TAGS

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.checking.findings import Report

SAME_IN_A_SERIES = (
    "StudyInstanceUID FrameOfReferenceUID PatientID PatientName Modality PatientBirthDate PatientSex StudyDate "
    "StudyTime StudyID AccessionNumber SeriesNumber SeriesDescription SeriesDate Laterality BodyPartExamined "
    "PatientPosition Manufacturer Units SUVType CountsSource DecayCorrection CorrectedImage"
).split()
"""Keywords of what PS3.3 makes attributes of the patient, the study, the space or the series."""

TELLS_APART = (
    "ReferencedSegmentNumber EchoTime EchoNumbers TriggerTime DiffusionBValue DiffusionGradientOrientation ImageType"
).split()
"""Keywords of what may differ between pictures at one position, besides time."""

_OTHER_TAGS = (
    "SOPClassUID SOPInstanceUID SeriesInstanceUID SpacingBetweenSlices SliceThickness LossyImageCompression "
    "PixelPaddingValue RescaleType NumberOfSlices NumberOfTemporalPositions DirectoryRecordSequence "
    "PerFrameFunctionalGroupsSequence SpecificCharacterSet FrameReferenceTime InConcatenationNumber SegmentSequence "
    "SegmentationType ReferencedSeriesSequence ConcatenationUID"
).split()
_KEPT = {int(tag_for_keyword(k) or 0) for k in (*SAME_IN_A_SERIES, *TELLS_APART, *_OTHER_TAGS, *PLACE_TAGS)}
_KEPT |= {int(tag_for_keyword(k) or 0) for k in (*PIXEL_TAGS, *TIME_TAGS, *FRAME_TAGS)}
_ITEMS_NOT_KEPT = {int(tag_for_keyword("PerFrameFunctionalGroupsSequence") or 0)}
_META = {"MediaStorageSOPClassUID": "SOPClassUID", "MediaStorageSOPInstanceUID": "SOPInstanceUID"}
_BROKEN = "Readers refuse it, or show part of it: copy it again from where it came"


@dataclass(slots=True)
class Instance:
    """What is kept of one file.

    Attributes
    ----------
    path : Path
    name : str
        The instance in words: its number, and its file below the folder.
    header : pydicom.Dataset
        The attributes that the checks across a series need, with the File Meta Information.
    place : Place
        Size and place, as far as the header says them.
    pixels : Pixels
    frames : list of Instance
        The frames of a multi-frame object as instances, where functional groups say where they lie.
    structure : StructureSet or None
        The contours of a structure set.
    """

    path: Path
    name: str
    header: Dataset
    place: Place
    pixels: Pixels
    frames: list[Instance] = field(default_factory=list)
    structure: StructureSet | None = None

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return read.text(self.header, "SOPInstanceUID")


class OpenedFile:
    """A DICOM file, walked, and its header parsed where it is whole.

    Raises
    ------
    NotDicomError
        If it is none.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: Path, file: str) -> None:
        self.path = path
        self.structure = walk(path)
        self._reason = ""
        self.header = self._parse()
        number = read.text(self.header, "InstanceNumber") or self.structure.text(0x00200013)
        self.name = f"instance {number} ({file})" if number.isdigit() else file

    @property
    def is_directory(self) -> bool:
        """Whether it is a DICOMDIR, which is not an instance."""
        return self.structure.meta.get(0x00020002, b"").rstrip(b"\0").decode("ascii", "replace") == (
            MediaStorageDirectoryStorage
        )

    @property
    def series_uid(self) -> str:
        """Series Instance UID; empty where it is not known."""
        return read.text(self.header, "SeriesInstanceUID") or self.structure.text(0x0020000E)

    def _parse(self) -> Dataset:
        """Read the header, unless the walk found a length that the parser must not trust."""
        structure = self.structure
        if not structure.fatal or any(tag in structure.lengths for tag in PIXELS):
            try:
                if header := read_header(self.path):
                    return header.dataset
            except Exception as error:  # noqa: BLE001 - the parser raises whatever it likes
                self._reason = type(error).__name__
        return _known_only(structure)

    def check(self, report: Report, *, look: bool = True, decode: bool = True) -> Instance:
        """Check everything that one file tells.

        Parameters
        ----------
        report
            Where to.
        look
            Whether to judge the look of its pixels.
        decode
            Whether to decode compressed ones.
        """
        structure, header = self.structure, self.header
        for fault in structure.faults:
            # What a reader takes as it is; the length of the pixels is judged with them.
            kind = "warning" if fault.code in _HARMLESS else "error"
            getattr(report, kind)(fault.code, fault.what, _CONSEQUENCES.get(fault.code, ""), fault.tag or "")
        if structure.fatal or self._reason:
            report.error("broken", structure.fatal or f"Its header cannot be parsed ({self._reason})", _BROKEN)
        self._check_meta(report)
        pixels, frames = Pixels(), list[Instance]()
        if not self._reason:
            check_elements(header, report)
        if "Rows" in header:
            check_description(header, report, floats=any(tag in structure.lengths for tag in FLOATS))
            check_plane(header, report)
            check_pet(header, report)
            pixels = check_pixels(self.path, structure, header, report, look=look, decode=decode)
            frames = self._frames(report)
        structure_set = structure_set_of(header) if is_structure_set(header) else None
        return Instance(self.path, self.name, self._kept(), read.place(header), pixels, frames, structure_set)

    def _frames(self, report: Report) -> list[Instance]:
        """Check where each frame lies, as that of an instance of its own."""
        frames = []
        for number, header in enumerate(frame_headers(self.header), 1):
            name = f"frame {number} of {self.name}"
            check_plane(header, report.findings.at(name))
            frames.append(Instance(self.path, name, header, read.place(header), Pixels()))
        expected = read.whole(self.header, "NumberOfFrames") or 1
        if frames and len(frames) != expected:
            what = f"There are functional groups for {len(frames)} frames, and {expected} frames"
            (report.error if len(frames) < expected else report.warning)(
                "frame-groups", what, "Readers refuse it, or misplace frames", "PerFrameFunctionalGroupsSequence"
            )
        return frames

    def _check_meta(self, report: Report) -> None:
        """Compare the File Meta Information with the data set (PS3.10 7.1)."""
        structure = self.structure
        for keyword, other in _META.items():
            tag = int(tag_for_keyword(keyword) or 0)
            said = structure.meta.get(tag, b"").rstrip(b"\0 ").decode("ascii", "replace")
            if not said:
                report.error("meta-missing", "It is missing", "Some readers refuse it", keyword)
            elif said != (found := structure.text(int(tag_for_keyword(other) or 0))) and found:
                what = "It is not that of the data set"
                report.error("meta-contradicts", what, "Archives keep it under either, or refuse it", keyword)
        for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
            if not structure.fatal and not structure.values.get(int(tag_for_keyword(keyword) or 0)):
                report.error("uid-missing", "It is missing", "Archives refuse it", keyword)
        syntax = UID(structure.syntax)
        if syntax and not is_native(syntax) and not (syntax.is_valid and syntax.is_transfer_syntax):
            what = "It is not a transfer syntax of the standard"
            report.error("syntax-unknown", what, "Only its maker's software reads it", "TransferSyntaxUID")

    def _kept(self) -> Dataset:
        # Functional groups of thousands of frames are not needed, only that they are there.
        elements = {
            tag: _empty_sequence(tag) if tag in _ITEMS_NOT_KEPT else self.header.get_item(tag)
            for tag in self.header.keys()  # noqa: SIM118 - in a data set that is iterated, all values are parsed
            if tag in _KEPT
        }
        kept = Dataset(elements)
        kept.file_meta = getattr(self.header, "file_meta", FileMetaDataset())
        return kept


_HARMLESS = {"odd-length", "trailing-zeros", "meta-length", "element-order"}
_CONSEQUENCES = {
    "odd-length": "Strict readers refuse it",
    "odd-fragment": "Strict readers refuse it",
    "trailing-zeros": "Strict readers refuse it",
    "trailing-bytes": "Strict readers refuse it; something was cut or joined wrongly",
    "meta-length": "Strict readers refuse it",
    "element-order": "Readers that stop at a tag miss elements behind it",
    "element-twice": "Readers take either",
    "syntax-missing": "Readers guess, or refuse it",
    "syntax-wrong": "Most readers refuse it",
    "delimiter-missing": "Strict readers refuse it",
}


def _empty_sequence(tag: int) -> RawDataElement:
    return RawDataElement(Tag(tag), "SQ", 0, b"", 0, False, True)


def _known_only(structure: Structure) -> Dataset:
    """Make a header of the few values that the walk kept."""
    elements = {
        Tag(tag): RawDataElement(Tag(tag), dictionary_VR(tag), len(raw), raw, 0, False, True)
        for tag, raw in structure.values.items()
    }
    return Dataset(elements)  # type: ignore[arg-type]  # raw elements are what a parser gives, too
