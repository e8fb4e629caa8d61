"""Multi-frame functional groups and dimensions (PS3.3 C.7.6.16, C.7.6.17): what frames share, and what each has."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.standard.uids import derived

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.standard.codes import Code

_CODE_VALUE = 16  # characters that Code Value holds (PS3.3 8.1)
Path = tuple[str, ...]
"""Keywords of the sequences that lead to an element, and its own: each sequence has one item."""
Varying = Mapping[Path, Sequence[str | int | float | tuple[int, ...]]]
"""By path, a value for each frame, in their order: text, a number, or a tuple of ints."""


@dataclass(frozen=True, slots=True)
class FrameGroups:
    """Per-frame Functional Groups Sequence of one instance: one item as a pattern, and what varies in it.

    Attributes
    ----------
    pattern : Dataset
        The item of the first frame.
    varying : Varying
    """

    pattern: Dataset
    varying: Varying

    def item(self, at: int) -> Dataset:
        """Return the item of one frame."""
        item = copy.deepcopy(self.pattern)
        for path, values in self.varying.items():
            value = values[at]
            setattr(holder(item, path), path[-1], list(value) if isinstance(value, tuple) else value)
        return item


def holder(item: Dataset, path: Path) -> Dataset:
    """Return the data set in an item that holds the element a path leads to."""
    for keyword in path[:-1]:
        item = item[keyword].value[0]
    return item


def one_item(**attributes: object) -> list[Dataset]:
    """Return a sequence of one item."""
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return [item]


def pixel_measures(series: SeriesPlan) -> Attributes:
    """Pixel Measures (C.7.6.16.2.1). The thickness is required: of a single plane, see `note_thickness`."""
    between = series.grid.spacing_between_planes
    measures: dict[str, object] = {"PixelSpacing": list(series.grid.pixel_spacing)}
    measures["SliceThickness"] = between or series.grid.pixel_spacing[0]
    if between:
        measures["SpacingBetweenSlices"] = between
    return {"PixelMeasuresSequence": one_item(**measures)}


def note_thickness(planes: int) -> list[Note]:
    """Announce the thickness that a single plane is given."""
    if planes > 1:
        return []
    return [Note(NoteKind.ASSUMED, "The thickness of its single plane is not known: written as its pixel spacing")]


def plane_orientation(series: SeriesPlan) -> Attributes:
    """Plane Orientation (Patient) (C.7.6.16.2.4)."""
    return {"PlaneOrientationSequence": one_item(ImageOrientationPatient=list(series.grid.orientation))}


def shared_groups(*macros: Attributes) -> Attributes:
    """Shared Functional Groups Sequence (C.7.6.16)."""
    item = Dataset()
    for macro in macros:
        for keyword, value in macro.items():
            setattr(item, keyword, value)
    return {"SharedFunctionalGroupsSequence": [item]}


def code_item(code: Code) -> Dataset:
    """Return an item of a code sequence (PS3.3 8.8)."""
    item = Dataset()
    # Added as they are: there are hundreds, and their texts were looked at when they became a code.
    where = (0x0100, "SH") if len(code.value) <= _CODE_VALUE else (0x0119, "UC")  # Long Code Value
    for tag, vr, value in ((*where, code.value), (0x0102, "SH", code.scheme), (0x0104, "LO", code.meaning)):
        item.add(DataElement(0x00080000 + tag, vr, value, already_converted=True))
    return item


def frame_groups(*macros: Varying, fixed: Attributes | None = None) -> FrameGroups:
    """Make the pattern from what varies: every sequence on the way has one item; `fixed` is the same in all."""
    pattern, varying = Dataset(), {path: values for macro in macros for path, values in macro.items()}
    for keyword, attribute in (fixed or {}).items():
        setattr(pattern, keyword, attribute)
    for path, values in varying.items():
        inner = pattern
        for keyword in path[:-1]:
            if keyword not in inner:
                setattr(inner, keyword, [Dataset()])
            inner = inner[keyword].value[0]
        value = values[0]
        setattr(inner, path[-1], list(value) if isinstance(value, tuple) else value)
    return FrameGroups(pattern, varying)


def plane_positions(instance: InstancePlan) -> Varying:
    """Plane Position (Patient) (C.7.6.16.2.3)."""
    places = ["\\".join(frame.position) for frame in instance.frames]
    return {("PlanePositionSequence", "ImagePositionPatient"): places}


def dimension_indices(instance: InstancePlan, *, parts: bool) -> Varying:
    """Dimension Index Values of Frame Content (C.7.6.16.2.2): part (segment or channel) and plane, from 1.

    Positions count along the normal, whichever planes are there.
    """
    rows = [
        (*((frame.part or 1,) if parts else ()), rank)
        for frame, rank in zip(instance.frames, _ranks(instance), strict=True)
    ]
    return {("FrameContentSequence", "DimensionIndexValues"): rows}


def _ranks(instance: InstancePlan) -> list[int]:
    """Count the positions of its frames along the normal, from 1; in a concatenation those of the whole."""
    whole = instance.part.frames if instance.part else instance.frames
    places = sorted({(float(frame.location), frame.position) for frame in whole})
    ranks = {position: rank for rank, (_, position) in enumerate(places, 1)}
    return [ranks[frame.position] for frame in instance.frames]


def multi_frame_of(instance: InstancePlan) -> Attributes:
    """Number of Frames, and which part of a concatenation it is (C.7.6.16)."""
    attributes: Attributes = {"NumberOfFrames": str(len(instance.frames))}
    part = instance.part
    if part is None:
        return attributes
    return attributes | {
        "ConcatenationUID": part.uid,
        "SOPInstanceUIDOfConcatenationSource": part.whole,
        "InConcatenationNumber": part.number,
        "InConcatenationTotalNumber": part.total,
        "ConcatenationFrameOffsetNumber": part.offset,
    }


def stack_content(series: SeriesPlan, instance: InstancePlan) -> Varying:
    """Frame Content (C.7.6.16.2.2) of one stack, and, where it has several time points, Temporal Position (…2.23)."""
    frames, places, time = instance.frames, _ranks(instance), series.time
    content: dict[str, Sequence[str | int | float | tuple[int, ...]]] = {
        "StackID": ["1"] * len(frames),
        "InStackPositionNumber": places,
        "DimensionIndexValues": [(1, place) for place in places],
    }
    varying: dict[Path, Sequence[str | int | float | tuple[int, ...]]] = {}
    if time and time.points > 1:
        first = (instance.part or instance).frames[0].time_index
        times = [frame.time_index - first + 1 for frame in frames]
        content["TemporalPositionIndex"] = times
        content["DimensionIndexValues"] = [(number, 1, place) for number, place in zip(times, places, strict=True)]
        if time.step is not None:
            step = time.step
            varying["TemporalPositionSequence", "TemporalPositionTimeOffset"] = [(n - 1) * step for n in times]
    return {("FrameContentSequence", keyword): values for keyword, values in content.items()} | varying


def dimensions(series: SeriesPlan, *indices: tuple[str, str, str]) -> Attributes:
    """Multi-frame Dimension (C.7.6.17).

    Parameters
    ----------
    series
        Its UID makes that of the organization, so that writing it again gives the same file.
    indices
        (keyword that the index points to, its functional group, label), the slowest first.
    """
    uid = derived(series.uid, "dimensions")
    organization = Dataset()
    organization.DimensionOrganizationUID = uid
    items = []
    for pointer, group, label in indices:
        item = Dataset()
        item.DimensionOrganizationUID = uid
        item.DimensionIndexPointer = Tag(pointer)
        item.FunctionalGroupPointer = Tag(group)
        item.DimensionDescriptionLabel = label
        items.append(item)
    return {"DimensionOrganizationSequence": [organization], "DimensionIndexSequence": items}


TIME_INDEX = ("TemporalPositionIndex", "FrameContentSequence", "Time")
STACK_INDEX = ("StackID", "FrameContentSequence", "Stack")
IN_STACK_INDEX = ("InStackPositionNumber", "FrameContentSequence", "Position")
POSITION_INDEX = ("ImagePositionPatient", "PlanePositionSequence", "Position")
SEGMENT_INDEX = ("ReferencedSegmentNumber", "SegmentIdentificationSequence", "Segment")
