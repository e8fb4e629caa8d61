"""What dimension indices count (PS3.3 C.7.6.17), where no attribute of the frame itself says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydicom.datadict import keyword_for_tag
from pydicom.tag import Tag

from napari_dicom_writer.reading.frame_vectors import PART
from napari_dicom_writer.reading.settings import SETTING_TAGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom.dataset import Dataset

# The way through space, segments, and directions, of which some frames have none.
_NEVER = {
    *map(
        Tag,
        """ImagePositionPatient ImageOrientationPatient ImagePositionVolume ImageOrientationVolume InStackPositionNumber
        StackID SliceLocation PlanePositionSequence PlaneOrientationSequence DiffusionGradientOrientation
        DiffusionGradientDirectionSequence ReferencedSegmentNumber""".split(),
    )
}
_TIMES = {
    *map(
        Tag,
        """TemporalPositionIndex TriggerTime FrameAcquisitionDateTime FrameReferenceDateTime FrameAcquisitionNumber
        TemporalPositionTimeOffset AcquisitionTime NominalCardiacTriggerDelayTime NominalPercentageOfCardiacPhase
        AcquisitionNumber InstanceNumber""".split(),
    )
}
_TOLD = {*SETTING_TAGS, "ComplexImageComponent", "ImageType"}
_TIME = "TemporalPositionIdentifier"


class Dimension(NamedTuple):
    """What an index counts: its name, the keyword of the attribute that says it better, and whether it is time."""

    name: str
    keyword: str
    is_time: bool


def dimensions_of(header: Dataset, renamed: Mapping[str, str]) -> list[Dimension | None]:
    """Read what each index counts; None for what is told by the place of a frame.

    Parameters
    ----------
    header
        Of a multi-frame instance.
    renamed
        Keywords that attributes of frames have otherwise.
    """
    return [_dimension(item, renamed) for item in header.get("DimensionIndexSequence") or ()]


def _dimension(item: Dataset, renamed: Mapping[str, str]) -> Dimension | None:
    pointer = item.get("DimensionIndexPointer")
    if pointer is None or Tag(pointer) in _NEVER:
        return None
    name = str(item.get("DimensionDescriptionLabel") or "").strip() or "dimension"
    keyword = keyword_for_tag(pointer)
    return Dimension(name, renamed.get(keyword, keyword), Tag(pointer) in _TIMES)


def counted(frame: Mapping[str, Any], dimensions: Sequence[Dimension | None]) -> dict[str, Any]:
    """Say of a frame what its indices count, and its attributes do not say."""
    values = frame.get("DimensionIndexValues")
    values = [values] if isinstance(values, int) else list(values or ())
    found: dict[str, Any] = {}
    parts = []
    for dimension, value in zip(dimensions, values, strict=False):
        if dimension is None or _says(frame, dimension):
            continue
        if dimension.is_time:
            found[_TIME] = value
        else:
            parts.append(f"{dimension.name} {value}")
    return found | {PART: ", ".join(parts)}


def _says(frame: Mapping[str, Any], dimension: Dimension) -> bool:
    if frame.get(dimension.keyword) in (None, ""):
        return dimension.is_time and frame.get(_TIME) is not None
    return dimension.is_time or dimension.keyword in _TOLD
