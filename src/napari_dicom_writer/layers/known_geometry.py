"""What a layer's file, or its metadata, say of where its voxels lie: found by reading headers only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations, product
from pathlib import Path  # noqa: TC003 - the types of a dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.model.geometry import compose_affine
from napari_dicom_writer.model.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.inputs.image import Image

    Shape = tuple[int, int, int]

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Known:
    """A geometry that something other than the layer's transforms tells.

    Attributes
    ----------
    where : str
        What tells it, in words.
    affines : tuple of numpy.ndarray
        4×4, array index → LPS mm, each a way to understand it; the order of the index is open.
    shapes : tuple of (int, int, int)
        Lengths of its grid, in the same order, for each affine.
    placed : bool
        Whether it tells a place and directions; else distances only.
    path : Path or None
        The file, where it is one.
    """

    where: str
    affines: tuple[NDArray[np.float64], ...]
    shapes: tuple[Shape, ...]
    placed: bool
    path: Path | None = None

    @property
    def lengths(self) -> list[float]:
        """Distances between neighbors along its axes, in mm, shortest first."""
        return sorted(np.linalg.norm(self.affines[0][:3, :3], axis=0).tolist())


def of_file(path: Path, shape: Shape) -> Known | None:
    """Look into the header of the file that a layer was read from.

    Parameters
    ----------
    path
        A file or folder.
    shape
        (planes, rows, columns) of the layer: of several images in the file, the one of that size is meant.

    Returns
    -------
    Known or None
        None where it holds no geometry, several that would fit, or cannot be read.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    found = _grids(path, status.st_size, status.st_mtime_ns)
    fitting = [grid for grid in found if sorted(grid[1]) == sorted(shape)] or list(found)
    if not fitting or any(not np.array_equal(grid[0], fitting[0][0]) for grid in fitting):
        return None
    affine, size, placed = fitting[0]
    return Known(f"its file {path.name}", (affine,), (size,), placed, path)


@lru_cache(maxsize=64)
def _grids(path: Path, _size: int, _modified: int) -> tuple[tuple[NDArray[np.float64], Shape, bool], ...]:
    """Affine, size and whether it is placed, of each image in a file that knows its distances."""
    return tuple((volume.affine, volume.shape, placed) for volume, placed in volumes_in(path))


def volumes_in(path: Path) -> list[tuple[Volume, bool]]:
    """Read the images of a file that knows its distances, each with whether it tells place and directions, too."""
    # Imported here: that room stands on this one.
    from napari_dicom_writer.inputs.formats import format_of
    from napari_dicom_writer.inputs.image import Image, image_of

    try:
        row = format_of(path)
        images = row.read(path) if row else []
    except (ExportError, OSError):  # whoever read it had another reader
        return []
    found = ((_volume(one if isinstance(one, Image) else image_of(one)), one) for one in images)
    return [(volume, getattr(one, "patient", True)) for volume, one in found if volume is not None]


def _volume(image: Image) -> Volume | None:
    default = {"plane": (0.0, 0.0, 1.0), "row": (0.0, 1.0, 0.0), "column": (1.0, 0.0, 0.0)}
    spatial = {
        axis.kind: (axis, n) for axis, n in zip(image.axes, image.array.shape, strict=True) if axis.kind in default
    }
    if not {"row", "column"} <= set(spatial) or any(
        axis.step is None or not axis.known for axis, _ in spatial.values()
    ):
        return None
    affine = np.eye(4)
    for number, (kind, direction) in enumerate(default.items()):
        affine[:3, number] = spatial[kind][0].step if kind in spatial else direction
    affine[:3, 3] = image.origin or (0, 0, 0)
    if "sample" in image.kinds[:-1]:
        return None
    return Volume(
        image.array,
        affine=affine,
        axes=[kind for kind in image.kinds if kind != "sample"],
        rgb=image.kinds[-1] == "sample",
        time_step=next((axis.seconds for axis in image.axes if axis.kind == "time"), None),
        time_start=next((axis.start for axis in image.axes if axis.kind == "time"), 0.0),
        notes=image.notes,
    )


def of_metadata(metadata: Any, shape: Shape) -> Known | None:
    """Look for the keys that readers of medical images leave in a layer's metadata.

    Parameters
    ----------
    metadata
        Of the layer.
    shape
        (planes, rows, columns) of the layer.

    Returns
    -------
    Known or None
        With each way to understand what it says: some have the index in the order of x, y, z, some of z, y, x.
    """
    if not isinstance(metadata, Mapping):
        return None
    keys = {str(key).lower(): value for key, value in metadata.items()}
    system = str(keys.get("coordinate_system") or keys.get("space") or "").lower()
    if (matrix := _numbers(keys.get("affine"), (4, 4))) is not None:
        # NIfTI's world, as of nibabel, MONAI, TorchIO and MedVol, unless it is said to be another.
        lps = system.startswith(("lps", "left-posterior"))
        affine = matrix if lps else _RAS_TO_LPS @ matrix
        return Known("the affine in its metadata", (affine,) * 6, _orders(shape), placed=True)
    directions = _numbers(keys.get("space directions"), (3, 3))
    if directions is not None:
        origin = _numbers(keys.get("space origin"), (3,))
        affine = _affine(directions.T, np.zeros(3) if origin is None else origin)
        affine = _RAS_TO_LPS @ affine if system.startswith(("ras", "right-anterior")) else affine
        return Known("the space directions in its metadata", (affine,) * 6, _orders(shape), placed=True)
    spacing = _numbers(keys.get("spacing", keys.get("pixdim")), (3,))
    if spacing is None:
        return None
    origin, direction = _numbers(keys.get("origin"), (3,)), _numbers(keys.get("direction"), (3, 3))
    if origin is None and direction is None:
        return Known("the spacing in its metadata", (compose_affine(spacing.tolist()),), (shape,), placed=False)
    origin = np.zeros(3) if origin is None else origin
    direction = np.eye(3) if direction is None else direction
    ways = (direction * spacing, origin), ((direction[::-1, ::-1] * spacing[::-1]), origin[::-1])
    affines = [_affine(steps, place) for steps, place in ways]
    affines = [_RAS_TO_LPS @ affine for affine in affines] if system.startswith("ras") else affines
    pairs = list(product(affines, _orders(shape)))
    where = "spacing, origin and direction in its metadata"
    return Known(where, tuple(one for one, _ in pairs), tuple(size for _, size in pairs), placed=True)


def _orders(shape: Shape) -> tuple[Shape, ...]:
    return tuple((shape[a], shape[b], shape[c]) for a, b, c in permutations(range(3)))


def _affine(steps: NDArray[np.float64], origin: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = steps, origin
    return matrix


def _numbers(value: Any, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    """Return finite numbers of a shape, also where a matrix is written in one line; None for anything else."""
    if value is None or isinstance(value, str) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        return None
    try:
        numbers = np.asarray(value, float)
    except (TypeError, ValueError):
        return None
    if numbers.size != math.prod(shape) or not np.isfinite(numbers).all():
        return None
    reshaped: NDArray[np.float64] = numbers.reshape(shape)
    return reshaped if len(shape) == 1 or abs(np.linalg.det(reshaped)) > 0 else None
