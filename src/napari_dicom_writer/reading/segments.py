"""What the header of a segmentation says of its segments (PS3.3 C.8.20.2): names, codes, colors, how they were made."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_dicom_writer.model.segments import ALGORITHM_TYPES, Segment
from napari_dicom_writer.reading.lenient import items, numbers, text, whole
from napari_dicom_writer.standard.codes import Code, Structure
from napari_dicom_writer.standard.color import srgb

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SEGMENTATION_TAGS = (
    "SegmentSequence SegmentationType SegmentationFractionalType MaximumFractionalValue ConcatenationUID".split()
)
"""Keywords of the attributes that `description_of` reads."""

_RENUMBERED = re.compile(r"(?:(.*); )?Label ([1-9]\d{0,8}) of the layer", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Description:
    """One instance of a segmentation.

    Attributes
    ----------
    kind : str
        ``BINARY``, ``FRACTIONAL`` or ``LABELMAP``.
    most : int
        Stored value that is all of a voxel, of a fractional one.
    whole : str
        What instances that are parts of one have in common; empty of one that is whole.
    segments : dict
        By their numbers in the file; `Segment.label` is the number of the label, which is another one where this
        package numbered labels anew.
    """

    kind: str
    most: int
    whole: str
    segments: dict[int, Segment]


def description_of(header: Dataset) -> Description:
    """Read the header of a segmentation; what cannot be understood is left out."""
    found = {}
    for item in items(header, "SegmentSequence"):
        number = whole(item, "SegmentNumber")
        if number and number > 0:
            found[number] = _segment(number, item)
    return Description(
        kind=text(header, "SegmentationType") or "BINARY",
        most=whole(header, "MaximumFractionalValue") or 1,
        whole=text(header, "ConcatenationUID"),
        segments=with_labels_of_layer(found),
    )


def with_labels_of_layer(segments: dict[int, Segment]) -> dict[int, Segment]:
    """Give labels that were numbered anew the numbers that they had; other programs write no such descriptions."""
    had = {number: _RENUMBERED.fullmatch(segment.description) for number, segment in segments.items()}
    found = {
        number: replace(segment, label=int(match[2]), description=match[1] or "") if (match := had[number]) else segment
        for number, segment in segments.items()
    }
    return found if len({segment.label for segment in found.values()}) == len(found) else segments


def _segment(number: int, item: Dataset) -> Segment:
    category, kind = (code_of(item, f"SegmentedProperty{name}CodeSequence") for name in ("Category", "Type"))
    sides = [code_of(each, "SegmentedPropertyTypeModifierCodeSequence") for each in _type_items(item)]
    regions = items(item, "AnatomicRegionSequence")[:1]
    region_sides = [code_of(each, "AnatomicRegionModifierSequence") for each in regions]
    algorithm, tracking = text(item, "SegmentAlgorithmType"), [text(item, f"Tracking{kind}") for kind in ("ID", "UID")]
    color = numbers(item, "RecommendedDisplayCIELabValue")
    return Segment(
        label=number,
        name=text(item, "SegmentLabel"),
        structure=Structure(
            category,
            kind,
            next(iter(sides), None),
            code_of(item, "AnatomicRegionSequence"),
            next(iter(region_sides), None),
        )
        if category and kind
        else None,
        color=srgb(color) if color and len(color) == 3 else None,
        algorithm_type=algorithm if algorithm in ALGORITHM_TYPES else "",
        algorithm_name=text(item, "SegmentAlgorithmName"),
        description=text(item, "SegmentDescription"),
        tracking_id=tracking[0] if all(tracking) else "",
        tracking_uid=tracking[1] if all(tracking) else "",
    )


def _type_items(item: Dataset) -> list[Dataset]:
    return items(item, "SegmentedPropertyTypeCodeSequence")[:1]


def code_of(item: Dataset, keyword: str) -> Code | None:
    """Read the first coded term of a sequence."""
    for code in items(item, keyword)[:1]:
        value = text(code, "CodeValue") or text(code, "LongCodeValue") or text(code, "URNCodeValue")
        if value:
            return Code(value, text(code, "CodingSchemeDesignator"), text(code, "CodeMeaning"))
    return None
