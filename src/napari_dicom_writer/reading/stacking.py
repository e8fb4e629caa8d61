"""From the places of single planes to a stack: which share a position, and how far apart the others are.

LPS millimeters throughout, as in ImagePositionPatient (PS3.3 C.7.6.2.1.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.multival import MultiValue

from napari_dicom_writer.reading.shared import shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

# What other software allows: positions of many vendors are rounded to 0.01 mm or worse.
UNEVEN = 0.01
"""Share of the spacing between planes by which they may lie off an even stack."""
SAME = 1e-3
"""Share of the pixel spacing or the thickness: planes closer than that are one, and so are spacings."""
TURNED = 1e-3
"""Largest difference of two direction cosines of one direction."""
_CROOKED = 1e-2  # how far from unit vectors at right angles direction cosines may be, that somebody rounded
_IN_CENTIMETERS, _CENTIMETER = 3, 10.0  # Physical Units (PS3.3 C.8.5.5.1.15), and mm


@dataclass(frozen=True, slots=True)
class Place:
    """What the header of one instance says of size and place.

    Attributes
    ----------
    frames : int
        Pictures in it; 0 for objects without pixels.
    enhanced : bool
        Whether its frames have functional groups, which hold their places.
    size : tuple of int
        (rows, columns).
    spacing : tuple of float or None
        Between (rows, columns), mm.
    orientation, position : tuple of float or None
        Row and column cosines; center of the first pixel.
    thickness : float or None
        Slice Thickness, mm.
    between : float or None
        Spacing Between Slices, mm; in nuclear medicine it may be negative.
    location : float or None
        Slice Location, mm from where nobody knows.
    ratio : float
        How much further rows are apart than columns, where nothing says how far.
    """

    frames: int
    enhanced: bool
    size: tuple[int, int]
    spacing: tuple[float, float] | None
    orientation: tuple[float, ...] | None
    position: tuple[float, ...] | None
    thickness: float | None = None
    between: float | None = None
    location: float | None = None
    ratio: float = 1.0


PLACE_TAGS = (
    "NumberOfFrames SharedFunctionalGroupsSequence Rows Columns PixelSpacing ImagerPixelSpacing "
    "ImagePlanePixelSpacing NominalScannedPixelSpacing SequenceOfUltrasoundRegions ImageOrientationPatient "
    "ImagePositionPatient SliceThickness SpacingBetweenSlices SliceLocation PixelAspectRatio"
).split()
"""Keywords of the attributes that `place_of` reads."""


_SPACINGS = {
    "PixelSpacing": "",
    "ImagerPixelSpacing": "at the detector, larger than in the patient (Imager Pixel Spacing)",
    "ImagePlanePixelSpacing": "in the plane of the detector (Image Plane Pixel Spacing)",
    "NominalScannedPixelSpacing": "on the film that was scanned (Nominal Scanned Pixel Spacing)",
}
"""Attributes that say how far rows and columns are apart, the best first, with where that is if not in the patient."""


def place_of(header: Dataset | Mapping[str, Any]) -> Place:
    """Read size and place from a header, or what is said of a frame.

    Distances that are not positive, and directions that are no unit vectors at right angles, are not known.

    Raises
    ------
    ValueError, TypeError
        On nonsense.
    """
    thickness, between = header.get("SliceThickness"), header.get("SpacingBetweenSlices")
    spacing = next(filter(_is_distance, (_numbers(header, keyword, 2) for keyword in _SPACINGS)), None)
    spacing = spacing or _calibration(header.get("SequenceOfUltrasoundRegions") or ())
    orientation, position = _numbers(header, "ImageOrientationPatient", 6), _numbers(header, "ImagePositionPatient", 3)
    return Place(
        frames=int(header.get("NumberOfFrames") or 1) if "Rows" in header else 0,
        enhanced="SharedFunctionalGroupsSequence" in header,
        size=(int(header.get("Rows") or 0), int(header.get("Columns") or 0)),
        spacing=shared((spacing[0], spacing[1])) if spacing else None,
        orientation=shared(orientation) if orientation and _is_upright(orientation) else None,
        position=position if position and all(map(math.isfinite, position)) else None,
        thickness=float(thickness) if thickness else None,
        between=float(between) if between else None,
        location=_location(header),
        ratio=_ratio(header),
    )


def _location(header: Dataset | Mapping[str, Any]) -> float | None:
    """Read Slice Location, which places nothing that has a position: nonsense in it does no harm."""
    try:
        location = float(header.get("SliceLocation"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return location if math.isfinite(location) else None


def _ratio(header: Dataset | Mapping[str, Any]) -> float:
    ratio = _numbers(header, "PixelAspectRatio", 2)
    return ratio[0] / ratio[1] if ratio and _is_distance(ratio) else 1.0


def _is_distance(spacing: tuple[float, ...] | None) -> bool:
    return spacing is not None and all(0 < step < np.inf for step in spacing)


def _is_upright(orientation: tuple[float, ...]) -> bool:
    """Whether they are unit vectors at right angles, but for rounding."""
    row, column = orientation[:3], orientation[3:]
    pairs = ((row, row, 1.0), (column, column, 1.0), (row, column, 0.0))
    return all(abs(sum(map(mul, one, other)) - right) <= _CROOKED for one, other, right in pairs)


def _calibration(regions: Iterable[Dataset]) -> tuple[float, float] | None:
    """Return what the regions of tissue of an ultrasound picture have in common (PS3.3 C.8.5.5)."""
    steps = {
        (abs(float(region.PhysicalDeltaY)) * _CENTIMETER, abs(float(region.PhysicalDeltaX)) * _CENTIMETER)
        for region in regions
        if region.get("RegionSpatialFormat") == 1
        and region.get("PhysicalUnitsXDirection") == region.get("PhysicalUnitsYDirection") == _IN_CENTIMETERS
    }
    return steps.pop() if len(steps) == 1 and 0 not in next(iter(steps)) else None


def _numbers(header: Dataset | Mapping[str, Any], keyword: str, count: int) -> tuple[float, ...] | None:
    value = header.get(keyword)
    # Arrays come where pydicom.config.DS_numpy is set, and lists where numbers are binary.
    if isinstance(value, MultiValue | np.ndarray | tuple | list) and len(value) == count:
        return tuple(map(float, value))
    return None


def measured_at(header: Dataset) -> str:
    """Say where its distances are measured, if not in the patient; else empty."""
    said = (keyword for keyword in _SPACINGS if keyword in header and not header[keyword].is_empty)
    return next((_SPACINGS[keyword] for keyword in said), "")


def why_no_stack(places: Sequence[Place]) -> str | None:
    """Say why single instances are not a stack of planes, whatever their positions; None if they may be one."""
    frames = sum(place.frames for place in places)
    if not frames:
        return "It holds no pictures"
    if frames > len(places) or any(place.enhanced for place in places):
        return f"Multi-frame: {frames} frames, whose places are not read here"
    if any(place.position is None or place.orientation is None for place in places):
        return "No position and orientation, or none that make sense: pictures, and not a volume"
    if len({place.size for place in places}) > 1:
        return "Its pictures differ in size: not a volume"
    spacings = np.array([place.spacing or (np.nan, np.nan) for place in places])
    if not np.allclose(spacings, spacings[0], rtol=SAME, atol=0, equal_nan=True):
        return "Its pictures differ in pixel spacing: not a volume"
    orientations = np.array([place.orientation for place in places], float)
    if np.abs(orientations - orientations[0]).max() > TURNED:
        return "Its planes differ in orientation, as a localizer's do: not a volume"
    return None


@dataclass(frozen=True, slots=True)
class Stack:
    """Planes stacked along row × column.

    Attributes
    ----------
    order : numpy.ndarray
        Indices of the instances along the normal.
    counts : numpy.ndarray
        How many instances share each position, in that order.
    positions : numpy.ndarray
        (positions, 3), one for each of the counts.
    row, column, normal : numpy.ndarray
        Unit vectors along which column index, row index and planes rise.
    between : float or None
        Median distance of neighbors along the normal; None for one position.
    even : bool
        Whether positions are evenly spaced along their normal.
    straight : bool
        Whether positions are evenly spaced along a line, which may lean: a gantry's tilt.
    aside : bool
        Whether instances lie in one plane, but not at one position.
    """

    order: NDArray[np.intp]
    counts: NDArray[np.intp]
    positions: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    normal: NDArray[np.float64]
    between: float | None
    even: bool
    straight: bool
    aside: bool

    @property
    def whole(self) -> bool:
        """Whether each position has as many instances as any other."""
        return bool(self.counts.min() == self.counts.max())


def stack(places: Sequence[Place]) -> Stack:
    """Stack the planes of single-frame instances that `why_no_stack` lets pass."""
    cosines = np.reshape(np.array(places[0].orientation, float), (2, 3))
    row, column = cosines / np.linalg.norm(cosines, axis=1, keepdims=True)  # some are rounded
    normal = np.cross(row, column)
    every = np.array([place.position for place in places], float)
    order = np.argsort(every @ normal, kind="stable")
    every = every[order]
    # Time points of one plane may differ in the last digit; planes may be much thinner than pixels are wide.
    lengths = (*(places[0].spacing or ()), places[0].thickness or 0.0)
    same = SAME * min((length for length in lengths if length > 0), default=1.0)
    starts = np.flatnonzero(np.diff(every @ normal, prepend=-np.inf) > same)
    positions, counts = every[starts], np.diff(starts, append=len(every))
    gaps = np.diff(positions, axis=0)
    between = float(np.median(gaps @ normal)) if len(gaps) else None
    allowed = max(UNEVEN * (between or 0.0), same)
    straight = even = True
    if between is not None:
        straight = bool(np.abs(gaps - np.median(gaps, axis=0)).max() <= allowed)
        even = bool(np.abs(gaps - between * normal).max() <= allowed)
    apart = np.abs(every - np.repeat(positions, counts, axis=0)).max()
    return Stack(order, counts, positions, row, column, normal, between, even, straight, bool(apart > same))
