"""Transforms of layers and volumes, and where they put a voxel by the words of their documentation.

napari: ``world = affine @ [[rotate @ shear @ diag(scale), translate], [0, 1]] @ index``, and world (z, y, x), reversed,
is LPS (x, y, z). Nothing of the package is used here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from fuzz.texts import rarely
from judges.volumes import rotation

UNITS = {
    "mm": 1.0,
    "um": 1e-3,
    "nm": 1e-6,
    "cm": 10.0,
    "m": 1e3,
    "millimeter": 1.0,
    "micrometer": 1e-3,
    "angstrom": 1e-7,
}
# The length of one `pixel`, by the option of that name.
PIXEL_UNITS = {"mm": 1.0, "um": 1e-3, "0.65 um": 0.65e-3, "2 cm": 20.0}
NO_LENGTH = ("kg", "no such unit", "mm**2")

Vector = tuple[float, ...]
Matrix = tuple[Vector, ...]


@dataclass(frozen=True)
class Place:
    """A layer's transforms along its spatial axes, which are two or three.

    Attributes
    ----------
    scale, translate : tuple of float
    rotate : tuple of tuple
        n × n.
    shear : tuple of float
        Upper triangle of an n × n matrix, row by row.
    affine : tuple of tuple or None
        (n + 1) × (n + 1).
    units : tuple of str
        Of each axis; ``pixel`` has the length of the option.
    """

    scale: Vector
    rotate: Matrix
    shear: Vector
    translate: Vector
    affine: Matrix | None
    units: tuple[str, ...]

    @property
    def dims(self) -> int:
        """How many spatial axes there are."""
        return len(self.scale)

    def world(self) -> np.ndarray:
        """(n + 1) × (n + 1): index → world."""
        n = self.dims
        shear = np.eye(n)
        shear[np.triu_indices(n, 1)] = self.shear
        inner = np.eye(n + 1)
        inner[:n, :n] = np.array(self.rotate) @ shear @ np.diag(self.scale)
        inner[:n, n] = self.translate
        return inner if self.affine is None else np.array(self.affine) @ inner

    def lps(self, pixel_unit: str, world: str) -> np.ndarray:
        """(plane, row, column, 1) → LPS mm, NaN where a unit is not a length; one plane lies at z = 0."""
        n = self.dims
        lengths = UNITS | {"pixel": PIXEL_UNITS[pixel_unit]}
        to_mm = np.diag([lengths.get(unit, np.nan) for unit in self.units] + [1])
        with np.errstate(all="ignore"):
            matrix = to_mm @ self.world()
        full = np.eye(4)
        full[3 - n :, 3 - n :] = matrix
        # Rows z, y, x become x, y, z.
        full = full[[2, 1, 0, 3]]
        if world == "RAS":
            full[:2] *= -1
        return full


def smallest(affine: np.ndarray, *, planar: bool = False) -> float:
    """The least distance between neighbors, in mm; of planes only where there are several."""
    return float(np.linalg.norm(affine[:3, int(planar) : 3], axis=0).min())


def is_plain(affine: np.ndarray, shape: tuple[int, int, int]) -> bool:
    """Whether nobody could object: finite, at right angles, of usual size and near the origin."""
    if not np.isfinite(affine).all() or not np.array_equal(affine[3], (0, 0, 0, 1)):
        return False
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if lengths.min() < 1e-7 or lengths.max() > 1e5 or lengths.max() / lengths.min() > 1e6:
        return False
    unit = affine[:3, :3] / lengths
    across = np.abs(unit.T @ unit - np.eye(3)).max() * (lengths * shape).max()
    return bool(across < 1e-4 * lengths.min() and np.abs(affine[:3, 3]).max() < 1e7 * lengths.min())


_SPACING = st.one_of(
    st.sampled_from([1.0, 1.0, 0.7, 2.5, 0.1, 1 / 3, 5e-4, 12.5]),
    st.floats(0.01, 20).map(lambda x: float(f"{x:.6g}")),
    st.floats(-3, 2).map(lambda e: 10**e),
)
_ODD_SPACING = st.one_of(
    st.sampled_from([0.0, float("nan"), float("inf"), 1e-16, 5e-324, 1e19, 1e200]),
    st.floats(-14, 17).map(lambda e: 10**e),
)
_SHIFT = st.one_of(st.sampled_from([0.0, 0.0, 1.0, -250.5, 1e-20]), st.floats(-500, 500), st.floats(-1e5, 1e5))
_ODD_SHIFT = st.one_of(
    st.sampled_from([1e9, -1e13, 1e15, float("nan"), float("-inf")]),
    st.floats(6, 14).map(lambda e: 10**e),
)


def _seldom(usual: st.SearchStrategy[float], odd: st.SearchStrategy[float]) -> st.SearchStrategy[float]:
    return rarely.flatmap(lambda strange: odd if strange else usual)


def _tuples(matrix: np.ndarray) -> Matrix:
    return tuple(tuple(float(x) for x in row) for row in matrix)


@st.composite
def turns(draw: st.DrawFn, n: int) -> np.ndarray:
    """Draw a rotation: none, quarter turns, any, tiny ones, in single precision."""
    kind = draw(st.sampled_from(["none", "none", "quarters", "any", "any", "tiny", "single"]))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    if kind == "none":
        return np.eye(n)
    if kind == "quarters":
        matrix = np.eye(n)[rng.permutation(n)] * rng.choice([-1, 1], n)
        return matrix * (1, *(1,) * (n - 2), np.linalg.det(matrix))
    angle = 10 ** rng.uniform(-9, -2) if kind == "tiny" else rng.uniform(-np.pi, np.pi)
    turn = np.eye(n)
    turn[-2:, -2:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    if n == 3 and kind != "tiny":
        turn = rotation(rng)
    return turn.astype(np.float32).astype(float) if kind == "single" else turn


@st.composite
def _affines(draw: st.DrawFn, n: int) -> np.ndarray | None:
    kind = draw(
        st.sampled_from(["none"] * 9 + ["identity", "rigid", "rigid", "rigid", "mirrored", "scaled", "any", "broken"])
    )
    if kind == "none":
        return None
    matrix = np.eye(n + 1)
    if kind == "identity":
        return matrix
    matrix[:n, :n] = draw(turns(n))
    matrix[:n, n] = [draw(_SHIFT) for _ in range(n)]
    if kind == "mirrored":
        matrix[0, :n] *= -1
    if kind == "scaled":
        matrix[:n, :n] *= draw(_SPACING)
    if kind == "any":
        matrix[:n, :n] *= [[draw(_SPACING)] for _ in range(n)]
    if kind == "broken":
        what = draw(st.sampled_from(["singular", "nan", "last row"]))
        where, value = {"singular": ((0, slice(0, n)), 0), "nan": ((0, 0), np.nan), "last row": ((n, 0), 0.5)}[what]
        matrix[where] = value
    return matrix


@st.composite
def layer_places(draw: st.DrawFn, n: int, pixel_unit: str) -> Place:
    """Draw all of a layer's transforms."""
    scale = [draw(_seldom(_SPACING, _ODD_SPACING)) for _ in range(n)]
    flips = [draw(st.sampled_from([1, 1, 1, -1])) for _ in range(n)]
    count = n * (n - 1) // 2
    shear = [0.0] * count
    if draw(rarely):
        shear[draw(st.integers(0, count - 1))] = draw(st.sampled_from([1e-12, 1e-7, 1e-4, 0.05, 0.4, -3.0]))
    units = draw(st.sampled_from([("pixel",) * n, ("mm",) * n, ("um",) * n, None]))
    if units is None:
        units = tuple(draw(st.sampled_from([*UNITS, "pixel", *(NO_LENGTH if draw(rarely) else ())])) for _ in range(n))
    affine = draw(_affines(n))
    return Place(
        scale=tuple(s * f for s, f in zip(scale, flips, strict=True)),
        rotate=_tuples(draw(turns(n))),
        shear=tuple(shear),
        translate=tuple(draw(_seldom(_SHIFT, _ODD_SHIFT)) for _ in range(n)),
        affine=None if affine is None else _tuples(affine),
        units=tuple(units),
    )


@dataclass(frozen=True)
class VolumePlace:
    """How a `Volume` is told its place: by an affine, or by its parts.

    `spacing` is along (planes, rows, columns), or (rows, columns) of one plane; column j of `direction` is where the
    j-th of these axes goes.
    """

    spacing: Vector | None = None
    position: Vector | None = None
    direction: Matrix | None = None
    affine: Matrix | None = None

    def lps(self) -> np.ndarray:
        """(plane, row, column, 1) → LPS mm."""
        if self.affine is not None:
            return np.array(self.affine)
        matrix = np.eye(4)
        axial = [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
        spacing = np.ones(3)
        if self.spacing is not None:
            spacing[3 - len(self.spacing) :] = self.spacing
        with np.errstate(all="ignore"):
            matrix[:3, :3] = np.array(axial if self.direction is None else self.direction) @ np.diag(spacing)
        matrix[:3, 3] = 0 if self.position is None else self.position
        return matrix


@st.composite
def volume_places(draw: st.DrawFn, dims: int) -> VolumePlace:
    """Draw either way to place a volume of three axes or a plane of two."""
    spacing = np.array([draw(_seldom(_SPACING, _ODD_SPACING)) for _ in range(3)])
    position = tuple(draw(_seldom(_SHIFT, _ODD_SHIFT)) for _ in range(3))
    axes = draw(turns(3)) * [draw(st.sampled_from([1, 1, -1])) for _ in range(3)]
    kind = draw(st.sampled_from(["affine"] * 4 + ["parts"] * 3 + ["spacing", "nothing", "sheared"]))
    if kind == "nothing":
        return VolumePlace()
    if kind == "spacing":
        return VolumePlace(spacing=tuple(spacing[3 - dims :].tolist()))
    if kind == "parts":
        return VolumePlace(spacing=tuple(spacing.tolist()), position=position, direction=_tuples(axes))
    matrix = np.eye(4)
    if kind == "sheared":
        axes = axes + np.random.default_rng(draw(st.integers(0, 99))).normal(scale=0.1, size=(3, 3))
    with np.errstate(all="ignore"):
        matrix[:3, :3] = axes * spacing
    matrix[:3, 3] = position
    return VolumePlace(affine=_tuples(matrix))
