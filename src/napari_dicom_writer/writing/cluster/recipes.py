"""How a volume travels to other processes that share the file system: as a recipe to read it, not as its voxels.

A zarr array is a path, a dask array a graph, a memory map a file and an offset. What has no such recipe, an array in
memory above all, is read where it is, and its values travel slab by slab.

Elsewhere the same recipe may lead to other values: a file was replaced, a path is relative to another folder. So paths
are made absolute, and a sample of the values is compared between the processes.
"""

from __future__ import annotations

import copy
import io
import mmap
import pickle
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import PixelError
from napari_dicom_writer.model.guard import Guarded
from napari_dicom_writer.model.slabs import Slab, read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume

# A recipe goes to every worker whole. What is larger holds voxels, such as a dask array made of one in memory.
_LARGEST = 64 * 2**20
# Planes whose middle is compared, and how much of it: little enough to decode few chunks.
_SAMPLED_PLANES = 3
_SAMPLED_SIDE = 128

_Stamp = tuple[int, int]
"""Size and time of modification of a file, in ns."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A volume, pickled.

    Attributes
    ----------
    name : str
        The volume's.
    payload, buffers : bytes, tuple of bytes
        The pickle.
    files : dict of str to (int, int)
        Memory maps in it: size and time of modification of each file.
    """

    name: str
    payload: bytes
    buffers: tuple[bytes, ...]
    files: dict[str, _Stamp]

    def check_files(self) -> None:
        """Compare the files of memory maps with what they were.

        Raises
        ------
        PixelError
            If one is another, or has changed.
        """
        for path, stamp in self.files.items():
            if Path(path).exists() and _stamp(path) != stamp:
                raise other_data(self.name, f"its file {path} was changed or replaced")

    def volume(self) -> Volume:
        """Open the volume again, in any process.

        Raises
        ------
        PixelError
            If its source cannot be opened there, for whatever reason.
        """
        self.check_files()
        try:
            buffers = map(bytearray, self.buffers)  # writable, and for this volume alone
            volume: Volume = pickle.loads(self.payload, buffers=buffers)  # noqa: S301 - comes from the client
        except Exception as error:
            raise PixelError(
                f"A worker could not open its source: {type(error).__name__}: {error}",
                "Check that workers share the file system and have the packages that read it; nothing was written",
                f"layer {self.name!r}" if self.name else "",
            ) from error
        return volume


def other_data(name: str, why: str) -> PixelError:
    """Make the error for a recipe that leads to other data elsewhere."""
    return PixelError(
        f"A worker reads other data than the driver: {why}",
        "Give paths that are the same everywhere, and leave its files alone meanwhile; nothing was written",
        f"layer {name!r}" if name else "",
    )


def _stamp(path: str) -> _Stamp:
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns


def sample(volume: Volume) -> int:
    """Checksum of the middle of some planes, to be compared between processes.

    Raises
    ------
    PixelError
        As `slabs.read`.
    """
    import dask

    planes, rows, columns = volume.shape
    middle = [range(max(0, (n - _SAMPLED_SIDE) // 2), min(n, (n + _SAMPLED_SIDE) // 2)) for n in (rows, columns)]
    checksum = 0
    for part in range(_SAMPLED_PLANES):
        place = [part * (n - 1) // (_SAMPLED_PLANES - 1) for n in (*volume.leading_shape, planes)]
        *leading, along = (range(i, i + 1) for i in place)
        with dask.config.set(scheduler="threads"):  # here, not by the workers whose values these are compared with
            values = read(volume, Slab(tuple(leading), along, *middle))
        checksum = zlib.crc32(np.ascontiguousarray(values).tobytes(), checksum)
    return checksum


def recipe(volume: Volume) -> Recipe | None:
    """Make a recipe to read a volume elsewhere.

    Returns
    -------
    Recipe or None
        None where the values must travel: an array in memory, or one that cannot be pickled, or not in little space, or
        that is made of futures of a cluster, or that maps a file which its name no longer leads to.
    """
    in_memory = isinstance(volume.array, np.ndarray) and not _is_mapped(volume.array)
    if in_memory or isinstance(volume.array, Guarded):
        return None
    buffers: list[bytes] = []
    files: dict[str, _Stamp] = {}
    try:
        payload = _pickle(volume, buffers, files)
    except Exception:  # noqa: BLE001 - whatever a foreign object raises when it cannot be pickled
        return None
    return Recipe(volume.name, payload, tuple(buffers), files)


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


def _pickle(volume: Volume, buffers: list[bytes], files: dict[str, _Stamp]) -> bytes:
    """Pickle a volume, with dask arrays, memory maps and relative paths anywhere in it replaced."""
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
                mapping = _mapping(item)
                files[mapping[0]] = _stamp(mapping[0])
                return _map_file, mapping
            if isinstance(item, Path) and not item.is_absolute():
                return type(item), (str(item.absolute()),)  # elsewhere it would be relative to another folder
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
    if array.mode == "c" or array.filename is None or not Path(array.filename).is_file():
        return False
    return _still_leads_to(Path(array.filename), array)


def _still_leads_to(path: Path, array: np.memmap[Any, Any]) -> bool:
    """Whether a file has not been replaced under its name since it was mapped; only Linux tells."""
    if sys.platform != "linux":
        return True  # the sample has to do
    at = array.__array_interface__["data"][0]
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        span, *_, name = line.split(maxsplit=5)
        start, end = (int(edge, 16) for edge in span.split("-"))
        if start <= at < end:
            return Path(name) == path.resolve()
    return False


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
