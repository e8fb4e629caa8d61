"""How a volume travels to other processes that share the file system: as a recipe to read it, not as its voxels.

A zarr array is a path, a dask array a graph, a memory map a file and an offset. What has no such recipe, an array in
memory above all, is read where it is, and its values travel slab by slab.
"""

from __future__ import annotations

import copy
import io
import mmap
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import PixelError
from napari_dicom_writer.model.guard import Guarded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume

# A recipe goes to every worker whole. What is larger holds voxels, such as a dask array made of one in memory.
_LARGEST = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Recipe:
    """A volume, pickled."""

    name: str
    payload: bytes
    buffers: tuple[bytes, ...]

    def volume(self) -> Volume:
        """Open the volume again, in any process.

        Raises
        ------
        PixelError
            If its source cannot be opened there, for whatever reason.
        """
        try:
            volume: Volume = pickle.loads(self.payload, buffers=self.buffers)  # noqa: S301 - comes from the client
        except Exception as error:
            raise PixelError(
                f"A worker could not open its source: {type(error).__name__}: {error}",
                "Check that workers share the file system and have the packages that read it; nothing was written",
                f"layer {self.name!r}" if self.name else "",
            ) from error
        return volume


def recipe(volume: Volume) -> Recipe | None:
    """Make a recipe to read a volume elsewhere.

    Returns
    -------
    Recipe or None
        None where the values must travel: an array in memory, or one that cannot be pickled, or not in little space, or
        that is made of futures of a cluster.
    """
    in_memory = isinstance(volume.array, np.ndarray) and not _is_mapped(volume.array)
    if in_memory or isinstance(volume.array, Guarded):
        return None
    buffers: list[bytes] = []
    try:
        payload = _pickle(volume, buffers)
    except Exception:  # noqa: BLE001 - whatever a foreign object raises when it cannot be pickled
        return None
    return Recipe(volume.name, payload, tuple(buffers))


class _CannotTravel(Exception):  # noqa: N818 - never leaves this module
    """An array without a small recipe."""


class _Bounded(io.BytesIO):
    """Stops what grows too large, before it is copied."""

    left = _LARGEST

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _CannotTravel

    def write(self, data: Any, /) -> int:
        self.take(memoryview(data).nbytes)
        return super().write(data)


def _pickle(volume: Volume, buffers: list[bytes]) -> bytes:
    """Pickle a volume, with dask arrays and memory maps anywhere in it replaced."""
    import cloudpickle
    from dask.base import is_dask_collection
    from distributed import Future

    file = _Bounded()
    inside: list[Any] = []

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc] # without annotations
        def reducer_override(self, item: Any) -> Any:
            if isinstance(item, Future):
                raise _CannotTravel
            if isinstance(item, np.memmap) and _is_mapped(item):
                return _map_file, _mapping(item)
            lazy = is_dask_collection(item) and hasattr(item, "dtype")
            if lazy and not any(item is wrapped for wrapped in inside):
                inside.append(copy.copy(item))  # a copy, because an object is pickled only once
                return ThreadedArray, (inside[-1],)
            return super().reducer_override(item)

    def keep(buffer: pickle.PickleBuffer) -> None:
        raw = buffer.raw()
        file.take(raw.nbytes)
        buffers.append(bytes(raw))

    Pickler(file, protocol=5, buffer_callback=keep).dump(volume)
    return file.getvalue()


class ThreadedArray:
    """A dask array that is computed by threads of this process, never by the cluster that waits for it."""

    def __init__(self, array: Any) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return np.asarray(self._array[index].compute(scheduler="threads"))


def _is_mapped(array: NDArray[Any]) -> bool:
    """Whether other processes find the values of an array in a file; not so for private pages (mode ``c``)."""
    if not isinstance(array, np.memmap) or getattr(array, "_mmap", None) is None:
        return False
    return array.mode != "c" and array.filename is not None and Path(array.filename).is_file()


def _mapping(array: np.memmap[Any, Any]) -> tuple[str, int, str, tuple[int, ...], tuple[int, ...]]:
    """What `_map_file` needs to make the same view of the same file."""
    if array.mode != "r":
        array.flush()
    # A view keeps the offset of the whole, so count from where the mapping itself starts: at a whole page.
    pages = np.frombuffer(array._mmap, np.uint8)  # type: ignore[attr-defined]
    first = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    offset = first + array.__array_interface__["data"][0] - pages.__array_interface__["data"][0]
    return str(array.filename), offset, array.dtype.str, array.shape, array.strides


def _map_file(path: str, offset: int, dtype: str, shape: tuple[int, ...], strides: tuple[int, ...]) -> NDArray[Any]:
    return np.ndarray(shape, dtype, np.memmap(path, np.uint8, "r"), offset, strides)
