"""Where one plane lies, as its header says (PS3.3 C.7.6.2): numbers that are possible, and exact."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from pydicom.datadict import tag_for_keyword

from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.checking.findings import Report

_FEW_DECIMALS = 5
_UNIT = 2e-6  # six decimals of a cosine may be off by that
_EXACT = 1e-12  # of 0.6 and 0.8 nothing was rounded
_WRONG = 0.5  # voxels: readers that straighten the axes, and others, differ by one
_ASPECT = 0.01
_DISTANCES = (
    "PixelSpacing",
    "ImagerPixelSpacing",
    "NominalScannedPixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
)


def check_plane(header: Dataset, report: Report) -> None:
    """Check size and place of one plane."""
    spacing = read.numbers(header, "PixelSpacing")
    for keyword in _DISTANCES:
        _check_distance(header, keyword, report)
    if "ImagePositionPatient" in header:
        if len(read.numbers(header, "ImagePositionPatient") or ()) != 3:
            what = "It does not hold three finite numbers"
            report.error("position", what, "Readers refuse it, or place it at 0", "ImagePositionPatient")
        if spacing is None:
            what = "It is missing, and a position is there"
            report.error("spacing-missing", what, "Readers take 1 mm", "PixelSpacing")
        if "ImageOrientationPatient" not in header:
            what = "It is missing, and a position is there"
            report.error("orientation-missing", what, "Readers take it as axial", "ImageOrientationPatient")
        if read.is_empty(header, "FrameOfReferenceUID"):
            what = "It is missing, and a position is there"
            report.warning("space-missing", what, "It cannot be fused with others", "FrameOfReferenceUID")
    if "ImageOrientationPatient" in header:
        _check_orientation(header, report)
    ratio = read.numbers(header, "PixelAspectRatio") or ()
    if len(ratio) == 2 and len(spacing or ()) == 2 and min(*ratio, *(spacing or ())) > 0:
        _check_aspect(ratio[0] / ratio[1], spacing or (1, 1), report)


def _check_aspect(ratio: float, spacing: tuple[float, ...], report: Report) -> None:
    if abs(ratio / (spacing[0] / spacing[1]) - 1) > _ASPECT:
        report.warning("aspect", "It contradicts Pixel Spacing", "Viewers show either shape", "PixelAspectRatio")


def _check_distance(header: Dataset, keyword: str, report: Report) -> None:
    if read.is_empty(header, keyword):
        return
    values = read.numbers(header, keyword)
    expected = 2 if keyword.endswith("PixelSpacing") else 1
    if values is None or len(values) != expected:
        what = f"It does not hold {'two finite numbers' if expected == 2 else 'a finite number'}"
        report.error("distance", what, "Readers take 1 mm, or fail", keyword)
    elif min(values) < 0 or (min(values) == 0 and keyword != "SliceThickness"):
        what = f"It is {'negative' if min(values) < 0 else 'zero'}"
        report.error("distance", what, "Readers refuse it, mirror it, or show nothing", keyword)
    elif min(values) == 0:
        report.warning("thickness-zero", "It is zero", "Some readers take 1 mm, or show nothing", keyword)


def _check_orientation(header: Dataset, report: Report) -> None:
    cosines = read.numbers(header, "ImageOrientationPatient")
    if cosines is None or len(cosines) != 6:
        what = "It does not hold six finite numbers"
        report.error("orientation", what, "Readers take it as axial", "ImageOrientationPatient")
        return
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    defect = max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column))
    decimals = _decimals(header)
    if defect <= _EXACT or (defect <= _UNIT and decimals > _FEW_DECIMALS):
        return
    size, voxel = _extent(header)
    lengths = np.linalg.norm([row, column], axis=1)
    if not lengths.all() or np.linalg.norm(np.cross(row, column)) < 1e-3:
        what = "Its two directions are none, or the same"
        report.error("orientation", what, "Readers refuse it", "ImageOrientationPatient")
        return
    off = max(defect, np.sqrt(3) * 0.5 * 10.0**-decimals) * size
    tilt = f"they are not of length 1 and at right angles by {defect:.1g}" if defect > _UNIT else ""
    rounded = f"directions are rounded to {decimals} decimals" if decimals <= _FEW_DECIMALS else ""
    what = " and ".join(part for part in (rounded, tilt) if part)
    what = f"{what[0].upper()}{what[1:]}: the last voxel may be {off:.2g} mm off, {off / voxel:.2g} of a voxel"
    wrong = defect > 1e-3 or off > _WRONG * voxel
    consequence = "Readers refuse or straighten it, and place voxels differently" if wrong else "Write more digits"
    (report.error if wrong else report.warning)("directions-rounded", what, consequence, "ImageOrientationPatient")


def _extent(header: Dataset) -> tuple[float, float]:
    """Distance of the last voxel from the first, and the smaller spacing, mm."""
    spacing = np.array((read.numbers(header, "PixelSpacing") or (1.0, 1.0))[:2])
    size: NDArray[np.float64] = np.array([(read.whole(header, k) or 1) - 1 for k in ("Rows", "Columns")], float)
    smallest = float(spacing[spacing > 0].min(initial=np.inf))
    return float(np.linalg.norm(size * spacing)), smallest if np.isfinite(smallest) else 1.0


def _decimals(header: Dataset) -> int:
    """Decimals of the cosines as they are written; many, where none of them needs any."""
    element = header.get_item(tag_for_keyword("ImageOrientationPatient") or 0)
    raw = element.value
    written = raw.decode("ascii", "replace") if isinstance(raw, bytes) else read.text(header, "ImageOrientationPatient")
    found = [
        len(match[1]) - int(match[2] or 0)
        for text in filter(None, written.split("\\"))
        # 0, 1 and halves are exact.
        if (match := re.fullmatch(r"[+-]?\d*\.?(\d*)(?:[eE]([+-]?\d+))?", text.strip())) and not _is_plain(text)
    ]
    return max(found, default=16)


def _is_plain(text: str) -> bool:
    return float(text) in (-1.0, -0.5, 0.0, 0.5, 1.0)
