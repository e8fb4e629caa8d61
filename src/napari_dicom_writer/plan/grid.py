"""The planes of a series, in the numbers that will be written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Fix, GeometryError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.geometry import (
    MAX_DISPLACEMENT,
    check_affine,
    corners,
    is_sheared,
    largest_displacement,
    orthogonal_affine,
    shear_angle,
)
from napari_dicom_writer.standard.decimals import decimal_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_DIGITS = 4  # of a voxel, behind the point
_DS = 16  # bytes of a number


@dataclass(frozen=True, slots=True)
class Grid:
    """An orthogonal grid of planes exactly as the attributes will say, every number already rounded to DS.

    Positions are computed from the rounded orientation and spacing, so that rounding never adds up over the planes.

    Attributes
    ----------
    pixel_spacing : tuple of str
        PixelSpacing: distance between rows, distance between columns, mm.
    orientation : tuple of str
        ImageOrientationPatient: row cosines (toward increasing column index), column cosines.
    spacing_between_planes : str
        mm along the normal; empty for a 2-D image, whose thickness is unknown.
    origin : tuple of float
        Center of the voxel at index (0, 0, 0), LPS mm.
    step : tuple of float
        From one plane index to the next, LPS mm.
    reversed : bool
        Whether instances run against the plane index, because the layer is left-handed: Instance Number always rises
        along row × column.
    """

    pixel_spacing: tuple[str, str]
    orientation: tuple[str, str, str, str, str, str]
    spacing_between_planes: str
    origin: tuple[float, float, float]
    step: tuple[float, float, float]
    reversed: bool

    @property
    def row_cosines(self) -> NDArray[np.float64]:
        """Unit vector along which the column index increases."""
        return np.array(self.orientation[:3], float)

    @property
    def column_cosines(self) -> NDArray[np.float64]:
        """Unit vector along which the row index increases."""
        return np.array(self.orientation[3:], float)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Row × column cosines: where Instance Number rises."""
        return np.cross(self.row_cosines, self.column_cosines)

    def places(self, planes: Sequence[int]) -> list[tuple[tuple[str, str, str], str]]:
        """ImagePositionPatient and SliceLocation (along the normal) of the planes at array indices `planes`.

        Raises
        ------
        GeometryError
            If they lie so far from the origin that sixteen bytes cannot tell neighboring voxels apart.
        """
        exact = np.array(self.origin) + np.outer(planes, self.step)
        smallest = min(map(float, (*self.pixel_spacing, self.spacing_between_planes or self.pixel_spacing[0])))
        along = exact @ self.normal
        # Rounding noise such as 1e-17 would print as such; a billionth of a voxel is nothing.
        rows = np.column_stack([exact, along])
        rows[np.abs(rows) < 1e-9 * smallest] = 0
        texts = [tuple(map(decimal_string, row)) for row in rows.tolist()]
        # What 16 bytes lose, and what double precision has lost before. Readers compare gaps between planes: where
        # one is too long and the next too short, four such losses add up.
        lost = np.abs(np.array(texts, float)[:, :3] - exact) + np.spacing(np.abs(exact))
        if 4 * lost.max() > MAX_DISPLACEMENT * smallest:
            raise GeometryError(
                f"It lies {np.abs(exact).max():.3g} mm from the origin, where a position cannot tell its voxels of "
                f"{smallest:g} mm apart",
                "Move the layer nearer to the origin",
            )
        return [((x, y, z), location) for x, y, z, location in texts]

    def largest_coordinate(self, shape: Sequence[int]) -> float:
        """Return the largest coordinate, in mm, of any voxel of a (planes, rows, columns) grid."""
        affine = self.affine()
        return float(np.abs(affine[:3, :3] @ corners(shape) + affine[:3, 3:]).max())

    def coordinate_digits(self, shape: Sequence[int], farthest: float = 0.0) -> tuple[int, int]:
        """Return how a coordinate of a contour is written, in no more than the 16 bytes of a DS.

        Parameters
        ----------
        shape
            (planes, rows, columns) of the grid.
        farthest
            The largest coordinate that lies beyond it, mm.

        Returns
        -------
        whole, digits : int
            Characters up to the point, with sign, and digits behind it: a ten thousandth of a voxel, if they fit.
        """
        finest = min(map(float, self.pixel_spacing))
        whole = len(str(int(max(farthest, self.largest_coordinate(shape))))) + 2
        return whole, max(1, min(_DIGITS + max(0, math.ceil(-math.log10(finest))), _DS - whole))

    def affine(self) -> NDArray[np.float64]:
        """What a reader makes of the attributes: (plane, row, column, 1) → LPS mm."""
        matrix = np.eye(4)
        row_spacing, column_spacing = map(float, self.pixel_spacing)
        matrix[:3, 0] = self.step if any(self.step) else self.normal
        matrix[:3, 1] = self.column_cosines * row_spacing
        matrix[:3, 2] = self.row_cosines * column_spacing
        matrix[:3, 3] = self.origin
        return matrix


def make_grid(affine: NDArray[np.float64], shape: Sequence[int], *, thickness_known: bool = True) -> Grid:
    """Round the geometry of a volume to the attributes of its planes.

    Parameters
    ----------
    affine
        (plane, row, column, 1) → LPS mm.
    shape
        (planes, rows, columns).
    thickness_known
        Whether a single plane has a thickness: False for a 2-D image.

    Raises
    ------
    GeometryError
        If the affine is singular, not finite, or sheared.
    """
    check_affine(affine)
    if is_sheared(affine, shape):
        angle, axes = shear_angle(affine)
        raise GeometryError(
            f"The {axes} axes are {angle:.3g}° off a right angle, which DICOM planes cannot hold",
            f"Remove the shear from the layer's transform, or choose {mention('shear', 'resample')}",
            fix=Fix("shear", "resample", "Resample"),
        )
    straight = orthogonal_affine(affine)
    spacing = np.linalg.norm(straight[:3, :3], axis=0)
    unit = straight[:3, :3] / spacing
    row_x, row_y, row_z = _cosines(unit[:, 2])
    column_x, column_y, column_z = _cosines(unit[:, 1])
    orientation = (row_x, row_y, row_z, column_x, column_y, column_z)
    normal = np.cross(np.array(orientation[:3], float), np.array(orientation[3:], float))
    single = shape[0] == 1
    between = decimal_string(float(spacing[0])) if thickness_known else ""
    left_handed = bool(np.dot(unit[:, 0], normal) < 0)
    step = np.zeros(3) if single else normal * float(between) * (-1 if left_handed else 1)
    ox, oy, oz = map(float, affine[:3, 3])
    sx, sy, sz = map(float, step)
    grid = Grid(
        pixel_spacing=(decimal_string(float(spacing[1])), decimal_string(float(spacing[2]))),
        orientation=orientation,
        spacing_between_planes=between,
        origin=(ox, oy, oz),
        step=(sx, sy, sz),
        reversed=left_handed and not single,
    )
    if largest_displacement(straight, grid.affine(), shape) > MAX_DISPLACEMENT * spacing.min():
        raise GeometryError(
            f"Its voxels measure from {spacing.min():.3g} to {spacing.max():.3g} mm, and over its size directions of "
            "16 bytes cannot hold both",
            "Check the units and the scale of its axes",
        )
    return grid


def _cosines(vector: NDArray[np.float64]) -> tuple[str, str, str]:
    x, y, z = (decimal_string(_denoise(float(v), 1e-13)) for v in vector)
    return x, y, z


def _denoise(value: float, noise: float) -> float:
    return 0.0 if abs(value) < noise else value
