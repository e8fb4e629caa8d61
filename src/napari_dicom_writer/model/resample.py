"""Sheared volumes onto the nearest orthogonal grid, lazily: planes are interpolated when they are read."""

from __future__ import annotations

import math
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError, GeometryError, Note, NoteKind
from napari_dicom_writer.model.geometry import corners, orthogonal_affine, shear_angle
from napari_dicom_writer.model.volume import SPATIAL, Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BACKGROUND = 0
_LARGEST_GROWTH = 20
# A grid line this close to a voxel is that voxel's; without it rounding noise would add empty planes.
_EDGE = 1e-6


def resample(volume: Volume) -> tuple[Volume, Note]:
    """Return the volume on the orthogonal grid next to its own, and the note that says what this costs.

    The new grid has the spacing of `orthogonal_affine` and covers every voxel of the old one; outside it is 0. Values
    are interpolated linearly; integers are rounded to the nearest, bool and labels take the nearest voxel.

    Raises
    ------
    ExportError
        If SciPy is not installed.
    GeometryError
        If the shear is so large that the new grid would be mostly empty.
    """
    try:
        import scipy.ndimage  # noqa: F401 - says early that it is missing
    except ImportError:
        raise ExportError("Resampling needs SciPy", 'Install it: pip install "napari-dicom-writer[resample]"') from None
    angle, axes = shear_angle(volume.affine)
    affine, shape = _covering_grid(volume)
    if math.prod(shape) > _LARGEST_GROWTH * math.prod(volume.shape):
        raise GeometryError(
            f"Its {axes} axes are {angle:.3g}° off a right angle: an orthogonal grid around it would be mostly empty",
            "Remove the shear from the layer's transform",
        )
    how = "nearest voxel" if _takes_nearest(volume) else "linear interpolation"
    note = Note(
        NoteKind.LOST,
        f"Resampled, because its {axes} axes are {angle:.3g}° off a right angle: {how} from "
        f"{' × '.join(map(str, volume.shape))} to {' × '.join(map(str, shape))} voxels, {_BACKGROUND} outside",
    )
    straight = Volume(
        Resampled(volume, affine, shape),
        affine=affine,
        axes=(*volume.leading, *SPATIAL),
        rgb=volume.rgb,
        name=volume.name,
        window=volume.window,
        time_step=volume.time_step,
        time_start=volume.time_start,
        notes=volume.notes,
        lossy=volume.lossy,
        labels=volume.labels,
    )
    return straight, note


def _takes_nearest(volume: Volume) -> bool:
    """Between two labels there is none."""
    return volume.dtype.kind == "b" or volume.labels is not None


def _covering_grid(volume: Volume) -> tuple[NDArray[np.float64], tuple[int, int, int]]:
    """Affine and (planes, rows, columns) of the smallest orthogonal grid with every voxel center inside."""
    affine = orthogonal_affine(volume.affine)
    index = np.linalg.inv(affine[:3, :3]) @ volume.affine[:3, :3] @ corners(volume.shape)
    low = np.floor(index.min(axis=1) + _EDGE)
    high = np.ceil(index.max(axis=1) - _EDGE)
    affine[:3, 3] += affine[:3, :3] @ low
    planes, rows, columns = (int(n) + 1 for n in high - low)
    return affine, (planes, rows, columns)


class Resampled:
    """An array whose planes are interpolated from a sheared volume, its `source`, when they are asked for."""

    def __init__(self, source: Volume, affine: NDArray[np.float64], shape: tuple[int, int, int]) -> None:
        self.source = source
        # From an index of the new grid to one of the source.
        self._to_source = np.linalg.inv(source.affine) @ affine
        self._planes = shape
        # Double precision does not hold what 64-bit integers do, and a cast back would wrap. Half precision would
        # round what is interpolated by up to 0.05 %, which no note announces.
        self._nearest = _takes_nearest(source)
        wide = source.dtype.kind in "iu" and source.dtype.itemsize == 8 and not self._nearest
        coarse = source.dtype.kind == "f" and source.dtype.itemsize < 4
        self.dtype = np.dtype(np.float64) if wide else np.dtype(np.float32) if coarse else source.dtype
        self._rounded = source.dtype.kind in "iu"
        self.shape = (*source.leading_shape, *shape, *((source.samples,) if source.rgb else ()))

    def over(self, source: Volume) -> Resampled:
        """Return the same, made from another volume with the same place and size."""
        other = copy(self)
        other.source = source
        return other

    def __getitem__(self, index: tuple[Any, ...]) -> NDArray[Any]:
        *leading, planes, rows, columns = index
        start, stop, _ = planes.indices(self._planes[0])
        low, high = self._source_planes(start, stop)
        if low >= high:
            return np.full((stop - start, *self.shape[len(leading) + 1 :]), _BACKGROUND, self.dtype)[:, rows, columns]
        values = self.source.read(tuple(leading), low, high)
        offset = self._to_source[:3, 3] + self._to_source[:3, 0] * start - (low, 0, 0)
        if not self.source.rgb:
            return self._interpolate(values, offset, stop - start)[:, rows, columns]
        samples = [self._interpolate(values[..., s], offset, stop - start) for s in range(self.source.samples)]
        return np.stack(samples, axis=-1)[:, rows, columns]

    def _source_planes(self, start: int, stop: int) -> tuple[int, int]:
        """Planes of the source that planes `start` to `stop` are made of."""
        _, rows, columns = self._planes
        ends = corners((stop - start, rows, columns)) + np.array([[start], [0], [0]])
        plane = self._to_source[0, :3] @ ends + self._to_source[0, 3]
        low, high = int(np.floor(plane.min() + _EDGE)), int(np.ceil(plane.max() - _EDGE)) + 1
        return max(low, 0), min(high, self.source.shape[0])

    def _interpolate(self, values: NDArray[Any], offset: NDArray[np.float64], planes: int) -> NDArray[Any]:
        from scipy.ndimage import affine_transform

        smooth = not self._nearest
        source = values.astype(np.float64) if smooth else values.view(np.uint8) if values.dtype.kind == "b" else values
        result = affine_transform(
            source,
            self._to_source[:3, :3],
            offset=_snap(offset),
            output_shape=(planes, *self._planes[1:]),
            order=1 if smooth else 0,
            # Edge voxels fade into the background half a voxel wide; "constant" would cut them at rounding noise.
            mode="grid-constant",
            cval=_BACKGROUND,
        )
        if self._rounded:
            result = np.rint(result)
        converted: NDArray[Any] = result.astype(self.dtype)
        return converted


def _snap(offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take rounding noise out of whole indices, so that untouched voxels stay exact."""
    whole = np.rint(offset)
    return np.where(np.abs(offset - whole) < _EDGE, whole, offset)
