"""What highdicom makes of the same pixels, and what pydicom reads of a file of many frames."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from benchmarks.workloads import SPACING

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MAKER = {
    "manufacturer": "x",
    "manufacturer_model_name": "x",
    "software_versions": "1",
    "device_serial_number": "1",
}


@cache
def _sources(planes: int, rows: int, columns: int) -> list[Dataset]:
    """Make the headers of the CT series that both objects belong to."""
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    made = []
    for plane in range(planes):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, generate_uid()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = study, series, frame
        dataset.PatientID, dataset.PatientName, dataset.Modality = "1", "A^", "CT"
        for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID", "AccessionNumber"):
            setattr(dataset, keyword, "")
        dataset.ReferringPhysicianName, dataset.PositionReferenceIndicator = "", ""
        dataset.InstanceNumber, dataset.Rows, dataset.Columns = plane + 1, rows, columns
        dataset.ImagePositionPatient = [0, 0, SPACING[0] * plane]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = list(SPACING[1:]), SPACING[0]
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        made.append(dataset)
    return made


def segmentation(labels: NDArray[Any], folder: Path, kind: str) -> None:
    """Write labels as highdicom does."""
    import highdicom

    descriptions = [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=f"Label {number}",
            segmented_property_category=codes.SCT.Tissue,
            segmented_property_type=codes.SCT.Tissue,
            algorithm_type="MANUAL",
        )
        for number in range(1, int(labels.max()) + 1)
    ]
    made = highdicom.seg.Segmentation(
        source_images=_sources(*labels.shape),
        pixel_array=labels,
        segmentation_type=kind,
        segment_descriptions=descriptions,
        **_instance(),
    )
    made.save_as(folder.with_suffix(".dcm"))


def parametric_map(values: NDArray[Any], folder: Path) -> None:
    """Write floats as highdicom does."""
    import highdicom

    mapping = highdicom.pm.RealWorldValueMapping(
        lut_label="1",
        lut_explanation="values",
        unit=codes.UCUM.NoUnits,
        value_range=[-1e9, 1e9],
        slope=1,
        intercept=0,
    )
    made = highdicom.pm.ParametricMap(
        source_images=_sources(*values.shape),
        pixel_array=values,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[highdicom.VOILUTTransformation(window_center=0.5, window_width=1)],
        **_instance(),
    )
    made.save_as(folder.with_suffix(".dcm"))


def _instance() -> dict[str, Any]:
    uids = {"series_instance_uid": generate_uid(), "sop_instance_uid": generate_uid()}
    return {**uids, "series_number": 1, "instance_number": 1, **_MAKER}


def plane_of(dataset: Dataset, plane: int) -> NDArray[Any]:
    """Return one plane of an object as pydicom reads it: of masks, all of them together."""
    frames = dataset.PerFrameFunctionalGroupsSequence
    here = [n for n, f in enumerate(frames) if f.PlanePositionSequence[0].ImagePositionPatient[2] == plane * SPACING[0]]
    size = dataset.Rows * dataset.Columns
    if dataset.BitsAllocated > 1:
        (only,) = here
        key = next(k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in dataset)
        kind = "u" if key == "PixelData" else "f"
        dtype = f"<{kind}{dataset.BitsAllocated // 8}"
        pixels: NDArray[Any] = np.frombuffer(dataset[key].value, dtype, size, only * size * dataset.BitsAllocated // 8)
        return pixels.reshape(dataset.Rows, dataset.Columns)
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")
    result = np.zeros(size, np.uint8)
    for frame in here:
        number = frames[frame].SegmentIdentificationSequence[0].ReferencedSegmentNumber
        result += bits[frame * size : (frame + 1) * size] * np.uint8(number)
    return result.reshape(dataset.Rows, dataset.Columns)
