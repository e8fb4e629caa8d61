"""Three cuts through a grid as radiology looks at them: which axis runs where, toward which side of the patient.

Everything comes from the `Grid` that will be written, nothing from the array: what the cuts say is what the files say.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.geometry import patient_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.grid import Grid

# By the patient axis they are perpendicular to: x, y, z of LPS.
_NAMES = ("sagittal", "coronal", "axial")
# What radiology shows rightward and downward: a patient axis, and whether along it (1) or against it (-1).
_CONVENTION = {
    "axial": ((0, 1), (1, 1)),  # left, posterior
    "coronal": ((0, 1), (2, -1)),  # left, foot
    "sagittal": ((1, 1), (2, -1)),  # posterior, foot
}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two grid axes that a cut shows.

    Attributes
    ----------
    axis : int
        0, 1 or 2 of (planes, rows, columns).
    flipped : bool
        Whether the index falls in the direction shown (rightward, or downward).
    count : int
        Voxels along it.
    spacing : float
        mm between them.
    toward : tuple of float
        LPS unit vector of the direction shown.
    """

    axis: int
    flipped: bool
    count: int
    spacing: float
    toward: tuple[float, float, float]

    @property
    def letters(self) -> tuple[str, str]:
        """Patient letters where the side begins (left, top) and where it ends (right, bottom)."""
        vector = np.array(self.toward)
        return patient_letters(-vector), patient_letters(vector)

    @property
    def length(self) -> float:
        """Mm from edge to edge, whole voxels."""
        return self.count * self.spacing


@dataclass(frozen=True, slots=True)
class Cut:
    """One central cut through the grid, as it is shown.

    Attributes
    ----------
    name : str
        ``axial``, ``coronal`` or ``sagittal``, whichever its grid axis comes nearest to.
    written : bool
        Whether this is a plane as a 2-D viewer shows the file: columns rightward, rows downward. The others are
        reformats, flipped and turned as radiology shows them.
    normal : int
        The grid axis it is perpendicular to: 0, 1 or 2 of (planes, rows, columns).
    index : int
        Where along that axis.
    across, down : Side
        What runs rightward, and what downward.
    """

    name: str
    written: bool
    normal: int
    index: int
    across: Side
    down: Side

    @property
    def letters(self) -> tuple[str, str, str, str]:
        """Patient letters at the left, right, top and bottom edge; compound ones, such as ``LA``, where oblique."""
        return (*self.across.letters, *self.down.letters)

    @property
    def width(self) -> float:
        """Mm."""
        return self.across.length

    @property
    def height(self) -> float:
        """Mm."""
        return self.down.length

    def shares(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where voxels are shown.

        Parameters
        ----------
        points
            (points, 3): indices of planes, rows and columns.

        Returns
        -------
        numpy.ndarray
            (points, 2): share of the way from left to right, and from top to bottom, 0 to 1.
        """
        ways = []
        for side in (self.across, self.down):
            share = (points[:, side.axis] + 0.5) / side.count
            ways.append(1 - share if side.flipped else share)
        return np.column_stack(ways)

    def orient(self, section: NDArray[Any]) -> NDArray[Any]:
        """Turn and flip a section of the array to what is shown.

        Parameters
        ----------
        section
            The array at `index` along `normal`: its other two axes in the order (planes, rows, columns), then samples
            where there are any.

        Returns
        -------
        numpy.ndarray
            (downward, rightward) or (downward, rightward, samples); a view.
        """
        turned = section if self.down.axis < self.across.axis else section.swapaxes(0, 1)
        return turned[:: -1 if self.down.flipped else 1, :: -1 if self.across.flipped else 1]


def middle(shape: Sequence[int]) -> tuple[int, int, int]:
    """Return the plane, row and column in the middle."""
    planes, rows, columns = shape
    return planes // 2, rows // 2, columns // 2


def make_cuts(grid: Grid, shape: tuple[int, int, int], through: tuple[int, int, int] | None = None) -> tuple[Cut, ...]:
    """Choose the cuts: the written plane, then the two reformats in the order axial, coronal, sagittal.

    Parameters
    ----------
    grid
        As it will be written.
    shape
        (planes, rows, columns).
    through
        Plane, row and column that they go through; default: the middle.

    Returns
    -------
    tuple of Cut
        Three; only the written plane for a 2-D image, which has no thickness to be cut through.
    """
    through = through or middle(shape)
    directions = _directions(grid)
    patient_axes = _patient_axes(directions)
    written = Cut(
        name=_NAMES[patient_axes[0]],
        written=True,
        normal=0,
        index=through[0],
        across=_side(grid, shape, 2, directions, flipped=False),
        down=_side(grid, shape, 1, directions, flipped=False),
    )
    if not grid.spacing_between_planes:
        return (written,)
    reformats = [_reformat(grid, shape, directions, patient_axes, (normal, through[normal])) for normal in (1, 2)]
    return (written, *sorted(reformats, key=lambda cut: cut.name))


def _reformat(
    grid: Grid,
    shape: tuple[int, int, int],
    directions: NDArray[np.float64],
    patient_axes: tuple[int, ...],
    where: tuple[int, int],
) -> Cut:
    """Look along a grid axis, from an index, as radiology would."""
    normal, index = where
    name = _NAMES[patient_axes[normal]]
    across, down = (
        _side(grid, shape, axis, directions, flipped=bool(directions[patient_axis, axis] * sign < 0))
        for patient_axis, sign in _CONVENTION[name]
        for axis in (patient_axes.index(patient_axis),)
    )
    return Cut(name=name, written=False, normal=normal, index=index, across=across, down=down)


def _side(
    grid: Grid, shape: tuple[int, int, int], axis: int, directions: NDArray[np.float64], *, flipped: bool
) -> Side:
    spacing = (float(grid.spacing_between_planes or "nan"), *map(float, grid.pixel_spacing))
    x, y, z = (directions[:, axis] * (-1 if flipped else 1)).tolist()
    return Side(axis=axis, flipped=flipped, count=shape[axis], spacing=spacing[axis], toward=(x, y, z))


def _directions(grid: Grid) -> NDArray[np.float64]:
    """Return 3×3: column j is the LPS unit vector along which array index j rises."""
    matrix = grid.affine()[:3, :3]
    return np.asarray(matrix / np.linalg.norm(matrix, axis=0))


def _patient_axes(directions: NDArray[np.float64]) -> tuple[int, ...]:
    """Give each grid axis a patient axis of its own, so that together they deviate least."""

    def agreement(axes: tuple[int, ...]) -> float:
        # Rounded: at 45° noise must not decide, but the order of the candidates.
        return round(float(sum(abs(directions[patient, axis]) for axis, patient in enumerate(axes))), 9)

    # The first of equals wins: the default volume, axial.
    return max(permutations((2, 1, 0)), key=agreement)
