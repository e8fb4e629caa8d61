"""Few pixels of the central sections of a volume, from any lazy array, and what they look like in 8 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer._napari.dock.preview.cuts import middle
from napari_dicom_writer.model.value_range import ValueRange
from napari_dicom_writer.model.volume import SPATIAL
from napari_dicom_writer.planning.value_policy import color_gain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume

LIMIT = 192  # samples along each axis: twice what a thumbnail has on a display of high resolution
# Others may understand no more than runs of planes; each of those then costs a whole plane.
_UNDERSTAND_STRIDES = ("numpy", "dask", "zarr", "h5py")
_MOST_PLANES = 64
_CONSTANT = 96  # gray, so that the outline is seen
_PERCENTILES = (1, 99.5)


def read_sections(
    volume: Volume,
    limit: int = LIMIT,
    tick: Callable[[], None] = lambda: None,
    through: Sequence[int] | None = None,
    leading: Sequence[int] | None = None,
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Read the sections through one voxel, every n-th voxel.

    Parameters
    ----------
    volume
        Its array is asked for strided slices where it is known to understand them, for whole planes otherwise.
    limit
        Most samples along an axis.
    tick
        Called before each section, before each plane where planes are read; may raise to stop.
    through
        Plane, row and column that the sections go through; default: the middle.
    leading
        Index along each leading axis; default: 0.

    Yields
    ------
    int
        The grid axis the section is perpendicular to: 0, then 1 and 2 (which a 2-D image has not).
    numpy.ndarray
        The other two axes in the order (planes, rows, columns), then three samples of colors; a copy.
    """
    through = through or middle(volume.shape)
    leading = tuple(leading or (0,) * len(volume.leading))
    strided = type(volume.array).__module__.partition(".")[0] in _UNDERSTAND_STRIDES
    normals = (0, 1, 2) if "plane" in volume.axes else (0,)
    if not (strided or isinstance(volume.array, np.ndarray)):
        yield from _from_planes(volume, leading, through, limit, tick)
        return
    for normal in normals:
        tick()
        yield normal, _from_slices(volume, leading, normal, through[normal], limit)


def _every(count: int, limit: int) -> slice:
    """Every n-th of `count`, in the middle of each n."""
    step = -(-count // limit)
    return slice((step - 1) // 2, count, step)


def _from_slices(volume: Volume, leading: Sequence[int], normal: int, at: int, limit: int) -> NDArray[Any]:
    places = iter(leading)
    lengths = dict(zip(SPATIAL, volume.shape, strict=True))
    index: list[int | slice] = []
    for axis in volume.axes:
        if axis not in SPATIAL:
            index.append(next(places))
        elif axis == SPATIAL[normal]:
            index.append(at)
        else:
            index.append(_every(lengths[axis], limit))
    if volume.rgb:
        index.append(slice(0, 3))
    values = volume.array[tuple(index)]
    if hasattr(values, "compute"):
        values = values.compute()
    shown = [axis for axis in volume.axes if axis in SPATIAL and axis != SPATIAL[normal]]
    values = np.array(values)
    return values if shown == sorted(shown, key=SPATIAL.index) else values.swapaxes(0, 1)


def _from_planes(
    volume: Volume, leading: tuple[int, ...], through: Sequence[int], limit: int, tick: Callable[[], None]
) -> Iterator[tuple[int, NDArray[Any]]]:
    """Read plane by plane, each once for both sections across; copies, because views would keep whole planes."""
    planes, rows, columns = volume.shape
    down, right = _every(rows, limit), _every(columns, limit)

    def plane_at(index: int) -> NDArray[Any]:
        plane: NDArray[Any] = volume.read(leading, index, index + 1)[0]
        return plane[..., :3] if volume.rgb else plane

    tick()
    yield 0, plane_at(through[0])[down, right].copy()
    if "plane" not in volume.axes:
        return
    across: tuple[list[NDArray[Any]], list[NDArray[Any]]] = ([], [])
    for index in range(planes)[_every(planes, min(limit, _MOST_PLANES))]:
        tick()
        values = plane_at(index)
        across[0].append(values[through[1], right].copy())
        across[1].append(values[down, through[2]].copy())
    yield 1, np.stack(across[0])
    yield 2, np.stack(across[1])


def to_8_bit(volume: Volume, sections: Mapping[int, NDArray[Any]]) -> dict[int, NDArray[np.uint8]]:
    """Turn samples into gray values or colors, all sections alike.

    Gray values run over the volume's window, without one over all but the extreme one percent below and half a percent
    above; NaN is black. Colors are scaled as they are written.
    """
    if volume.rgb:
        gain = _color_gain(sections)
        return {normal: _rounded(values.astype(np.float64) * gain) for normal, values in sections.items()}
    low, high = _limits(volume.window, sections)
    if not low < high:
        return {normal: np.full(values.shape, _CONSTANT, np.uint8) for normal, values in sections.items()}
    with np.errstate(over="ignore", invalid="ignore"):  # of a window as wide as double precision
        gain = 255 / (high - low)
        return {n: _rounded((values.astype(np.float64) - low) * gain) for n, values in sections.items()}


def _rounded(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(np.nan_to_num(values, nan=0, posinf=255, neginf=0), 0, 255)), np.uint8)


def _color_gain(sections: Mapping[int, NDArray[Any]]) -> float:
    """Return what colors are multiplied by when they are written, as far as the samples tell."""
    found = ValueRange()
    for values in sections.values():
        found.add(values)
    # Others are refused; of them the brightest is shown white.
    return color_gain(next(iter(sections.values())).dtype, found) or 255 / max(float(found.high), 255)


def _limits(window: tuple[float, float] | None, sections: Mapping[int, NDArray[Any]]) -> tuple[float, float]:
    """Lowest and highest value to display; equal ones for a constant image."""
    if window is not None and window[0] < window[1] and np.isfinite(window).all():
        return window
    values = np.concatenate([np.ravel(values) for values in sections.values()]).astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 0.0
    low, high = (float(v) for v in np.percentile(values, _PERCENTILES))
    if low < high:
        return low, high
    return float(values.min()), float(values.max())  # sparse, such as a mask
