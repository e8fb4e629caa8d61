"""Outlines and points drawn in space, by region: what a layer of shapes or points holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLOSED, POINT = "CLOSED_PLANAR", "POINT"
CLOSED_XOR, OPEN, OPEN_NONPLANAR = "CLOSEDPLANAR_XOR", "OPEN_PLANAR", "OPEN_NONPLANAR"
ENCLOSING = (CLOSED, CLOSED_XOR)
"""Contour Geometric Type (PS3.3 C.8.8.6), and those of outlines that are closed."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """An outline, a line, or a point.

    Attributes
    ----------
    region : int
        Which region it is of, from 1.
    kind : str
        Contour Geometric Type.
    points : numpy.ndarray
        (points, 3), LPS mm (x, y, z); of closed outlines, the first needs no repetition.
    name : str
        What messages call it.
    """

    region: int
    kind: str
    points: NDArray[np.float64]
    name: str


def crosses_itself(points: NDArray[np.float64]) -> bool:
    """Whether two edges of a closed outline cross, or one turns back on itself.

    Parameters
    ----------
    points
        (points, 2), in the plane of the outline.
    """
    a, b = points, np.roll(points, -1, axis=0)
    count = len(points)
    for first in range(count - 2):
        others = np.arange(first + 2, count - (first == 0))
        if len(others) and _cross(a[first], b[first], a[others], b[others]).any():
            return True
    return False


def _cross(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether the edge from `a` to `b` has an inner point in common with each of those from `c` to `d`."""
    crossing: NDArray[np.bool_] = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
    return crossing


def _side(a: NDArray[np.float64], b: NDArray[np.float64], point: NDArray[np.float64]) -> NDArray[np.float64]:
    along, to = b - a, point - a
    side: NDArray[np.float64] = np.sign(along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0])
    return side
