"""The steps from plane to plane: even, along the normal, complete, and as the attributes say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.reading import lenient as read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.checking.file.instance import Instance
    from napari_dicom_writer.checking.findings import Findings
    from napari_dicom_writer.reading.stacking import Stack

_ERROR, _WARNING = 0.01, 1e-4  # of the spacing, or of the pixel spacing
_WHOLE = 0.05  # how near to a whole number of steps a gap is that planes are missing from
_TAG = "ImagePositionPatient"
_DIFFERS = 0.01  # Spacing Between Slices and positions
_RESAMPLED = "SimpleITK averages the gaps silently, highdicom refuses them, dcm2niix writes a resampled file"
_FAR = 0.2
_OHIF = "; OHIF refuses more than 20 %"
_LEANS = "SimpleITK places voxels wrong silently, highdicom refuses it, dcm2niix resamples CT"


def check_spacing(placed: Sequence[Instance], planes: Stack, findings: Findings) -> None:
    """Check the positions of a stack of planes, each counted once, and what the headers say of their distance."""
    _check_thickness(placed, planes, findings)
    if planes.between is None or len(planes.positions) < 2:
        return
    along = (planes.positions - planes.positions[0]) @ planes.normal
    _check_even(placed, planes, along, findings)
    _check_straight(placed, planes, along, findings)
    _check_said(placed, planes, findings)


def _check_even(placed: Sequence[Instance], planes: Stack, along: NDArray[np.float64], findings: Findings) -> None:
    gaps = np.diff(along)
    usual = float(np.median(gaps))
    steps = gaps / usual
    whole = np.rint(steps)
    names = _names(placed, planes)
    if whole.max() > 1 and np.abs(steps - whole).max() < _WHOLE:
        missing = int((whole - 1).sum())
        what = f"{missing:,} plane{'s are' if missing > 1 else ' is'} missing: a gap is {gaps.max():.4g} mm wide"
        what += f" where planes are {usual:.4g} mm apart"
        for at in np.flatnonzero(whole > 1):
            findings.at(f"after {names[at]}").error("planes-missing", what, _RESAMPLED + _OHIF, _TAG)
        return
    even = np.linspace(0, along[-1], len(along))
    off = np.abs(along - even)
    share = float(off.max()) / usual
    if share <= _WARNING and np.abs(steps - 1).max() <= _WARNING:
        return
    widest = float(np.abs(steps - 1).max())
    what = f"Planes are not evenly spaced: gaps from {gaps.min():.6g} to {gaps.max():.6g} mm, up to"
    what += f" {float(off.max()):.2g} mm ({100 * share:.2g} % of the spacing) from an even grid"
    consequence = _RESAMPLED + (_OHIF if widest > _FAR else "")
    wrong = max(share, widest / 2) > _ERROR
    report = findings.at(names[int(np.argmax(off))])
    (report.error if wrong else report.warning)(
        "planes-uneven", what, consequence if wrong else "Readers average the gaps", _TAG
    )


def _names(placed: Sequence[Instance], planes: Stack) -> list[str]:
    """Name the first instance at each position."""
    starts = np.cumsum(planes.counts) - planes.counts
    return [placed[planes.order[start]].name for start in starts]


def _check_straight(placed: Sequence[Instance], planes: Stack, along: NDArray[np.float64], findings: Findings) -> None:
    """Positions must not leave the normal: aside together (shear, a gantry's tilt), or one by one."""
    aside = planes.positions - planes.positions[0] - np.outer(along, planes.normal)
    off = np.linalg.norm(aside, axis=1)
    pixel = min((s for s in placed[0].place.spacing or () if s > 0), default=1.0)
    share = float(off.max()) / pixel
    if share <= max(_WARNING, 1e-12 * float(np.abs(planes.positions).max()) / pixel):
        return
    lean = np.outer(along / along[-1], aside[-1])
    stagger = np.linalg.norm(aside - lean, axis=1)
    at = f"{float(off.max()):.2g} mm ({share:.2g} of a pixel)"
    if stagger.max() < 0.1 * off.max():
        angle = float(np.degrees(np.arctan2(off[-1], along[-1])))
        what = f"Planes leave their normal by {angle:.2g}° (shear, as of a tilted gantry): the last one lies {at} aside"
        code, worst = "planes-sheared", len(off) - 1
    else:
        what, code = f"Planes do not lie behind each other: one lies {at} aside", "planes-staggered"
        worst = int(np.argmax(stagger))
    wrong = share > _ERROR
    report = findings.at(_names(placed, planes)[worst])
    (report.error if wrong else report.warning)(code, what, _LEANS if wrong else "Readers straighten it", _TAG)


def _check_said(placed: Sequence[Instance], planes: Stack, findings: Findings) -> None:
    """Compare Spacing Between Slices, and the number of planes that a PET series says, with the positions."""
    between = planes.between or 0.0
    for instance in placed:
        said = read.number(instance.header, "SpacingBetweenSlices")
        if said is not None and said > 0 and abs(said / between - 1) > _DIFFERS:
            what = f"It is {said:g} mm, and planes are {between:.6g} mm apart"
            consequence = "Readers that go by it stretch the volume"
            findings.at(instance.name).error("spacing-contradicts", what, consequence, "SpacingBetweenSlices")
    expected = read.whole(placed[0].header, "NumberOfSlices")
    if expected and expected != len(planes.positions):
        what = f"It is {expected}, and there are {len(planes.positions)} positions"
        findings.at().warning("planes-counted", what, "Planes may be missing", "NumberOfSlices")
    volumes = read.whole(placed[0].header, "NumberOfTemporalPositions")
    if volumes and volumes > 1 and volumes != int(planes.counts.max()):
        what = f"It is {volumes}, and at most {int(planes.counts.max())} instances share a position"
        findings.at().warning("times-counted", what, "Time points may be missing", "NumberOfTemporalPositions")


def _check_thickness(placed: Sequence[Instance], planes: Stack, findings: Findings) -> None:
    thickness = read.number(placed[0].header, "SliceThickness")
    if not thickness or thickness < 0 or not planes.between:
        return
    if abs(thickness / planes.between - 1) > _DIFFERS:
        kind = "overlap" if thickness > planes.between else "have gaps between them"
        what = f"Planes are {thickness:g} mm thick and {planes.between:.6g} mm apart: they {kind}"
        consequence = "Right if it was measured so; readers that take it for the spacing are wrong"
        findings.at().info("thickness", what, consequence, "SliceThickness")
