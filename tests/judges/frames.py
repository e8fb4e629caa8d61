"""Multi-frame instances made by hand, attribute by attribute, with pydicom alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

if TYPE_CHECKING:
    import numpy as np

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def item(**attributes: Any) -> Dataset:
    """A data set of keywords and values."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def group(**macros: Dataset) -> Dataset:
    """Functional groups: a sequence of one item each."""
    return item(**{keyword: [macro] for keyword, macro in macros.items()})


def instance(path: Path, frames: np.ndarray, sop_class: str, **attributes: Any) -> Path:
    """Write one instance of (frames, rows, columns) or (frames, rows, columns, 3)."""
    dataset = item(
        SOPClassUID=sop_class,
        SOPInstanceUID=generate_uid(),
        StudyInstanceUID=generate_uid(),
        SeriesInstanceUID=generate_uid(),
        FrameOfReferenceUID=generate_uid(),
        SeriesNumber=1,
        InstanceNumber=1,
        Modality="OT",
        SamplesPerPixel=3 if frames.ndim > 3 else 1,
        PhotometricInterpretation="RGB" if frames.ndim > 3 else "MONOCHROME2",
        NumberOfFrames=len(frames),
        Rows=frames.shape[1],
        Columns=frames.shape[2],
        BitsAllocated=8 * frames.itemsize,
        BitsStored=8 * frames.itemsize,
        HighBit=8 * frames.itemsize - 1,
        PixelRepresentation=int(frames.dtype.kind == "i"),
    )
    if frames.ndim > 3:
        dataset.PlanarConfiguration = 0
    dataset.update(item(**attributes))
    dataset.PixelData = frames.tobytes()
    dataset["PixelData"].VR = "OB" if frames.itemsize == 1 else "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path
