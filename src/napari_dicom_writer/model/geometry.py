"""From an affine (index → LPS mm) to the attributes that place a plane, and the checks on the way.

Patient coordinates are LPS: x rises to the patient's Left, y to Posterior, z to the Head (PS3.3 C.7.6.2.1.1).
Array axes are always (plane, row, column).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# Largest displacement of any voxel, in voxels, for which a grid still counts as orthogonal. Affines stored as float32
# (NIfTI) are off by about 1e-6 voxel; a gantry tilt of 0.1° over 50 planes by 0.09.
MAX_DISPLACEMENT = 0.01
_AXIS_NAMES = ("plane", "row", "column")


def compose_affine(
    spacing: Sequence[float], position: Sequence[float] = (0, 0, 0), direction: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Build the affine (plane, row, column, 1) → LPS mm from its parts.

    Parameters
    ----------
    spacing
        Distance between neighbors along (planes, rows, columns), in mm.
    position
        Center of the first voxel, LPS mm (x, y, z).
    direction
        3×3; column j is the LPS unit vector along which array axis j increases. Default: planes toward the head,
        rows toward posterior, columns toward left, an axial volume.

    Returns
    -------
    numpy.ndarray
        4×4 float64.
    """
    axial = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    matrix = np.eye(4)
    axes = axial if direction is None else np.asarray(direction, float)
    with np.errstate(all="ignore"):  # what is not finite is refused, and needs no warning
        matrix[:3, :3] = axes @ np.diag(np.asarray(spacing, float))
    matrix[:3, 3] = position
    return matrix


def check_affine(affine: NDArray[np.float64]) -> None:
    """Refuse an affine that places voxels nowhere.

    Raises
    ------
    GeometryError
        NaN or infinite elements, axes of no length, axes in one plane.
    """
    remedy = "Give the layer a finite scale, rotation and translation, with no axis of length zero"
    if affine.shape != (4, 4) or not np.allclose(affine[3], (0, 0, 0, 1)):
        raise GeometryError(f"The affine is no 4×4 matrix ending in 0 0 0 1, but {affine.tolist()}", remedy)
    if not np.isfinite(affine).all():
        raise GeometryError("The geometry holds NaN or infinite numbers", remedy)
    with np.errstate(over="ignore", under="ignore"):  # an infinite length is refused below
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
    for name, length in zip(_AXIS_NAMES, lengths, strict=True):
        # DS holds smaller and larger numbers, but readers do not: SimpleITK ends near 1e-17, dcm2niix at 1e20.
        if not 1e-15 < length < 1e18:
            raise GeometryError(f"The spacing along the {name} axis is {length:g} mm", remedy)
    if abs(np.linalg.det(affine[:3, :3] / lengths)) < 1e-6:
        raise GeometryError("The geometry is singular: its axes lie in one plane", remedy)


def orthogonal_affine(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the orthogonal grid next to `affine`: same first voxel, row cosines and planes.

    The column index keeps its direction, rows stay in the plane, and planes stay where they are along the normal:
    the planes of a tilted gantry are only moved within themselves.
    """
    column_step, row_step, plane_step = (affine[:3, axis] for axis in (2, 1, 0))
    along_columns = column_step / np.linalg.norm(column_step)
    in_plane = row_step - np.dot(row_step, along_columns) * along_columns
    along_rows = in_plane / np.linalg.norm(in_plane)
    normal = np.cross(along_columns, along_rows)
    result = affine.copy()
    result[:3, 1] = np.dot(row_step, along_rows) * along_rows
    result[:3, 0] = np.dot(plane_step, normal) * normal
    return result


def corners(shape: Sequence[float], *, margin: float = 0.0) -> NDArray[np.float64]:
    """Return the indices of the eight corners of a grid.

    Parameters
    ----------
    shape
        Lengths along its axes.
    margin
        Voxels beyond the centers of the outermost ones; half a one reaches their edges.

    Returns
    -------
    ndarray
        (axes, corners), one column a corner.

    Examples
    --------
    >>> corners((2, 3), margin=0.5).tolist()
    [[-0.5, -0.5, 1.5, 1.5], [-0.5, 2.5, -0.5, 2.5]]
    """
    ends = [(-margin, n - 1 + margin) for n in shape]
    indices: NDArray[np.float64] = np.array(np.meshgrid(*ends, indexing="ij"), np.float64).reshape(len(ends), -1)
    return indices


def largest_displacement(affine: NDArray[np.float64], other: NDArray[np.float64], shape: Sequence[int]) -> float:
    """Return how far the two affines place any voxel of a (planes, rows, columns) grid apart, in mm."""
    apart = (affine[:3, :3] - other[:3, :3]) @ corners(shape) + (affine[:3, 3:] - other[:3, 3:])
    return float(np.linalg.norm(apart, axis=0).max())


def shear_angle(affine: NDArray[np.float64]) -> tuple[float, str]:
    """Return the largest deviation from a right angle, in degrees, and between which axes."""
    unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    pairs = ((1, 2), (0, 1), (0, 2))
    angles = [float(np.degrees(np.arcsin(min(1.0, abs(np.dot(unit[:, a], unit[:, b])))))) for a, b in pairs]
    worst = int(np.argmax(angles))
    return angles[worst], " and ".join(_AXIS_NAMES[axis] for axis in pairs[worst])


def is_sheared(affine: NDArray[np.float64], shape: Sequence[int]) -> bool:
    """Whether an orthogonal grid would place some voxel more than `MAX_DISPLACEMENT` voxels away."""
    smallest = float(np.linalg.norm(affine[:3, :3], axis=0).min())
    return largest_displacement(affine, orthogonal_affine(affine), shape) > MAX_DISPLACEMENT * smallest


def patient_letters(vector: ArrayLike) -> str:
    """Name a direction by the letters of PatientOrientation (PS3.3 C.7.6.1.1.1), the strongest component first.

    Examples
    --------
    >>> patient_letters((1, 0, 0)), patient_letters((0, -1, 0)), patient_letters((0, 0.3, 0.95))
    ('L', 'A', 'HP')
    """
    components = np.asarray(vector, float)
    length = np.linalg.norm(components)
    order = np.argsort(-np.abs(components), kind="stable")
    # Below 0.1 (6°) a component is no help to a person reading the letters.
    return "".join("RAF"[i] if components[i] < 0 else "LPH"[i] for i in order if abs(components[i]) > 0.1 * length)
