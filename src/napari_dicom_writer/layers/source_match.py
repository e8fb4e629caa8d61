"""Which voxel of a layer is which of its file: by the values, for readers turn arrays over as they like."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.layers.known_geometry import volumes_in

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dicom_writer.errors import Note
    from napari_dicom_writer.model.volume import Volume

_SAMPLED_PLANES = 5
_SAME = 1e-4  # relative: readers scale values in single or double precision

_Turn = tuple[tuple[int, ...], tuple[bool, ...]]
"""The axis of the file along which each axis of the layer runs, and whether backwards."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What the file says of the layer's voxels.

    Attributes
    ----------
    affine : numpy.ndarray
        4×4: (plane, row, column, 1) of the layer → LPS mm.
    time_step : float or None
        Seconds between time points.
    notes : tuple of Note
        What was assumed in reading the file.
    """

    affine: NDArray[np.float64]
    time_step: float | None
    notes: tuple[Note, ...]


def place_by_values(volume: Volume, path: Path) -> Placed | None:
    """Find the voxels of a layer in its file.

    Returns
    -------
    Placed or None
        None where no image of the file holds the layer's values, in any order of the axes.
    """
    for image, _ in volumes_in(path):
        if (turn := _turn(volume, image)) is not None:
            return Placed(image.affine @ _index_of(turn, image.shape), image.time_step, image.notes)
    return None


def _turn(volume: Volume, image: Volume) -> _Turn | None:
    if volume.rgb != image.rgb or sorted(volume.shape) != sorted(image.shape):
        return None
    whole = image.read((0,) * len(image.leading_shape), 0, image.shape[0])
    if volume.rgb:
        whole = whole[..., :3]
    turns = [
        (axes, flips)
        for axes, flips in product(permutations(range(3)), product((False, True), repeat=3))
        if all(image.shape[axis] == n for axis, n in zip(axes, volume.shape, strict=True))
        and not any(flip and n == 1 for flip, n in zip(flips, volume.shape, strict=True))
    ]
    # In order of likelihood: what is left untouched first, in case the values are the same both ways.
    turns.sort(key=lambda turn: (sum(turn[1]), turn[0]))
    planes = volume.shape[0]
    sampled = sorted({round(i * (planes - 1) / (_SAMPLED_PLANES - 1)) for i in range(_SAMPLED_PLANES)})
    rest = [plane for plane in range(planes) if plane not in sampled]
    for plane in (*sampled, *rest):
        if plane in rest and len(turns) <= 1:
            break
        values = volume.read((0,) * len(volume.leading_shape), plane, plane + 1)[0]
        values = values[..., :3] if volume.rgb else values
        turns = [turn for turn in turns if _same(values, _plane(whole, turn, plane))]
        if not turns:
            return None
    return turns[0]


def _plane(whole: NDArray[Any], turn: _Turn, plane: int) -> NDArray[Any]:
    """One plane of the layer, out of the file's array."""
    axes, flips = turn
    turned = whole.transpose(*axes, *range(3, whole.ndim))
    turned = turned[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    found: NDArray[Any] = turned[plane]
    return found


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.dtype.kind in "biu" and other.dtype.kind in "biu":
        return bool(np.array_equal(one, other))
    return bool(np.allclose(one, other, rtol=_SAME, atol=_SAME * float(np.abs(other).max(initial=0)), equal_nan=True))


def _index_of(turn: _Turn, shape: tuple[int, int, int]) -> NDArray[np.float64]:
    """4×4: index of the layer → index of the file."""
    matrix = np.eye(4)
    matrix[:3, :3] = 0
    for axis, (along, flip) in enumerate(zip(*turn, strict=True)):
        matrix[along, axis] = -1 if flip else 1
        matrix[along, 3] = shape[along] - 1 if flip else 0
    return matrix
