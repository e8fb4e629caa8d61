"""Arrays that notice when somebody changes them during an export.

Whoever computes or paints goes on while an export runs, and may change an array in memory in place. Half of the planes
would then be old and half new, and reading back could not see it: it compares with what was read. So whatever is read
is read twice, in full one time after the other (a double collect). If both times agree, everything that was written was
there at one moment, the one between the two. A change that is taken back between both is not seen.
"""

from __future__ import annotations

import os
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError, VerificationError
from napari_dicom_writer.model.onto_grid import OnGrid
from napari_dicom_writer.model.resample import Resampled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume

# Copied and summed up while they are in the processor's cache.
_PIECE_BYTES = 2**18
_LARGE_PLANE = 2**16  # of these, a look at a plane costs less than a copy (measured)
_TICK_BYTES = 2**30
_TASK_BYTES = 2**23  # handed to a thread at once: handing over costs as much as summing up 400 kB
_THREADS = 8  # that memory can feed

_SLAB_BYTES = 32 * 2**20  # handed out at once, where nothing is copied

_Place = tuple[int, tuple[int, ...], tuple[int, ...]]
_Key = tuple[int | tuple[int | None, int | None], ...]
_Read = list[tuple["NDArray[Any]", int]]


class Guards:
    """Guards the arrays of an export that somebody may change in place.

    Only NumPy arrays and memory maps are: whoever paints or computes in place does it to these. Other arrays stay as
    they are, for their readers go by what they are (their chunks), and reading them twice may take as long as the
    export itself; changing what lies beneath them while it is exported is not noticed.

    Parameters
    ----------
    mapped
        Whether memory maps are guarded, too: not where other processes open their files themselves.
    """

    def __init__(self, *, mapped: bool = True) -> None:
        self._mapped = mapped
        self._all: list[Guarded] = []
        self._scanning = False

    def over(self, volume: Volume, where: str) -> Volume:
        """Return the volume with its array guarded, or as it is.

        Parameters
        ----------
        volume
            Stays as it is.
        where
            What error messages call it, such as ``layer 'brain'``.
        """
        array = volume.array
        if isinstance(array, Resampled | OnGrid):
            beneath = self.over(array.source, where)
            return volume if beneath is array.source else volume.over(array.over(beneath))
        if isinstance(array, np.ma.MaskedArray):
            array = array if np.ma.is_masked(array) else array.data  # a mask that hides something is refused
        if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
            return volume
        if isinstance(array, np.memmap) and not self._mapped:
            return volume
        self._all.append(Guarded(array, where, by_planes=_has_large_planes(volume)))
        self._all[-1].scanning = self._scanning
        return volume.over(self._all[-1])

    def scan_only(self, *, on: bool) -> None:
        """Say whether values are only looked at for now: these are handed out as they are, without a copy."""
        self._scanning = on
        for guarded in self._all:
            guarded.scanning = on

    def check_unchanged(self, tick: Callable[[], None]) -> None:
        """Read everything again, after the last of it was read for the first time.

        Parameters
        ----------
        tick
            Called after every gigabyte; may raise to stop.

        Raises
        ------
        LayerError
            If anything is not the same any more.
        """
        for guarded in self._all:
            guarded.check_unchanged(tick)


class Guarded:
    """An array that keeps a checksum of all that is read from it.

    Small planes are copied region by region. Large ones are handed out as they are, and looked at where they are used,
    with `steady`: they are in the processor's cache then, and a copy would cost more than what is done to them.

    Parameters
    ----------
    array
        In memory, or a memory map. Never changed, never copied as a whole.
    where
        What error messages call it, such as ``layer 'brain'``.
    by_planes
        Whether users of its planes will call `steady`.

    Attributes
    ----------
    beneath : numpy.ndarray
        The array.
    shape, dtype, ndim, strides
        Of the array; by its strides `slabs` knows how to read it.
    scanning : bool
        Whether values are only looked at: a change after their checksum was taken is then noticed when they are read
        again, so that they need no copy.
    slab_bytes : int
        How much is best read at once: a copy that stays in the processor's cache until it is written (measured).
    """

    slab_bytes = 4 * 2**20

    def __init__(self, array: NDArray[Any], where: str = "", *, by_planes: bool = False) -> None:
        self.beneath = array
        self.by_planes = by_planes
        if by_planes:
            self.slab_bytes = _SLAB_BYTES
        self._planes: dict[_Place, tuple[NDArray[Any], int]] = {}
        self._where = where
        self._crc32 = _fastest_crc32()
        self._sums: dict[_Key, int] = {}
        self._lock = threading.Lock()
        self._planes_scanned = True
        self.scanning = False
        self.shape, self.dtype, self.ndim, self.strides = array.shape, array.dtype, array.ndim, array.strides

    def __getitem__(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        """Keep the checksum of a region, and copy it unless it is only looked at.

        Parameters
        ----------
        index
            One integer or one slice without a step for each axis, as `Volume.read_ranges` asks; axes at the end may
            be left out.

        Returns
        -------
        numpy.ndarray
            In memory as the array is: axes with the smallest strides keep them.

        Raises
        ------
        LayerError
            If the region was read before and held something else.
        """
        if self.by_planes:
            return self.beneath[index]
        region, inverse = _in_memory_order(self.beneath[index])
        if self.scanning:
            copy, checksum = region, self._checksum(region)  # in memory's order already
        else:
            copy, checksum = np.empty(region.shape, region.dtype), 0
            for piece in _pieces(region):
                copy[piece] = region[piece]
                checksum = self._crc32(copy[piece].reshape(-1).view(np.uint8), checksum)
        key = tuple((i.start, i.stop) if isinstance(i, slice) else i for i in index)
        with self._lock:
            before = self._sums.setdefault(key, checksum)
        if before != checksum:
            self._fail()
        return copy.transpose(inverse)

    @contextmanager
    def steady(self, plane: NDArray[Any]) -> Iterator[None]:
        """Look at a plane that was handed out, around its use: before the first one, and after every further one.

        One look a use is enough: `check_unchanged` is the second look at a plane that was used once. One that was
        scanned had its first look then, and the second must come after what is written.

        Raises
        ------
        LayerError
            If it has changed since the first look.
        """
        place = (plane.__array_interface__["data"][0], plane.shape, plane.strides)
        known = place in self._planes
        if not known:
            self._look_at(plane, place)
        try:
            yield
        except VerificationError:
            self._look_at(plane, place)  # which says it better, if it is why
            raise
        if known:
            self._look_at(plane, place)

    def _look_at(self, plane: NDArray[Any], place: _Place) -> None:
        checksum = self._checksum(plane)
        with self._lock:
            if place not in self._planes:
                self._planes[place] = plane, checksum
                self._planes_scanned &= self.scanning
            elif self._planes[place][1] != checksum:
                self._fail()

    def check_unchanged(self, tick: Callable[[], None] = lambda: None) -> None:
        """Read everything again, after the last of it was read for the first time; `tick` after every gigabyte.

        Not large planes that were all scanned before the first of them was used: they were read again then.

        Raises
        ------
        LayerError
            If something else is there now.
        """
        with self._lock:
            read = [(self._region(key), checksum) for key, checksum in self._sums.items()]
            read += [] if self._planes_scanned else self._planes.values()
        unsaid = 0
        pool = ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1), thread_name_prefix="guard")
        try:
            for size in pool.map(self._confirm, _by_size(read)):
                unsaid += size
                if unsaid >= _TICK_BYTES:
                    unsaid = 0
                    tick()
        finally:
            pool.shutdown(cancel_futures=True)

    def _region(self, key: _Key) -> NDArray[Any]:
        return self.beneath[tuple(slice(*i) if isinstance(i, tuple) else i for i in key)]

    def _confirm(self, read: _Read) -> int:
        """Read regions again, and return their size in bytes."""
        if any(self._checksum(region) != checksum for region, checksum in read):
            self._fail()
        return sum(region.nbytes for region, _ in read)

    def _checksum(self, region: NDArray[Any]) -> int:
        if region.flags.c_contiguous:
            return self._crc32(region.reshape(-1).view(np.uint8))
        region, _ = _in_memory_order(region)
        checksum = 0
        for piece in _pieces(region):
            checksum = self._crc32(np.ascontiguousarray(region[piece]).reshape(-1).view(np.uint8), checksum)
        return checksum

    def _fail(self) -> None:
        raise LayerError("It changed while it was exported", "Nothing was written; export it again", self._where)


def _has_large_planes(volume: Volume) -> bool:
    """Whether planes are large, in memory, and each by itself there: others are gathered or fetched anyway."""
    if not volume.in_memory or "plane" not in volume.axes:
        return False
    strides = {axis: abs(stride) for axis, stride in zip(volume.axes, volume.array.strides, strict=False)}
    size = volume.shape[1] * volume.shape[2] * volume.samples * volume.dtype.itemsize
    return bool(size >= _LARGE_PLANE and strides["plane"] >= max(strides["row"], strides["column"]))


def _fastest_crc32() -> Callable[..., int]:
    """The same numbers come from both (measured: 21 and 2.5 GB/s)."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.crc32
    return isal_zlib.crc32


def _in_memory_order(region: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Turn the axis with the largest stride to the front, and so on; return what turns it back, too."""
    order = np.argsort([-abs(stride) for stride in region.strides], kind="stable")
    return region.transpose(order), np.argsort(order)


def _by_size(read: _Read) -> list[_Read]:
    """Put regions together until they are worth a thread's while."""
    most = max((region.nbytes for region, _ in read), default=1)
    together = max(1, _TASK_BYTES // max(1, most))
    return [read[start : start + together] for start in range(0, len(read), together)]


def _pieces(region: NDArray[Any]) -> Iterator[slice]:
    step = max(1, _PIECE_BYTES * len(region) // max(1, region.nbytes))
    return (slice(start, start + step) for start in range(0, len(region), step))
