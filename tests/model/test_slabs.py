"""Reading order: every chunk once, whatever the axes; scattered planes gathered right; the next slab ahead."""

from __future__ import annotations

import itertools
import threading
from collections import Counter

import dask
import dask.array as da
import numpy as np
import pydicom
import pytest

from napari_dicom_writer import ExportOptions, PixelError, Volume, export
from napari_dicom_writer.model.slabs import read, read_ahead, slabs


class Chunked:
    """A chunked array that counts how often each of its chunks is touched."""

    def __init__(self, values: np.ndarray, chunks: tuple[int, ...]) -> None:
        self.values, self.chunks, self._counted = values, chunks, chunks
        self.shape, self.dtype, self.ndim = values.shape, values.dtype, values.ndim
        self.reads: Counter[tuple[int, ...]] = Counter()
        self.threads: set[int] = set()

    def __getitem__(self, index):
        index = index if isinstance(index, tuple) else (index,)
        ranges = [
            range(*i.indices(n)) if isinstance(i, slice) else range(i, i + 1)
            for i, n in zip(index, self.shape, strict=True)
        ]
        touched = itertools.product(*({i // c for i in r} for r, c in zip(ranges, self._counted, strict=True)))
        self.reads.update(touched)
        self.threads.add(threading.get_ident())
        return self.values[index]


AXES = ("time", "channel", "plane", "row", "column")


@pytest.mark.parametrize("dtype", ["i2", "f4"])
@pytest.mark.parametrize(
    ("shape", "chunks", "axes"),
    [
        ((20, 40, 30), (8, 16, 16), AXES[2:]),
        ((4, 3, 10, 40, 30), (2, 1, 4, 16, 16), AXES),
        ((4, 3, 10, 40, 30), (1, 3, 10, 40, 30), AXES),
        ((4, 3, 10, 40, 30), (1, 1, 1, 40, 30), AXES),
        ((10, 40, 30, 4), (4, 16, 16, 2), ("plane", "row", "column", "time")),
        ((30, 20, 40), (16, 8, 16), ("column", "plane", "row")),
        ((60, 40, 30), (7, 40, 30), ("time", "row", "column")),
        ((40, 30), (16, 16), ("row", "column")),
    ],
)
def test_every_chunk_is_read_once_to_write_and_once_to_scan(tmp_path, shape, chunks, axes, dtype):
    values = np.random.default_rng(1).integers(0, 999, shape).astype(dtype) / (1 if dtype == "i2" else 7)
    array = Chunked(values.astype(dtype), chunks)
    volume = Volume(array, spacing=(2, 1, 1), axes=axes, window=(0, 999))  # without one, a sample is read, too
    export(volume, tmp_path / "x", ExportOptions(verify="off"))
    expected = 2 if dtype == "f4" else 1
    assert set(array.reads.values()) == {expected}
    assert len(array.reads) == np.prod([-(-n // c) for n, c in zip(shape, chunks, strict=True)])


def test_small_chunks_are_read_several_at_a_time():
    volume = Volume(Chunked(np.zeros((64, 256, 256), np.uint8), (1, 256, 256)), spacing=(1, 1, 1))
    assert len(slabs(volume)) == 1
    movie = Chunked(np.zeros((64, 256, 256), np.uint8), (1, 256, 256))
    assert len(slabs(Volume(movie, spacing=(1, 1), axes=("time", "row", "column")))) == 1


def test_time_points_in_memory_are_read_several_at_a_time():
    movie = Volume(np.zeros((300, 8, 8), np.uint8), spacing=(1, 1), axes=("time", "row", "column"))
    assert len(slabs(movie)) == 1
    dynamic = Volume(np.zeros((70, 64, 128, 128), np.uint8), spacing=(1, 1, 1), axes=("time", "plane", "row", "column"))
    assert [len(slab.leading[0]) for slab in slabs(dynamic)] == [32, 32, 6]


def test_large_arrays_in_memory_are_read_in_parts():
    volume = Volume(np.broadcast_to(np.uint8(0), (200, 1024, 1024)), spacing=(1, 1, 1))
    assert max(len(slab.planes) for slab in slabs(volume)) * 2**20 <= 32 * 2**20


def test_the_next_slab_is_fetched_in_another_thread():
    array = Chunked(np.zeros((3, 2048, 2048), np.uint8), (1, 2048, 2048))
    volume = Volume(array, spacing=(1, 1, 1))
    assert len(list(read_ahead(volume, slabs(volume)))) == 3
    assert len(array.threads) == 2


@pytest.mark.parametrize("axes", list(itertools.permutations(("plane", "row", "column"))), ids="-".join)
@pytest.mark.parametrize("rgb", [False, True])
def test_scattered_planes_are_gathered_right(axes, rgb):
    shape = (70, 65, 600)
    values = np.random.default_rng(2).integers(0, 255, (*shape, 3) if rgb else shape, dtype=np.uint8)
    volume = Volume(values, spacing=(1, 1, 1), axes=axes, rgb=rgb)
    order = [axes.index(axis) for axis in ("plane", "row", "column")]
    expected = np.moveaxis(values, order, [0, 1, 2])
    for slab in slabs(volume):
        found = read(volume, slab)
        np.testing.assert_array_equal(found, expected[slab.planes.start : slab.planes.stop])


@pytest.mark.parametrize(
    "chunks",
    [
        (np.int64(3), 12, 9), ((3, 3), (12,), (9,)), (None, 12, 9), (0, 12, 9), (-1, 12, 9), (2.5, 12, 9), (3, 12),
        "auto", 3, True, np.array([3, 12, 9]),
    ],
    ids=str,
)  # fmt: skip
def test_chunks_that_make_no_sense_lose_nothing(tmp_path, chunks):
    array = Chunked(np.arange(10 * 12 * 9, dtype=np.int16).reshape(10, 12, 9), (1, 1, 1))
    array.chunks = chunks
    report = export(Volume(array, spacing=(1, 1, 1)), tmp_path / "x", ExportOptions(verify="off"))
    assert len(list(report.path.iterdir())) == 10


def test_a_source_that_returns_another_type_is_refused(tmp_path):
    class Liar(Chunked):
        def __getitem__(self, index):
            return super().__getitem__(index) + 70000.6

    volume = Volume(Liar(np.zeros((4, 8, 8), np.uint8), (2, 8, 8)), spacing=(1, 1, 1))
    with pytest.raises(PixelError, match="float64 where uint8 was announced"):
        export(volume, tmp_path / "x", ExportOptions(verify="off"))


def test_slabs_that_no_memory_should_hold_are_cut():
    volume = Volume(Chunked(np.broadcast_to(np.uint8(0), (2048, 1024, 1024)), (2048, 64, 64)), spacing=(1, 1, 1))
    cut = slabs(volume)
    assert [slab.planes for slab in cut] == [range(512), range(512, 1024), range(1024, 1536), range(1536, 2048)]


def test_an_array_that_returns_another_shape_is_refused():
    class Liar(Chunked):
        def __getitem__(self, index):
            return super().__getitem__(index)[:1]

    volume = Volume(Liar(np.zeros((4, 2048, 2048), np.uint8), (2, 2048, 2048)), spacing=(1, 1, 1))
    with pytest.raises(PixelError, match="have shape"):
        read(volume, slabs(volume)[0])


class Camera:
    """Reads into buffers of its own, again and again."""

    def __init__(self, values: np.ndarray, buffers: int, fresh: int = 0) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.chunks = (1, *values.shape[1:])
        self.buffers = [np.empty(values[:1].shape, values.dtype) for _ in range(buffers)]
        self.left, self.calls = fresh, 0

    def __getitem__(self, index):
        found = self.values[index]
        self.left -= 1
        self.calls += 1
        if self.left >= 0:
            return found.copy()
        buffer = self.buffers[self.calls % len(self.buffers)]
        buffer[: len(found)] = found
        return buffer[: len(found)]


def film(planes=5):
    values = np.zeros((planes, 2048, 1024), np.int16)
    values[:] = np.arange(planes)[:, np.newaxis, np.newaxis] * 3 + 1
    values[:, ::7, ::5] = np.random.default_rng(1).integers(0, 99, values[:, ::7, ::5].shape)
    return values


def stored(path):
    return np.stack([pydicom.dcmread(file).pixel_array for file in sorted(path.iterdir())])


@pytest.mark.parametrize("level", ["full", "off"])
@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_a_source_that_uses_its_memory_again_loses_no_plane(tmp_path, buffers, level):
    values = film()
    volume = Volume(Camera(values, buffers), spacing=(1, 1, 1), window=(0, 99))
    report = export(volume, tmp_path / "x", ExportOptions(verify=level))
    np.testing.assert_array_equal(stored(report.path), values)


def test_a_dask_array_of_frames_in_one_buffer_loses_no_plane(tmp_path):
    values = film()
    buffer = np.empty(values.shape[1:], values.dtype)

    @dask.delayed(pure=False)
    def frame(number):
        np.copyto(buffer, values[number])
        return buffer[np.newaxis]

    parts = [da.from_delayed(frame(i), (1, *buffer.shape), buffer.dtype) for i in range(len(values))]
    report = export(Volume(da.concatenate(parts), spacing=(1, 1, 1), window=(0, 99)), tmp_path / "x")
    np.testing.assert_array_equal(stored(report.path), values)


@pytest.mark.parametrize("fresh", [1, 2, 3])
def test_a_source_that_begins_to_use_its_memory_again_is_refused(tmp_path, fresh):
    values = film()
    volume = Volume(Camera(values, 1, fresh), spacing=(1, 1, 1), window=(0, 99))
    with pytest.raises(PixelError, match="memory again"):
        export(volume, tmp_path / "x", ExportOptions(verify="off"))
    assert not list(tmp_path.iterdir())


def test_what_is_handed_out_anew_is_not_copied():
    array = Chunked(film(), (1, 2048, 1024))
    volume = Volume(array, spacing=(1, 1, 1))
    found = [values for _, values in read_ahead(volume, slabs(volume))]
    assert [np.shares_memory(values, array.values) for values in found] == [False, True, True, True, True]
