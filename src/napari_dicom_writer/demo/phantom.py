"""A volume that shows every flip, swap and lost rotation at a glance: letters on its faces and in its central cuts.

The body and its letters lie straight in the patient; the grid of voxels is oblique to them. A reader that ignores the
orientation shows leaning letters, one that mirrors shows them mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.model.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

Vector = tuple[float, float, float]

SHAPE = (60, 100, 120)
SPACING = (2.0, 1.2, 0.9)
AIR, BODY, LETTER, FACE_LETTER = -1000, 40, 1000, 400

_BLUR = 1.5  # mm over which an edge runs from one value to the other, as in a scanner

_CUT_DOT, _FACE_DOT = 2.8, 5.0  # mm

_HALF = np.array((42.0, 46.0, 48.0))  # of the body along x, y, z, mm
_LEFT, _POSTERIOR, _HEAD = np.eye(3)
_BITMAPS = {
    "R": ("####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#"),
    "L": ("#....", "#....", "#....", "#....", "#....", "#....", "#####"),
    "A": (".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "P": ("####.", "#...#", "#...#", "####.", "#....", "#....", "#...."),
    "H": ("#...#", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"),
    "F": ("#####", "#....", "#....", "####.", "#....", "#....", "#...."),
}
_TOWARD = {"R": -_LEFT, "L": _LEFT, "A": -_POSTERIOR, "P": _POSTERIOR, "F": -_HEAD, "H": _HEAD}
# Rightward and upward in the picture of each central cut: axial seen from the feet, coronal from the front, sagittal
# from the left.
_CUTS = ((_LEFT, -_POSTERIOR), (_LEFT, _HEAD), (_POSTERIOR, _HEAD))


@dataclass(frozen=True, slots=True)
class Glyph:
    """One letter, extruded from its 5×7 bitmap.

    Attributes
    ----------
    letter : str
    center : tuple of float
        LPS mm.
    right, up : tuple of float
        LPS unit vectors along the letter's width and height.
    dot : float
        Edge of one dot of the bitmap, mm.
    depth : float
        How far it is extruded to either side, mm.
    value : int
    """

    letter: str
    center: Vector
    right: Vector
    up: Vector
    dot: float
    depth: float
    value: int

    @property
    def bitmap(self) -> NDArray[np.bool_]:
        """(7, 5), top row first."""
        return np.array([[dot == "#" for dot in row] for row in _BITMAPS[self.letter]])

    def coverage(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Tell for points (..., 3) in LPS mm how much of their neighborhood lies in the letter, from 0 to 1."""
        relative = points - np.array(self.center)
        x, y, z = (relative @ np.array(axis) for axis in (self.right, self.up, np.cross(self.right, self.up)))
        result = np.zeros(points.shape[:-1])
        reach = self.depth + _BLUR
        near = (np.abs(x) < 2.5 * self.dot + reach) & (np.abs(y) < 3.5 * self.dot + reach) & (np.abs(z) < reach)
        columns = _overlap(x[near] / self.dot + 2.5, 5, _BLUR / self.dot)
        rows = _overlap(3.5 - y[near] / self.dot, 7, _BLUR / self.dot)
        result[near] = np.einsum("nr,rc,nc->n", rows, self.bitmap, columns) * _inside(self.depth - np.abs(z[near]))
        return result


def _overlap(positions: NDArray[np.float64], cells: int, width: float) -> NDArray[np.float64]:
    """Return (n, cells): which share of an interval of `width` around each position lies in each cell of length 1."""
    start = np.arange(cells)
    lower = np.maximum(positions[:, None] - width / 2, start)
    upper = np.minimum(positions[:, None] + width / 2, start + 1)
    return np.maximum((upper - lower) / width, 0.0)


def _inside(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blur an edge: 0 outside, 1 inside, from the distance to the edge in mm, positive inside."""
    return np.clip(distance / _BLUR + 0.5, 0, 1)


def orientation_phantom() -> Volume:
    """Make the phantom.

    Returns
    -------
    Volume
        60 planes × 100 rows × 120 columns, int16 in Hounsfield-like units, 2 × 1.2 × 0.9 mm, rotated by 11° about the
        left-right and by 10° about the front-back axis, centered at the LPS origin.

    Examples
    --------
    >>> phantom = orientation_phantom()
    >>> phantom.shape, str(phantom.dtype)
    ((60, 100, 120), 'int16')
    """
    direction = _rotation(_LEFT, 11) @ _rotation(_POSTERIOR, 10) @ np.stack((_HEAD, _POSTERIOR, _LEFT), axis=1)
    position = -direction @ (np.array(SPACING) * (np.array(SHAPE) - 1) / 2)
    steps = direction * np.array(SPACING)
    points = np.moveaxis(np.indices(SHAPE), 0, -1) @ steps.T + position
    return Volume(
        _paint(points),
        spacing=SPACING,
        position=position.tolist(),
        direction=direction,
        name="orientation phantom",
        window=(-300, 700),
    )


def _rotation(axis: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """Return the rotation about a unit vector (Rodrigues' formula)."""
    cross = np.cross(np.eye(3), -axis)
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def _paint(points: NDArray[np.float64]) -> NDArray[np.int16]:
    """Give every point (..., 3), LPS mm, its value."""
    values = np.full(points.shape[:-1], AIR, float)
    # A box with rounded edges: flat where the letters are, and inside the oblique grid.
    edge = ((points / _HALF) ** 4).sum(axis=-1) ** 0.25
    shapes = [(_inside((1 - edge) * _HALF.mean()), BODY)]
    shapes += [(_inside(radius - np.linalg.norm(points - at, axis=-1)), value) for at, radius, value in _LANDMARKS]
    shapes += [(glyph.coverage(points), glyph.value) for glyph in glyphs()]
    for coverage, value in shapes:
        values += coverage * (value - values)
    return np.asarray(np.rint(values), np.int16)


# A heart to the left and front, seen in all central cuts, and one ball each in three corners: nothing is symmetric.
_LANDMARKS = (
    ((7.0, -4.0, 3.0), 9.0, 250),
    ((22.0, -24.0, 24.0), 8.0, 450),
    ((-22.0, 24.0, 22.0), 6.0, -1000),
    ((22.0, 24.0, -26.0), 7.0, -500),
)


def glyphs() -> tuple[Glyph, ...]:
    """Return every letter: four in each central cut, beside its center lines, and one on each face."""
    in_cuts = [glyph for right, up in _CUTS for glyph in _cut_letters(right, up)]
    return (*in_cuts, *(_face_letter(letter) for letter in _TOWARD))


def _cut_letters(right: NDArray[np.float64], up: NDArray[np.float64]) -> list[Glyph]:
    """Place the letters of one cut near its four edges, clockwise of the center lines where the other cuts pass.

    They are so deep that the central planes of the oblique grid show them, too.
    """
    found = []
    for letter, toward in _TOWARD.items():
        if not toward @ np.cross(right, up):
            clockwise = (toward @ up) * right - (toward @ right) * up
            extent = (2.5 if toward @ right else 3.5) * _CUT_DOT  # half of the letter, toward its edge
            center = toward * (abs(toward) @ _HALF - extent - 6) + clockwise * 22.5
            found.append(Glyph(letter, _vector(center), _vector(right), _vector(up), _CUT_DOT, 13.5, LETTER))
    return found


def _face_letter(letter: str) -> Glyph:
    """Stand a letter on a face, to be read from outside with the head (on the head and feet, the front) up."""
    outward = _TOWARD[letter]
    up = -_POSTERIOR if letter in "HF" else _HEAD
    center = outward * (abs(outward) @ _HALF + 1)
    return Glyph(letter, _vector(center), _vector(np.cross(up, outward)), _vector(up), _FACE_DOT, 2.5, FACE_LETTER)


def _vector(array: NDArray[np.float64]) -> Vector:
    x, y, z = map(float, array)
    return x, y, z
