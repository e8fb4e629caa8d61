"""How the pictures of a series lie in space, from what their files say, whoever wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.geometry import patient_letters
from napari_dicom_writer.readers import Verdict, opens_as_volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

# What other software allows: positions of many vendors are rounded to 0.01 mm or worse.
_UNEVEN = 0.01  # of the spacing between planes
_SAME = 1e-3  # of the pixel spacing: planes closer than that are one
_TURNED = 1e-3  # largest difference of two direction cosines


@dataclass(frozen=True, slots=True)
class Stack:
    """How the pictures of a series lie in space.

    Attributes
    ----------
    planes : int
        Different positions, or pictures where positions are not known.
    time_points : int
        How many pictures share each position.
    between : float or None
        Median distance between planes along their normal, mm.
    directions : str
        Where columns, rows and planes run, in patient letters; empty where unknown.
    position : tuple of float or None
        Center of the first voxel of the first plane along the normal, LPS mm.
    opens_in : tuple of Verdict
        Which software opens it as a volume; empty where it is none.
    remarks : tuple of str
        Why it is no volume, or not an even one.
    """

    planes: int
    time_points: int = 1
    between: float | None = None
    directions: str = ""
    position: tuple[float, float, float] | None = None
    opens_in: tuple[Verdict, ...] = ()
    remarks: tuple[str, ...] = ()


def stack_of(headers: Sequence[Dataset], frames: int) -> Stack:
    """Stack single frames along their normal, if they make a stack.

    Parameters
    ----------
    headers
        Of all instances of the series, in any order.
    frames
        Number of pictures in them.

    Raises
    ------
    AttributeError, TypeError, ValueError
        If a header holds nonsense.
    """
    if not frames:
        return Stack(0, remarks=("It holds no pictures",))
    if frames > len(headers) or any("SharedFunctionalGroupsSequence" in h for h in headers):
        return Stack(frames, remarks=(f"Multi-frame: {frames} frames, whose places are not shown here",))
    if any("ImagePositionPatient" not in h or "ImageOrientationPatient" not in h for h in headers):
        return Stack(frames, remarks=("No position and orientation: pictures, and not a volume",))
    if len({(h.Rows, h.Columns) for h in headers}) > 1:
        return Stack(frames, remarks=("Its pictures differ in size: not a volume",))
    orientations = np.array([h.ImageOrientationPatient for h in headers], float)
    if np.abs(orientations - orientations[0]).max() > _TURNED:
        return Stack(frames, remarks=("Its planes differ in orientation, as a localizer's do: not a volume",))
    return _stack(headers, orientations[0])


def _stack(headers: Sequence[Dataset], orientation: NDArray[np.float64]) -> Stack:
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    all_positions = np.array([h.ImagePositionPatient for h in headers], float)
    all_positions = all_positions[np.argsort(all_positions @ normal, kind="stable")]
    # Time points of one plane may differ in the last digit.
    same = _SAME * min((s for s in pixel_spacing(headers[0]) if s), default=1.0)
    starts = np.flatnonzero(np.diff(all_positions @ normal, prepend=-np.inf) > same)
    positions, counts = all_positions[starts], np.diff(starts, append=len(headers))
    gaps = np.diff(positions, axis=0)
    between = float(np.median(gaps @ normal)) if len(gaps) else None
    even = between is None or np.abs(gaps - between * normal).max() <= max(_UNEVEN * between, same)
    remarks = []
    if not even:
        remarks.append("Its planes are not evenly spaced along their normal")
    if counts.min() < counts.max():
        remarks.append(f"From {counts.min()} to {counts.max()} pictures share a position")
    opens_in = opens_as_volume(planes=len(positions), time_points=int(counts.max()), evenly_spaced=bool(even))
    x, y, z = map(float, positions[0])
    return Stack(
        planes=len(positions),
        time_points=int(counts.max()),
        between=between,
        directions=", ".join(map(patient_letters, (row, column, normal))),
        position=(x, y, z),
        opens_in=opens_in if counts.min() == counts.max() else (),
        remarks=tuple(remarks),
    )


def pixel_spacing(header: Dataset) -> tuple[float | None, float | None]:
    """Return the distance between rows and between columns, mm, where it is known."""
    spacing = header.get("PixelSpacing") or header.get("ImagerPixelSpacing")
    return (float(spacing[0]), float(spacing[1])) if spacing and len(spacing) == 2 else (None, None)
