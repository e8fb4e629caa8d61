"""Who opens multi-frame objects, as measured: most programs know few of them, whatever their geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import (
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
    ParametricMapStorage,
    SegmentationStorage,
)

from napari_dicom_writer.model.verdict import Verdict
from napari_dicom_writer.standard.uids import LABEL_MAP
from napari_dicom_writer.viewers._base import COMPANION, SERIES_EACH, UNCOMPRESSED

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_MASKS = "takes the masks of all segments for planes of one stack"
_WITH_IMAGE = "with its image in the study"
# Program → why not, and, with a +, what there is to say though it opens them.
_CAPTURE = {
    "SimpleITK": "+",
    "highdicom": "+",
    "dcm2niix": "+",
    "OHIF": "+",
    "NiiVue": "+",
    "MONAI": "+as ITK reads it",
    "TorchIO": "+as ITK reads it",
    "vtk-dicom": "+",
    "ImageJ": "+without a place in the patient",
    "dwv": "loses the geometry",
    "GDCM": "finds no series in it",
}
_ENHANCED = {**_CAPTURE, "dicom2nifti": "+", "Bio-Formats": "+without a place in the patient"}
_ENHANCED_RESCALED = _ENHANCED | dict.fromkeys(
    ("dicom2nifti", "Bio-Formats"), "ignores the rescale in functional groups"
)
_STACKED = "one long stack of all time points"
_ENHANCED_TIMES = {
    "dcm2niix": "+as 4-D",
    "vtk-dicom": "+as 4-D",
    **dict.fromkeys(("SimpleITK", "MONAI", "TorchIO", "ImageJ", "Bio-Formats", "OHIF"), _STACKED),
    "highdicom": "does not make a volume of several time points",
    "dicom2nifti": "does not open it",
    "GDCM": "finds no series in it",
    "NiiVue": "was not tested with time points",
    "dwv": "loses the geometry",
}
_CONCATENATED = {
    **dict.fromkeys(("highdicom", "dcm2niix"), "opens each file of a concatenation by itself"),
    **dict.fromkeys(("SimpleITK", "MONAI", "TorchIO"), "opens each file of a concatenation by itself, and no series"),
}
# Programs that were measured to inflate objects of many frames.
_INFLATES = {"SimpleITK", "MONAI", "TorchIO", "GDCM", "highdicom", "dcmqi", "dicom2nifti"}
_FRACTIONS = {
    "highdicom": "+",
    "dcmqi": "was not tested with fractions",
    "OHIF": "shows nothing of fractions between 0 and all of it",
}
_TABLE = {
    EnhancedCTImageStorage: _ENHANCED,
    EnhancedMRImageStorage: _ENHANCED,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage: _CAPTURE,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage: _CAPTURE,
    MultiFrameTrueColorSecondaryCaptureImageStorage: _CAPTURE,
    ParametricMapStorage: {
        "highdicom": "+",
        "dcm2niix": "+",
        "vtk-dicom": "+",
        "OHIF": "+single precision only, in colors from its lowest to its highest value",
        "SimpleITK": "does not open it",
        "MONAI": "does not open it",
        "TorchIO": "does not open it",
        "Bio-Formats": "does not open it",
        "GDCM": "does not open it",
    },
    SegmentationStorage: {
        "highdicom": "+",
        "dcmqi": "+",
        "OHIF": f"+{_WITH_IMAGE}",
        "SimpleITK": _MASKS,
        "dcm2niix": _MASKS,
        "vtk-dicom": _MASKS,
        "MONAI": _MASKS,
        "GDCM": "does not open it",
    },
    LABEL_MAP: {
        "highdicom": "+",
        "dcmqi": "+",
        "dcm2niix": "+",
        "OHIF": f"+{_WITH_IMAGE}",
        "vtk-dicom": "+",
        "ImageJ": "+without a place in the patient",
        "SimpleITK": "does not open it",
        "MONAI": "does not open it",
        "GDCM": "does not open it",
        "dwv": "does not open it",
    },
}


def opens_multiframe(seen: SeriesFacts) -> tuple[Verdict, ...] | None:
    """Say what each program makes of a multi-frame object; None of one that is not in the table."""
    programs = _TABLE.get(seen.sop_class)
    if programs is _ENHANCED:
        programs = _ENHANCED_TIMES if seen.time_points > 1 else _ENHANCED_RESCALED if seen.rescaled else _ENHANCED
    if seen.sop_class == SegmentationStorage and seen.bits > 1:
        programs = _FRACTIONS
    if programs is None:
        return None
    found = []
    for software, said in programs.items():
        opens, why = said.startswith("+"), said.removeprefix("+")
        fix = SERIES_EACH if why == _STACKED else None
        if software == "OHIF" and seen.sop_class == ParametricMapStorage and seen.bits == 64:
            opens, why = False, "does not show double precision"
        elif software == "OHIF" and seen.sop_class == ParametricMapStorage and not seen.references:
            opens, why, fix = False, "shows a map only with an image of its study that it names", COMPANION
        elif software == "OHIF" and seen.sop_class == SegmentationStorage and seen.bits == 1 and seen.columns % 8:
            why += ", and not from Orthanc: the columns are no multiple of 8"
        if seen.concatenated and opens:
            opens, why = False, _CONCATENATED.get(software, "was not tested with a concatenation")
        if seen.deflated and opens and software not in _INFLATES:
            why = "was not tested with deflated objects" if software == "OHIF" else "does not read deflated files"
            opens, fix = False, UNCOMPRESSED
        found.append(Verdict(software, opens=opens, why=why, fix=fix))
    return tuple(found)
