"""What an RT Structure Set says (PS3.3 A.19): regions with names, colors and contours, as far as it makes sense."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pydicom.tag import Tag
from pydicom.uid import RTStructureSetStorage

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.listed import listed
from napari_dicom_writer.model.contours import CLOSED, ENCLOSING, OPEN, OPEN_NONPLANAR, POINT, Outline
from napari_dicom_writer.model.segments import ALGORITHM_TYPES, Segment
from napari_dicom_writer.reading.contour_data import ContourError, counted, points_of
from napari_dicom_writer.reading.lenient import items, numbers, text, whole
from napari_dicom_writer.reading.segments import code_of, with_labels_of_layer
from napari_dicom_writer.standard.codes import ANATOMY, TISSUE, Structure, terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

STRUCTURE_TAGS = (
    "StructureSetLabel StructureSetName ReferencedFrameOfReferenceSequence StructureSetROISequence ROIContourSequence "
    "RTROIObservationsSequence"
).split()
"""Keywords of the attributes that `structure_set_of` reads."""

_DATA = Tag("ContourData")
_KINDS = (*ENCLOSING, OPEN, OPEN_NONPLANAR, POINT)
_LEAST = {POINT: 1, OPEN: 2, OPEN_NONPLANAR: 2}  # points; of what encloses something 3
_NAMED = 5  # regions that a text lists


@dataclass(frozen=True, slots=True)
class Fault:
    """What is damaged, and was left out or mended.

    Attributes
    ----------
    kind : NoteKind
    text : str
        With ``{}`` in place of the regions concerned.
    regions : tuple of (int, str)
        Number and name of each.
    """

    kind: NoteKind
    text: str
    regions: tuple[tuple[int | None, str], ...] = ()

    def note(self, *, named: bool = True) -> Note:
        """Say it with the names of the regions, or with their numbers only: names are anybody's text."""

        def word(region: tuple[int | None, str]) -> str:
            number, name = region
            return repr(name) if named and name else "a region" if number is None else f"region {number}"

        return Note(self.kind, self.text.replace("{}", listed(self.regions, _NAMED, word)))


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One contour.

    Attributes
    ----------
    number : int
        Its place in its region, from 1.
    outline : Outline
        Its region is that of the label of its segment.
    images : tuple of (str, int)
        SOP Instance UID of each image that it names, and the frame number, or 0.
    """

    number: int
    outline: Outline
    images: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class Region:
    """One region of interest.

    Attributes
    ----------
    number : int
        ROI Number.
    segment : Segment
        What it is; its label is the number, or another one where this package numbered labels anew.
    space : str
        UID of the frame of reference of its coordinates; empty where none is named.
    contours : list of Contour
    """

    number: int
    segment: Segment
    space: str = ""
    contours: list[Contour] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StructureSet:
    """One instance.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    name : str
        What it is called.
    regions : tuple of Region
        In the order of the file.
    series : dict
        Series Instance UID of each image series that it belongs to → SOP Instance UIDs of its images, as far as it
        lists them.
    faults : tuple of Fault
    """

    uid: str
    name: str
    regions: tuple[Region, ...]
    series: dict[str, frozenset[str]]
    faults: tuple[Fault, ...]

    @property
    def contours(self) -> list[Contour]:
        """Those of all regions."""
        return [contour for region in self.regions for contour in region.contours]

    @property
    def space(self) -> str:
        """UID of the frame of reference of all contours; empty where it is not said, or there are several."""
        return next(iter(self.spaces)) if len(self.spaces) == 1 else ""

    @property
    def spaces(self) -> set[str]:
        """UIDs of the frames of reference that contours are in."""
        return {region.space for region in self.regions if region.contours and region.space}


def is_structure_set(header: Dataset) -> bool:
    """Whether an instance is an RT Structure Set."""
    return text(header, "SOPClassUID") == RTStructureSetStorage or "StructureSetROISequence" in header


def structure_set_of(header: Dataset) -> StructureSet:
    """Read the header of a structure set, which is all of it; what is damaged is told, and the rest is read."""
    faults: list[Fault] = []
    regions = _regions(header, faults)
    for item in items(header, "ROIContourSequence"):
        number = whole(item, "ReferencedROINumber")
        region = regions.get(number) if number is not None else None
        if region is None:
            count = len(items(item, "ContourSequence"))
            faults.append(Fault(NoteKind.LOST, f"{counted(count, 'contour')} of no region: left out"))
            continue
        color = numbers(item, "ROIDisplayColor")
        if color and len(color) == 3 and all(0 <= part <= 255 for part in color):
            red, green, blue = map(round, color)
            region.segment = replace(region.segment, color=(red, green, blue))
        region.contours += _contours(item, region, faults)
    empty = tuple((number, region.segment.name) for number, region in regions.items() if not region.contours)
    if empty:
        faults.append(Fault(NoteKind.LOST, "Without contours, and left out: {}", empty))
    return StructureSet(
        uid=text(header, "SOPInstanceUID"),
        name=text(header, "StructureSetName") or text(header, "StructureSetLabel"),
        regions=tuple(region for region in regions.values() if region.contours),
        series=referenced_series(header),
        faults=tuple(faults),
    )


def _regions(header: Dataset, faults: list[Fault]) -> dict[int, Region]:
    """Read Structure Set ROI and RT ROI Observations, by ROI Number."""
    observed = {whole(item, "ReferencedROINumber"): item for item in items(header, "RTROIObservationsSequence")}
    found: dict[int, Region] = {}
    for item in items(header, "StructureSetROISequence"):
        number = whole(item, "ROINumber")
        if number is None or number in found:
            told = "{} has no number" if number is None else "The number of {} is that of another region"
            faults.append(Fault(NoteKind.LOST, f"{told}: left out", ((number, text(item, "ROIName")),)))
            continue
        segment = _segment(item, observed.get(number), number)
        found[number] = Region(number, segment, text(item, "ReferencedFrameOfReferenceUID"))
    if any(number < 1 for number in found):  # labels are from 1
        for label, region in enumerate(found.values(), 1):
            region.segment = replace(region.segment, label=label)
    labeled = with_labels_of_layer({number: region.segment for number, region in found.items()})
    for number, segment in labeled.items():
        found[number].segment = segment
    return found


def _segment(item: Dataset, observed: Dataset | None, number: int) -> Segment:
    algorithm = text(item, "ROIGenerationAlgorithm")
    return Segment(
        label=number,
        name=text(item, "ROIName").strip(),
        structure=_structure(observed) if observed is not None else None,
        algorithm_type=algorithm if algorithm in ALGORITHM_TYPES else "",
        algorithm_name=text(item, "ROIGenerationDescription"),
        description=text(item, "ROIDescription"),
        interpreted_type=text(observed, "RTROIInterpretedType") if observed is not None else "",
    )


def _structure(observed: Dataset) -> Structure | None:
    """Read the code of what a region shows; its category is not written, and known of the standard's terms."""
    code = code_of(observed, "RTROIIdentificationCodeSequence")
    if code is None or code == TISSUE:
        return None
    (item, *_) = items(observed, "RTROIIdentificationCodeSequence")
    return Structure(terms().get(code, ANATOMY), code, code_of(item, "SegmentedPropertyTypeModifierCodeSequence"))


def _contours(item: Dataset, region: Region, faults: list[Fault]) -> Iterator[Contour]:
    """Read the contours of a region; what makes no sense is left out, and told by its number."""
    name = region.segment.name or f"region {region.number}"
    reasons: Counter[tuple[NoteKind, str]] = Counter()
    first: dict[tuple[NoteKind, str], int] = {}
    for number, each in enumerate(items(item, "ContourSequence"), 1):
        said: list[tuple[NoteKind, str]] = []
        where = f"contour {number} of {name!r}"
        for outline in _outlines(each, region.segment.label, where, said):
            yield Contour(number, outline, _images(each))
        for each_said in said:
            reasons[each_said] += 1
            first.setdefault(each_said, number)
    for (kind, reason), count in reasons.items():
        others = f"; {count - 1:,} more like it" if count > 1 else ""
        told = f"Contour {first[kind, reason]} of {{}} {reason}{others}"
        faults.append(Fault(kind, told, ((region.number, region.segment.name),)))


def _outlines(item: Dataset, label: int, where: str, said: list[tuple[NoteKind, str]]) -> list[Outline]:
    """Read one contour; several points that are one contour are points of their own."""
    mended: list[str] = []
    kind = text(item, "ContourGeometricType")
    try:
        raw = item.get_item(_DATA).value if _DATA in item else None
        points = points_of(raw, whole(item, "NumberOfContourPoints"), mended)
        if kind not in _KINDS:
            mended.append(f"is of the type {kind!r}, taken as {CLOSED}" if kind else f"has no type, taken as {CLOSED}")
            kind = CLOSED
        if len(points) < _LEAST.get(kind, 3):
            raise ContourError(f"is {kind} and has {counted(len(points), 'point')}: left out")
    except ContourError as error:
        said.append((NoteKind.LOST, str(error)))
        return []
    said += [(NoteKind.ASSUMED, reason) for reason in mended]
    return [Outline(label, kind, part, where) for part in (points[:, None] if kind == POINT else [points])]


def _images(item: Dataset) -> tuple[tuple[str, int], ...]:
    return tuple(
        (text(image, "ReferencedSOPInstanceUID"), whole(image, "ReferencedFrameNumber") or 0)
        for image in items(item, "ContourImageSequence")
    )


def referenced_series(header: Dataset) -> dict[str, frozenset[str]]:
    """Read which image series a structure set belongs to, and which of their images it lists."""
    found: dict[str, frozenset[str]] = {}
    for space in items(header, "ReferencedFrameOfReferenceSequence"):
        for study in items(space, "RTReferencedStudySequence"):
            for series in items(study, "RTReferencedSeriesSequence"):
                images = items(series, "ContourImageSequence")
                uid = text(series, "SeriesInstanceUID")
                if uid:
                    found[uid] = frozenset(text(image, "ReferencedSOPInstanceUID") for image in images)
    return found
