"""Outlines and points drawn in space, by region: what a layer of shapes or points holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSED, POINT = "CLOSED_PLANAR", "POINT"
CLOSED_XOR, OPEN, OPEN_NONPLANAR = "CLOSEDPLANAR_XOR", "OPEN_PLANAR", "OPEN_NONPLANAR"
ENCLOSING, LINES = (CLOSED, CLOSED_XOR), (OPEN, OPEN_NONPLANAR)
"""Contour Geometric Type (PS3.3 C.8.8.6): those of outlines that are closed, and of lines that are not."""


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
    told : bool
        Whether its kind was told by whoever drew it, and not taken for want of another.
    """

    region: int
    kind: str
    points: NDArray[np.float64]
    name: str
    told: bool = True
