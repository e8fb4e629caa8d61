"""The frames of a multi-frame object, each with a header of its own, as if it were an instance (PS3.3 C.7.6.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from collections.abc import Iterator

# Functional group → its attribute → what single-frame instances call it.
_GROUPS: dict[str, dict[str, str]] = {
    "PixelMeasuresSequence": {k: k for k in ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices")},
    "PlanePositionSequence": {"ImagePositionPatient": "ImagePositionPatient"},
    "PlaneOrientationSequence": {"ImageOrientationPatient": "ImageOrientationPatient"},
    "FrameContentSequence": {"TemporalPositionIndex": "TemporalPositionIdentifier", "StackID": "StackID"},
    "MRImageFrameTypeSequence": {"FrameType": "ImageType"},
    "CTImageFrameTypeSequence": {"FrameType": "ImageType"},
    "PETFrameTypeSequence": {"FrameType": "ImageType"},
    "MREchoSequence": {"EffectiveEchoTime": "EchoTime"},
    "MRDiffusionSequence": {"DiffusionBValue": "DiffusionBValue"},
    "SegmentIdentificationSequence": {"ReferencedSegmentNumber": "ReferencedSegmentNumber"},
    "PixelValueTransformationSequence": {k: k for k in ("RescaleSlope", "RescaleIntercept")},
    "FrameVOILUTSequence": {k: k for k in ("WindowCenter", "WindowWidth")},
}
_COMMON = (
    "Rows Columns FrameOfReferenceUID SOPClassUID ImageType SamplesPerPixel RescaleSlope RescaleIntercept WindowCenter "
    "WindowWidth"
).split()
_MAPPING = "RealWorldValueMappingSequence"


def frame_headers(header: Dataset) -> Iterator[Dataset]:
    """Yield what the functional groups say of each frame, in the words of single-frame images.

    Parameters
    ----------
    header
        Whole. Without functional groups of its frames there are none.
    """
    shared = read.items(header, "SharedFunctionalGroupsSequence")[:1]
    for number, own in enumerate(read.items(header, "PerFrameFunctionalGroupsSequence"), 1):
        frame = Dataset()
        for keyword in _COMMON:
            if keyword in header:
                frame[keyword] = header[keyword]
        for group in (*shared, own):
            _take(group, frame)
        frame.InstanceNumber = str(number)
        yield frame


def _take(group: Dataset, frame: Dataset) -> None:
    if _MAPPING in group:
        frame[_MAPPING] = group[_MAPPING]
    for sequence, attributes in _GROUPS.items():
        for item in read.items(group, sequence)[:1]:
            for keyword, name in attributes.items():
                if keyword == name and keyword in item:
                    frame[name] = item[keyword]  # as it is written, so that its digits can be counted
                elif (value := read.value_of(item, keyword)) is not None:
                    setattr(frame, name, value)
