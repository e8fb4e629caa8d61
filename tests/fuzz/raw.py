"""Frames of any object by raw arithmetic: which layer's voxels lie where a frame says, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydicom
from pydicom import Dataset

_NEAR = 1e-3  # voxels


@dataclass(frozen=True)
class Frame:
    """One plane.

    Attributes
    ----------
    place : numpy.ndarray
        3×3: (row, column, 1) → LPS mm.
    values : numpy.ndarray
        (rows, columns), real ones.
    segment : int
        Number of its segment; 0 where it is of none.
    """

    place: np.ndarray
    values: np.ndarray
    segment: int


def frames_of(header: Dataset) -> Iterator[Frame]:
    """Read all frames of an instance; the values of a segmentation are its own."""
    shared = _item(header, "SharedFunctionalGroupsSequence")
    stored = _stored(header)
    for number, plane in enumerate(stored):
        own = header.PerFrameFunctionalGroupsSequence[number] if "PerFrameFunctionalGroupsSequence" in header else {}
        position = _said(header, shared, own, "PlanePositionSequence", "ImagePositionPatient")
        cosines = _said(header, shared, own, "PlaneOrientationSequence", "ImageOrientationPatient")
        row, column = np.reshape(cosines, (2, 3))
        rows, columns = _said(header, shared, own, "PixelMeasuresSequence", "PixelSpacing")
        segment = _item(own, "SegmentIdentificationSequence").get("ReferencedSegmentNumber", 0)
        place = np.stack([column * rows, row * columns, position], axis=1)
        yield Frame(place, _real(header, shared, own, plane), segment)


def _item(holder: Any, sequence: str) -> Any:
    return holder[sequence].value[0] if sequence in holder else {}


def _said(header: Dataset, shared: Any, own: Any, sequence: str, keyword: str) -> np.ndarray:
    """What the frame, all frames, or the instance say."""
    for holder in (_item(own, sequence), _item(shared, sequence), header):
        if keyword in holder:
            return np.array(holder[keyword].value, float)
    raise AssertionError(f"{keyword} is nowhere")


def _stored(header: Dataset) -> np.ndarray:
    shape = (int(header.get("NumberOfFrames") or 1), header.Rows, header.Columns)
    for keyword, kind in (("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")):
        if keyword in header:
            return np.frombuffer(header[keyword].value, kind).reshape(shape)
    return header.pixel_array.reshape(shape)


def _real(header: Dataset, shared: Any, own: Any, plane: np.ndarray) -> np.ndarray:
    """Apply the real world mapping, else the rescale, of the frame or of all."""
    if "RealWorldValueMappingSequence" in header or "RealWorldValueMappingSequence" in (*own, *shared):
        mapping = next(filter(None, (_item(one, "RealWorldValueMappingSequence") for one in (own, shared, header))))
        slope, intercept = mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept
    else:
        groups = [_item(one, "PixelValueTransformationSequence") for one in (own, shared)]
        holder = next((one for one in (*groups, header) if "RescaleSlope" in one), None)
        slope, intercept = (1, 0) if holder is None else (holder.RescaleSlope, holder.RescaleIntercept)
    return plane.astype(np.longdouble) * np.longdouble(str(slope)) + np.longdouble(str(intercept))


def index_in(frame: Frame, affine: np.ndarray, grid: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Find every voxel of a frame in a grid: an index (rows, columns) for each of its axes."""
    rows, columns = frame.values.shape
    at = np.stack([*np.indices((rows, columns)).reshape(2, -1), np.ones(rows * columns)])
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    index = np.linalg.solve(affine[:3, :3] / steps, frame.place @ at - affine[:3, 3:]) / steps[:, np.newaxis]
    whole = np.rint(index).astype(int)
    assert np.abs(index - whole).max() < _NEAR, "a voxel is away from its place"
    assert (whole >= 0).all(), "a voxel is outside"
    assert (whole < np.array(grid)[:, np.newaxis]).all(), "a voxel is outside"
    return tuple(axis.reshape(rows, columns) for axis in whole)


def assembled(
    headers: list[Dataset], affine: np.ndarray, grid: tuple[int, ...], *, points: int = 1, segment: int = 0
) -> np.ndarray:
    """Put the frames of instances, in their order, into an array (time points, planes, rows, columns).

    Of frames at one place the first is of the first time point. What no frame holds is NaN.

    Parameters
    ----------
    headers
        With their pixels.
    affine, grid
        Where the voxels lie, and how many there are.
    points
        Time points.
    segment
        Leave out the frames of others; 0 for none.
    """
    found = np.full((points, *grid), np.nan, np.longdouble)
    for header in headers:
        for frame in frames_of(header):
            if segment and frame.segment != segment:
                continue
            at = index_in(frame, affine, grid)
            free = [point for point in range(points) if np.isnan(found[point][at]).all()]
            assert free, "more frames lie at one place than there are time points"
            found[free[0]][at] = frame.values
    return found


def read(path: Any) -> Dataset:
    """Read an instance as pydicom does by itself."""
    return pydicom.dcmread(path)
