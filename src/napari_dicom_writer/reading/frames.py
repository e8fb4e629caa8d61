"""Multi-frame instances: what their header says of each frame, as if each were an instance of its own.

Attributes lie in functional groups, those of all frames and those of one (PS3.3 C.7.6.16), or are said by vectors of
older objects (see `frame_vectors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydicom.tag import Tag

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.dimensions import counted, dimensions_of
from napari_dicom_writer.reading.frame_vectors import VECTOR_TAGS, described

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

Attributes = Mapping[str, Any]
"""Values of one frame by keyword: its own before those that all share, and these before those of the instance."""

FRAME_TAGS = [
    *"PerFrameFunctionalGroupsSequence DimensionIndexSequence FrameType TotalPixelMatrixColumns".split(),
    *VECTOR_TAGS,
]
"""Keywords of the attributes that `frames_of` reads, beside those that are asked of it."""

_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_MACROS = """PixelMeasuresSequence PlanePositionSequence PlaneOrientationSequence PlanePositionVolumeSequence
    PlaneOrientationVolumeSequence PixelValueTransformationSequence FrameVOILUTSequence FrameContentSequence
    TemporalPositionSequence MREchoSequence MRDiffusionSequence CardiacSynchronizationSequence
    SegmentIdentificationSequence MRImageFrameTypeSequence MRSpectroscopyFrameTypeSequence CTImageFrameTypeSequence
    PETFrameTypeSequence XRay3DFrameTypeSequence ParametricMapFrameTypeSequence USImageDescriptionSequence
    MRTimingAndRelatedParametersSequence MRModifierSequence MRReceiveCoilSequence CTXRayDetailsSequence
    CTReconstructionSequence RespiratorySynchronizationSequence""".split()
_CONVERTED = ("UnassignedSharedConvertedAttributesSequence", "UnassignedPerFrameConvertedAttributesSequence")
_RENAMED = {
    "ImagePositionVolume": "ImagePositionPatient",
    "ImageOrientationVolume": "ImageOrientationPatient",
    "EffectiveEchoTime": "EchoTime",
    "FrameType": "ImageType",
    "InversionTimes": "InversionTime",
    "TemporalPositionIndex": "TemporalPositionIdentifier",
    "FrameAcquisitionNumber": "AcquisitionNumber",
    "NominalCardiacTriggerDelayTime": "TriggerTime",
}
_OTHERS = """FrameAcquisitionDateTime FrameReferenceDateTime DimensionIndexValues ReferencedSegmentNumber
    ComplexImageComponent TemporalPositionTimeOffset SpacingBetweenSlices StackID""".split()
_DIRECTIONS = Tag("DiffusionGradientDirectionSequence")
_ORDER = 2**32  # frames come after each other, and behind those of instances with smaller numbers


def is_multiframe(header: Dataset) -> bool:
    """Whether frames have attributes of their own, be there several or one."""
    return _GROUPS[0] in header or _GROUPS[1] in header or int(header.get("NumberOfFrames") or 1) > 1


def frames_of(header: Dataset, keywords: Iterable[str], most: int) -> list[Attributes]:
    """Read what is said of each frame.

    Parameters
    ----------
    header
        Of a multi-frame instance.
    keywords
        Attributes of single-frame instances that are wanted.
    most
        How many frames the file can hold: headers may say anything.

    Raises
    ------
    ReadError
        If it says more frames than it can hold or describe, or is a slide in tiles.
    """
    if "TotalPixelMatrixColumns" in header:
        what = "It is a whole slide in tiles, and they are not put together here"
        raise ReadError(what, "Open it with a program for slides, such as wsidicom or QuPath")
    count = int(header.get("NumberOfFrames") or 1)
    if not 0 < count <= most:
        raise ReadError(f"It says to hold {count:,} frames, and its file cannot", "Copy the file again")
    wanted = [keyword for keyword in keywords if keyword not in ("NumberOfFrames", *_GROUPS)]
    instance = {keyword: header[keyword].value for keyword in wanted if keyword in header}
    if any(group in header for group in _GROUPS):
        frames = _grouped(header, instance, wanted, count)
    else:
        frames = described(header, instance, count)
    first = int(header.get("InstanceNumber") or 0) * _ORDER
    return [_timed(frame) | {"InstanceNumber": first + number} for number, frame in enumerate(frames, 1)]


def _grouped(header: Dataset, instance: Attributes, wanted: list[str], count: int) -> list[dict[str, Any]]:
    names = {Tag(keyword): _RENAMED.get(keyword, keyword) for keyword in (*wanted, *_OTHERS, *_RENAMED)}
    shared, every = (header.get(group) or () for group in _GROUPS)
    if 0 < len(every) < count:
        raise ReadError(f"It describes {len(every):,} frames, and says to hold {count:,}", "Copy the file again")
    converted, alike = _read(shared[0], names) if shared else ({}, {})
    dimensions = dimensions_of(header, _RENAMED)
    frames = []
    for item in every[:count] or [None] * count:
        own_converted, own = _read(item, names) if item is not None else ({}, {})
        frame = {**instance, **converted, **own_converted, **alike, **own}
        frames.append(frame | counted(frame, dimensions))
    return frames


def _read(item: Dataset, names: Mapping[BaseTag, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one item of functional groups: attributes of classic objects that nothing else holds, and macros."""
    found: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for kind, sequences in enumerate((_CONVERTED_TAGS, _MACRO_TAGS)):
        for tag in sequences:
            if tag in item.keys() and (macros := item[tag].value):  # noqa: SIM118 - a data set takes longer to say so
                macro = macros[0]
                found[kind].update({names[t]: macro[t].value for t in macro.keys() if t in names})  # noqa: SIM118
                if _DIRECTIONS in macro.keys() and (directions := macro[_DIRECTIONS].value):  # noqa: SIM118
                    found[kind]["DiffusionGradientOrientation"] = directions[0].get("DiffusionGradientOrientation")
    if _MAPPING in item.keys():  # noqa: SIM118
        found[1]["RealWorldValueMappingSequence"] = item[_MAPPING].value
    return found


_MACRO_TAGS, _CONVERTED_TAGS = [*map(Tag, _MACROS)], [*map(Tag, _CONVERTED)]
_MAPPING = Tag("RealWorldValueMappingSequence")


def _timed(frame: dict[str, Any]) -> dict[str, Any]:
    """Bring its times into the attributes of single-frame instances."""
    moment = str(frame.get("FrameAcquisitionDateTime") or frame.get("FrameReferenceDateTime") or "")
    if moment:
        frame["AcquisitionDate"], frame["AcquisitionTime"] = moment[:8], moment[8:].partition("+")[0].partition("-")[0]
    if frame.get("TemporalPositionTimeOffset") is not None:
        frame["TriggerTime"] = float(frame["TemporalPositionTimeOffset"]) * 1000
    return frame
