"""Two grids of voxels compared by where their voxels lie, whatever the order of their axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.geometry import corners

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TURNED = 0.1  # how far a step may be from one along an axis of the other grid, in steps


def whole_steps(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Tell along which axis of the target each axis of the source runs, if they have the same steps.

    Parameters
    ----------
    source, target
        4×4: (plane, row, column, 1) → LPS mm.

    Returns
    -------
    numpy.ndarray or None
        3×3: a column for each axis of the source, all 0 but for one 1 or -1.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the axes of the target span no space.
    """
    steps = np.linalg.inv(target[:3, :3]) @ source[:3, :3]
    whole: NDArray[np.float64] = np.rint(steps)
    permuted = all((np.abs(whole).sum(axis=axis) == 1).all() for axis in (0, 1))
    return whole if permuted and np.abs(steps - whole).max() <= _TURNED else None


@dataclass(frozen=True, slots=True)
class IndexMap:
    """How an index of one grid becomes one of another.

    Attributes
    ----------
    axes : tuple of int
        The axis of the target along which each axis of the source runs.
    flipped : tuple of bool
        Whether it runs backwards, for each axis of the source.
    apart : float
        How far any voxel of the source lies from that of the target, mm.
    share : float
        The same, in the smallest spacing.
    """

    axes: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    apart: float
    share: float

    def turn(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn an array of the target, (planes, rows, columns[, samples]), so that it is indexed as the source is."""
        turned = values.transpose(*self.axes, *range(3, values.ndim))
        return turned[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]


def index_map(
    source: NDArray[np.float64], source_shape: Sequence[int], target: NDArray[np.float64], target_shape: Sequence[int]
) -> IndexMap | str:
    """Find which voxel of the target is that of the source.

    Parameters
    ----------
    source, target
        4×4: (plane, row, column, 1) → LPS mm.
    source_shape, target_shape
        (planes, rows, columns).

    Returns
    -------
    IndexMap or str
        Or why there is none, in words.

    Examples
    --------
    >>> flipped = np.diag([-2.0, 1, 1, 1])
    >>> flipped[0, 3] = 4
    >>> index_map(np.diag([2.0, 1, 1, 1]), (3, 4, 5), flipped, (3, 4, 5)).flipped
    (True, False, False)
    """
    one, other = _with_thickness(source, source_shape), _with_thickness(target, target_shape)
    try:
        whole = whole_steps(one, other)
    except np.linalg.LinAlgError:
        return "The series has no grid"
    if whole is None:
        return f"The grids differ: steps of {_lengths(one)} mm, and of {_lengths(other)} mm, or other directions"
    first, second, third = (int(np.argmax(np.abs(whole[:, axis]))) for axis in range(3))
    axes = (first, second, third)
    if any(target_shape[axes[axis]] != source_shape[axis] for axis in range(3)):
        sizes = " × ".join(map(str, source_shape)), " × ".join(map(str, target_shape))
        return f"The layer has {sizes[0]} voxels, and the series {sizes[1]}"
    flips = [bool(whole[axes[axis], axis] < 0) for axis in range(3)]
    offset = np.zeros(3)
    for axis, flip in enumerate(flips):
        offset[axes[axis]] = source_shape[axis] - 1 if flip else 0
    ends = corners(source_shape)
    there = other[:3, :3] @ (whole @ ends + offset[:, np.newaxis]) + other[:3, 3:]
    apart = float(np.linalg.norm(one[:3, :3] @ ends + one[:3, 3:] - there, axis=0).max())
    share = apart / float(np.linalg.norm(one[:3, :3], axis=0).min())
    return IndexMap(axes, (flips[0], flips[1], flips[2]), apart, share)


def _with_thickness(affine: NDArray[np.float64], shape: Sequence[int]) -> NDArray[np.float64]:
    """Give a single plane a step of 1 mm along its normal: what it says of its thickness places no voxel."""
    if shape[0] > 1:
        return affine
    result = affine.copy()
    normal = np.cross(affine[:3, 2], affine[:3, 1])
    length = np.linalg.norm(normal)
    result[:3, 0] = normal / length if length else (0, 0, 1)
    return result


def _lengths(affine: NDArray[np.float64]) -> str:
    return " × ".join(f"{length:.6g}" for length in np.linalg.norm(affine[:3, :3], axis=0))
