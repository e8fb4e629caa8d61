"""Which values to display where a layer does not say: the range of its values, or of a sample of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from napari_dicom_writer.model.slabs import Slab, read, slabs
from napari_dicom_writer.model.value_range import ValueRange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_dicom_writer.model.volume import Volume

# In memory, what is scanned in a few milliseconds. More of it is sampled, a plane here and there, which takes a
# twentieth of the time that writing it does; a read of a small plane costs as much as 100 kB of values.
_SCANNED_BYTES = 16 * 2**20
_SAMPLED_BYTES = 8 * 2**20
_SAMPLED_PLANES = 96
# Where the sample is constant, the search for another value ends somewhere: there may be none in all of a huge volume.
_SEARCHED_BYTES = 2 * 2**30
# Of an array that has to be fetched, the middle of a few planes: whole ones would decode most of its chunks.
_LAZY_PLANES = 8
_LAZY_SIDE = 128


def display_range(volume: Volume, leading: Sequence[range]) -> tuple[ValueRange, bool]:
    """Find the range of the values of one series, or of a sample of them.

    Parameters
    ----------
    volume
        Gray, and of integers: floats are scanned anyway.
    leading
        Which part of each leading axis belongs to the series.

    Returns
    -------
    ValueRange, bool
        The range, and whether all values were looked at. A sample that is constant is followed by the other values,
        until one differs: as a window it would show everything else white.
    """
    wanted = list(product(*leading, range(volume.shape[0])))
    in_memory = volume.in_memory
    plane_bytes = max(1, volume.shape[1] * volume.shape[2] * volume.dtype.itemsize)
    found = ValueRange()
    if in_memory and len(wanted) <= max(3, _SCANNED_BYTES // plane_bytes):
        for slab in _slabs_of(volume, leading):
            found.add(read(volume, slab))
        return found, True
    most = max(3, min(_SAMPLED_PLANES, _SAMPLED_BYTES // plane_bytes)) if in_memory else max(1, len(wanted) // 16)
    for number in _spread(len(wanted), most if in_memory else min(_LAZY_PLANES, most)):
        *place, plane = wanted[number]
        rows, columns = (None if in_memory else _middle(length) for length in volume.shape[1:])
        one = Slab(tuple(range(i, i + 1) for i in place), range(plane, plane + 1), rows, columns)
        found.add(read(volume, one))
    if found.low < found.high:
        return found, False
    return _until_two_values(volume, leading, found)


def _slabs_of(volume: Volume, leading: Sequence[range]) -> Iterator[Slab]:
    """Slabs of a series, and of nothing else: channels that are read together have a window each."""
    for slab in slabs(volume):
        pairs = zip(slab.leading, leading, strict=True)
        shared = tuple(range(max(a.start, b.start), min(a.stop, b.stop)) for a, b in pairs)
        if all(shared):
            yield replace(slab, leading=shared)


def _spread(length: int, count: int) -> list[int]:
    """Indices spread evenly; not the first and the last, which often show nothing."""
    return sorted({int((i + 0.5) * length / count) for i in range(count)})


def _middle(length: int) -> range:
    start = max(0, (length - _LAZY_SIDE) // 2)
    return range(start, min(length, start + _LAZY_SIDE))


def _until_two_values(volume: Volume, leading: Sequence[range], found: ValueRange) -> tuple[ValueRange, bool]:
    """Look at the values slab by slab, until two are different, or as many as that may take time."""
    searched = 0
    for slab in _slabs_of(volume, leading):
        values = read(volume, slab)
        found.add(values)
        searched += values.nbytes
        if found.low < found.high or searched > _SEARCHED_BYTES:
            return found, False
    return found, True
