"""Masks to contours that every reader turns back into the same voxels, and contours back to masks.

Two families of readers exist: those that take the voxels whose center is inside, and those that round points to voxels
and fill, border included. A contour just under half a voxel outside the centers satisfies both. Some unite the contours
of a plane, others take what lies in an odd number of them: a hole is joined to its surroundings by a keyhole, two edges
at one place, and there is one contour only (measured: `docs/objects.md`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

LEVEL = 0.52
"""Of a mask's step from 0 to 1 at which its contour runs: 0.48 of a voxel from the centers."""


def trace(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Trace a mask.

    Parameters
    ----------
    mask
        (rows, columns).

    Returns
    -------
    list of numpy.ndarray
        Closed contours, (points, 2) as (row, column) of voxel centers, the first point not repeated; islands that touch
        at corners only are apart, and no contour lies in another but on an island in a hole.
    """
    from contourpy import FillType, contour_generator

    padded = np.zeros((mask.shape[0] + 2, mask.shape[1] + 2))
    padded[1:-1, 1:-1] = mask
    filled = contour_generator(z=padded, name="serial", fill_type=FillType.OuterOffset).filled(LEVEL, 2.0)
    contours = []
    for points, offsets in zip(*filled, strict=True):
        rings = [points[start : end - 1, ::-1] - 1 for start, end in pairwise(offsets)]
        contours.append(_plain(_joined(rings)))
    return contours


def _joined(rings: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Join the holes of a contour to its outer ring, from the left to the right.

    The leftmost point of a hole lies on a row of voxels. So does a point of what surrounds it, the nearest to the left:
    the way between both crosses nothing.
    """
    outer, *holes = rings
    for hole in sorted(holes, key=lambda ring: ring[:, 1].min()):
        first = int(hole[:, 1].argmin())
        row, column = hole[first]
        left = np.flatnonzero((outer[:, 0] == row) & (outer[:, 1] < column))
        at = int(left[outer[left, 1].argmax()])
        around = np.concatenate([hole[first:], hole[: first + 1]])
        outer = np.concatenate([outer[: at + 1], around, outer[at:]])
    return outer


def _plain(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out points on the way along a row or a column; what turns back at a keyhole stays."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    on_the_way = ((before == 0) & (after == 0)).any(axis=1) & ((before * after).sum(axis=1) > 0)
    kept: NDArray[np.float64] = ring[~on_the_way]
    return kept


def fill(contours: Iterable[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the voxels whose centers lie in an odd number of contours.

    Parameters
    ----------
    contours
        As `trace` returns them; points may lie anywhere.
    shape
        (rows, columns) of the mask.
    """
    starts = [np.asarray(contour, np.float64) for contour in contours if len(contour)]
    toggles = np.zeros((shape[0], shape[1] + 1), np.int64)
    if starts:
        one = np.concatenate(starts)
        other = np.concatenate([np.roll(contour, -1, axis=0) for contour in starts])
        np.add.at(toggles, _crossings(one, other, shape), 1)
    inside: NDArray[np.bool_] = (toggles.cumsum(axis=1) % 2 == 1)[:, :-1]
    return inside


def _crossings(
    one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row, and first column to the right, of every place where an edge crosses a row of voxel centers."""
    low, high = np.minimum(one[:, 0], other[:, 0]), np.maximum(one[:, 0], other[:, 0])
    first = np.maximum(np.floor(low), -1).astype(np.int64)
    counts = np.maximum(np.minimum(np.floor(high), shape[0] - 1).astype(np.int64) - first, 0)
    edges = np.repeat(np.arange(len(one)), counts)
    rows = first[edges] + 1 + np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts)
    a, b = one[edges], other[edges]
    columns = a[:, 1] + (rows - a[:, 0]) * (b[:, 1] - a[:, 1]) / (b[:, 0] - a[:, 0])
    return rows, np.clip(np.ceil(columns), 0, shape[1]).astype(np.int64)
