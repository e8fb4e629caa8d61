"""Voxels whose centers lie on a contour: some programs draw through the outermost centers of what they enclose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_ON = 1e-3  # of a voxel; numbers of contours are rounded


def touched(rings: Iterable[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the voxels whose centers lie on the edges of closed contours.

    Ways that are gone there and back, such as to a hole, are no edges.

    Parameters
    ----------
    rings
        (points, 2) as (row, column) each.
    shape
        (rows, columns) of the mask.
    """
    found = np.zeros(shape, bool)
    for ring in rings:
        centers = _centers(ring, np.roll(ring, -1, axis=0), shape)
        if centers.size:
            centers = _centers(*_edges(ring), shape)
        inside = ((centers >= 0) & (centers < np.array(shape)[:, np.newaxis])).all(axis=0)
        found[tuple(centers[:, inside])] = True
    return found


def _centers(one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.int64]:
    """Rows and columns of the centers on edges. Along the axis on which one is longer, it passes each line once."""
    steps = np.abs(other - one)
    steep = steps[:, 0] >= steps[:, 1]
    found = []
    for axis, chosen in ((0, steep), (1, ~steep)):
        along, across = _passed(one[chosen], other[chosen], axis, shape[axis])
        nearest = np.rint(across).astype(np.int64)
        on = np.abs(across - nearest) < _ON
        found.append(np.stack([along, nearest] if axis == 0 else [nearest, along])[:, on])
    return np.concatenate(found, axis=1)


def _edges(ring: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Begin and end of each edge, without those that are there in both directions."""
    one, other = ring, np.roll(ring, -1, axis=0)
    there = {(*a, *b) for a, b in zip(one.tolist(), other.tolist(), strict=True)}
    once = np.array([(*b, *a) not in there for a, b in zip(one.tolist(), other.tolist(), strict=True)])
    return one[once], other[once]


def _passed(
    one: NDArray[np.float64], other: NDArray[np.float64], axis: int, length: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Whole numbers from 0 below `length` that edges pass along an axis, and where they are then along the other."""
    low, high = np.minimum(one[:, axis], other[:, axis]), np.maximum(one[:, axis], other[:, axis])
    # A contour may reach far beyond its image: what lies there is not counted.
    first = np.maximum(np.ceil(low - _ON), 0).astype(np.int64)
    counts = np.maximum(np.minimum(np.floor(high + _ON), length - 1).astype(np.int64) - first + 1, 0)
    edges = np.repeat(np.arange(len(one)), counts)
    along = first[edges] + np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts)
    a, b = one[edges], other[edges]
    way = b[:, axis] - a[:, axis]
    share = np.clip((along - a[:, axis]) / np.where(way == 0, 1, way), 0, 1)
    return along, a[:, 1 - axis] + share * (b[:, 1 - axis] - a[:, 1 - axis])
