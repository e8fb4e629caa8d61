"""Closed outlines in a plane: whether one crosses itself, encloses anything, or shares area with another.

Points are (points, 2), rows and columns of voxels, the first not repeated. What lies nearer than `TOLERANCE` touches:
the two edges of a keyhole lie at one place, and their points went through text and a matrix.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Points = NDArray[np.float64]

TOLERANCE = 1e-3
"""Of a voxel."""
_PAIRS = 2**20  # that are looked at together


def is_flat(points: Points) -> bool:
    """Whether all points of an outline lie on a line: it encloses nothing."""
    apart = points - points.mean(axis=0)
    along = np.linalg.svd(apart, full_matrices=False)[2][1]  # across the longest extent
    return bool(np.abs(apart @ along).max() < TOLERANCE)


def crosses_itself(points: Points) -> bool:
    """Whether two edges of an outline cross; that they touch is no crossing."""
    count = len(points)
    for first, second in _near(points, points):
        apart = (second > first + 1) & ~((first == 0) & (second == count - 1))
        if _cross(points, first[apart], points, second[apart]).any():
            return True
    return False


def share_area(one: Points, other: Points) -> bool:
    """Whether two outlines, of which neither crosses itself, have area in common: they cross, or one lies in another.

    What touches has none. Outlines of many corners that meet at corners alone may share some unnoticed.
    """
    if any(_cross(one, first, other, second).any() for first, second in _near(one, other)):
        return True
    ends = _ends(one, other)
    if all(on.all() for on in ends):  # the same outline
        return True
    return _holds(other, _ways(one)[~ends[0]]) or _holds(one, _ways(other)[~ends[1]])


def same_outline(one: Points, other: Points) -> bool:
    """Whether two outlines run along each other, wherever they begin and whichever way they go."""
    return all(on.all() for on in _ends(one, other))


def _ends(one: Points, other: Points) -> list[NDArray[np.bool_]]:
    """Which corners and middles of each outline lie on the edges of the other."""
    return [_on_edge(_ways(one), other), _on_edge(_ways(other), one)]


def _ways(points: Points) -> Points:
    """Corners, and middles of the edges."""
    return np.concatenate([points, (points + np.roll(points, -1, axis=0)) / 2])


def _near(one: Points, other: Points) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Edges of one outline, and of another, whose boxes meet: numbers of both."""
    (low, high), (other_low, other_high) = _boxes(one), _boxes(other)
    step = max(1, _PAIRS // len(other))
    for start in range(0, len(one), step):
        part = slice(start, start + step)
        meet = np.ones((len(low[part]), len(other)), bool)
        for axis in (0, 1):  # one after the other is three times as fast
            meet &= low[part, axis, np.newaxis] <= other_high[:, axis]
            meet &= other_low[:, axis] <= high[part, axis, np.newaxis]
        first, second = np.nonzero(meet)
        yield first + start, second


def _boxes(points: Points) -> tuple[Points, Points]:
    after = np.roll(points, -1, axis=0)
    return np.minimum(points, after), np.maximum(points, after)


def _cross(one: Points, first: NDArray[np.intp], other: Points, second: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each edge of one outline has an inner point in common with that of another, and passes it."""
    a, b, c, d = one[first], np.roll(one, -1, axis=0)[first], other[second], np.roll(other, -1, axis=0)[second]
    crossing: NDArray[np.bool_] = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
    return crossing


def _side(a: Points, b: Points, point: Points) -> NDArray[np.float64]:
    """On which side of a line a point lies: 1, -1, or 0 where it lies on it."""
    along, to = b - a, point - a
    apart = along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]
    side: NDArray[np.float64] = np.sign(apart) * (np.abs(apart) > TOLERANCE * np.hypot(along[..., 0], along[..., 1]))
    return side


def _on_edge(points: Points, outline: Points) -> NDArray[np.bool_]:
    """Which points lie on the edges of an outline."""
    along = np.roll(outline, -1, axis=0) - outline
    length = (along**2).sum(axis=1)
    on = []
    for some in _parts(points, len(outline)):
        to = some[:, np.newaxis] - outline
        share = np.clip((to * along).sum(axis=2) / np.where(length, length, 1), 0, 1)
        on.append((np.linalg.norm(to - share[..., np.newaxis] * along, axis=2) < 2 * TOLERANCE).any(axis=1))
    return np.concatenate(on)


def _holds(outline: Points, points: Points) -> bool:
    """Whether an outline holds any of some points that do not lie on its edges."""
    after = np.roll(outline, -1, axis=0)
    for some in _parts(points, len(outline)):
        row, column = some[:, np.newaxis, 0], some[:, np.newaxis, 1]
        spans = (outline[:, 0] <= row) != (after[:, 0] <= row)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = outline[:, 1] + (row - outline[:, 0]) * (after[:, 1] - outline[:, 1]) / (after[:, 0] - outline[:, 0])
        if ((spans & (at > column)).sum(axis=1) % 2 == 1).any():
            return True
    return False


def _parts(points: Points, others: int) -> list[Points]:
    step = max(1, _PAIRS // others)
    return [points[start : start + step] for start in range(0, len(points), step)]
