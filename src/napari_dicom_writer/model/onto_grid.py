"""A volume on the grid of another one: turned and extended where voxels coincide, else by the nearest voxel.

Nothing is interpolated, and nothing computed before it is asked for.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.geometry import corners
from napari_dicom_writer.model.grids import whole_steps
from napari_dicom_writer.model.volume import SPATIAL, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# A place between two voxels belongs to the later one, whatever rounding noise makes of it.
_HALF = 0.5 + 1e-6
# Of a voxel: positions of other software are rounded, and affines in single precision. Labels are of whole voxels.
APART = 0.05
_SLAB_BYTES = 4 * 2**20  # of what is in memory: as much is taken from the source, and more is no faster


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """How one grid lies on another.

    Attributes
    ----------
    to_source : numpy.ndarray
        4×4: index of the target → index of the source; whole numbers where voxels coincide.
    apart : float or None
        How far any voxel of the source is from one of the target, mm; None where their steps differ.
    share : float
        The same, in the smallest spacing.
    whole : bool
        Whether each voxel of the source is one of the target.
    same : bool
        Whether, besides, each index is the same index there.
    """

    to_source: NDArray[np.float64]
    apart: float | None
    share: float
    whole: bool
    same: bool

    @property
    def coincides(self) -> bool:
        """Whether the source is a part of the target, or all of it, so that no voxel has to move."""
        return self.whole and self.share <= APART


def overlay(
    source: NDArray[np.float64], source_shape: Sequence[int], target: NDArray[np.float64], target_shape: Sequence[int]
) -> Overlay:
    """Compare two grids, whatever the order and the direction of their axes.

    Parameters
    ----------
    source, target
        4×4, invertible: (plane, row, column, 1) → LPS mm. What a single plane says of its thickness counts for nothing.
    source_shape, target_shape
        (planes, rows, columns).

    Examples
    --------
    >>> part = np.diag([2.0, 1, 1, 1])
    >>> part[0, 3] = 4  # two planes further on
    >>> found = overlay(part, (3, 5, 5), np.diag([2.0, 1, 1, 1]), (9, 5, 5))
    >>> found.whole, found.same, found.apart, found.to_source[0].tolist()
    (True, False, 0.0, [1.0, 0.0, 0.0, -2.0])
    """
    one, other = _single_planes(source, source_shape, target, target_shape)
    to_target = np.linalg.inv(other) @ one
    steps = whole_steps(one, other)
    if steps is None:
        return Overlay(_inverse(to_target), None, np.inf, whole=False, same=False)
    exact = np.eye(4)
    exact[:3, :3], exact[:3, 3] = steps, np.rint(to_target[:3, 3])
    ends = np.vstack([corners(source_shape), np.ones(8)])
    apart = float(np.linalg.norm((one @ ends - other @ exact @ ends)[:3], axis=0).max())
    there = (exact @ ends)[:3]
    inside = bool((there >= 0).all() and (there <= np.array(target_shape)[:, np.newaxis] - 1).all())
    same = tuple(source_shape) == tuple(target_shape) and np.array_equal(exact, np.eye(4))
    share = apart / float(np.linalg.norm(one[:3, :3], axis=0).min())
    return Overlay(np.rint(_inverse(exact)), apart, share, whole=inside, same=same)


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.inv(matrix), np.float64)


def _single_planes(
    source: NDArray[np.float64], source_shape: Sequence[int], target: NDArray[np.float64], target_shape: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give a single plane the step of the other grid that runs along its normal most."""
    one: NDArray[np.float64] = source.copy()
    other: NDArray[np.float64] = target.copy()
    if source_shape[0] == 1:
        one[:3, 0] = _step_along(_normal(source), target) if target_shape[0] > 1 else _normal(source)
    if target_shape[0] == 1:
        other[:3, 0] = _step_along(_normal(target), source) if source_shape[0] > 1 else _normal(target)
    return one, other


def _normal(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    normal = np.cross(affine[:3, 2], affine[:3, 1])
    unit: NDArray[np.float64] = normal / np.linalg.norm(normal)
    return unit


def _step_along(normal: NDArray[np.float64], affine: NDArray[np.float64]) -> NDArray[np.float64]:
    along = normal @ affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    axis = int(np.argmax(np.abs(along)))
    return affine[:3, axis] if abs(along[axis]) > 0.5 else normal


def on_grid(
    volume: Volume, to_source: NDArray[np.float64], affine: NDArray[np.float64], shape: tuple[int, int, int]
) -> Volume:
    """Return a volume on another grid: each voxel of it is the nearest one of the volume, outside it is 0.

    Parameters
    ----------
    volume
        Gray, labels or values.
    to_source
        4×4: index of the other grid → index of the volume (see `overlay`).
    affine, shape
        The other grid.
    """
    result = copy(volume)
    result.array = OnGrid(volume, to_source, shape)
    result.affine = affine.copy()
    result.axes = (*volume.leading, *SPATIAL)
    return result


class OnGrid:
    """An array whose voxels are those of its `source`, a volume, that lie nearest to a grid."""

    def __init__(self, source: Volume, to_source: NDArray[np.float64], shape: tuple[int, int, int]) -> None:
        self.source, self.dtype = source, source.dtype
        if source.in_memory:
            self.slab_bytes = _SLAB_BYTES
        self.shape = (*source.leading_shape, *shape)
        self._to_source = to_source[:3]
        used = np.abs(self._to_source[:, :3]) > 1e-9 * np.abs(self._to_source[:, :3]).max()
        self._by_axis = bool((used.sum(axis=0) == 1).all() and (used.sum(axis=1) == 1).all())

    def over(self, source: Volume) -> OnGrid:
        """Return the same, made from another volume with the same place and size."""
        other = copy(self)
        other.source = source
        return other

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        *leading, planes, rows, columns = index
        wanted = [range(n)[part] for n, part in zip(self.shape[-3:], (planes, rows, columns), strict=True)]
        every = [
            range(n)[part] if isinstance(part, slice) else range(part, part + 1)
            for n, part in zip(self.shape[:-3], leading, strict=True)
        ]
        values = np.zeros((*map(len, every), *map(len, wanted)), self.dtype)
        box = self._box(wanted)
        if all(map(len, box)):
            read = self.source.read_ranges(every, *box)
            for place in np.ndindex(*map(len, every)):
                self._fill(values[place], read[place], wanted, [part.start for part in box])
        kept = tuple(slice(None) if isinstance(part, slice) else 0 for part in leading)
        result: NDArray[Any] = values[kept]
        return result

    def _box(self, wanted: Sequence[range]) -> tuple[range, range, range]:
        """What of the source lies nearest to a part of the grid."""
        if not all(map(len, wanted)):
            return range(0), range(0), range(0)
        ends = corners([len(part) for part in wanted]) + np.array([[part.start] for part in wanted])
        there = self._to_source[:, :3] @ ends + self._to_source[:, 3:]
        low, high = np.floor(there.min(axis=1) + _HALF).astype(int), np.floor(there.max(axis=1) + _HALF).astype(int)
        planes, rows, columns = (
            range(max(0, int(a)), min(n, int(b) + 1)) for a, b, n in zip(low, high, self.source.shape, strict=True)
        )
        return planes, rows, columns

    def _fill(self, result: NDArray[Any], read: NDArray[Any], wanted: Sequence[range], start: Sequence[int]) -> None:
        if self._by_axis:
            self._fill_by_axis(result, read, wanted, start)
            return
        rows, columns = np.ogrid[wanted[1].start : wanted[1].stop, wanted[2].start : wanted[2].stop]
        for number, plane in enumerate(wanted[0]):
            at = [
                np.floor(m[0] * plane + m[1] * rows + m[2] * columns + m[3] + _HALF).astype(np.intp) - first
                for m, first in zip(self._to_source, start, strict=True)
            ]
            there = np.logical_and.reduce([(a >= 0) & (a < n) for a, n in zip(at, read.shape, strict=True)])
            result[number][there] = read[tuple(a[there] for a in at)]

    def _fill_by_axis(
        self, result: NDArray[Any], read: NDArray[Any], wanted: Sequence[range], start: Sequence[int]
    ) -> None:
        """Each axis of the grid runs along one of the source: a place along it is found once for all."""
        matrix = self._to_source
        order = [int(np.argmax(np.abs(matrix[:, axis]))) for axis in range(3)]
        turned = read.transpose(order)
        inside, at = [], []
        for part, axis, n in zip(wanted, order, turned.shape, strict=True):
            step = matrix[axis, order.index(axis)]
            found = np.floor(step * np.asarray(part) + matrix[axis, 3] + _HALF).astype(np.intp) - start[axis]
            there = np.flatnonzero((found >= 0) & (found < n))
            inside.append(there)
            at.append(found[there])
        result[np.ix_(*inside)] = turned[np.ix_(*at)]
