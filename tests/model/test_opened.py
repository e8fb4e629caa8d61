"""Arrays of all libraries, and what only looks like one: written as they are, or refused in plain words."""

from __future__ import annotations

import dask.array as da
import h5py
import numpy as np
import pydicom
import pytest
import tensorstore
import xarray
import zarr

from napari_dicom_writer import ExportError, ExportOptions, LayerError, PixelError, export, plan_export

VALUES = np.arange(4 * 6 * 5, dtype=np.int16).reshape(4, 6, 5)


class Subclass(np.ndarray):
    pass


class Tensor:
    """A dtype that NumPy does not know, and perhaps no way to NumPy, as of PyTorch."""

    dtype = "torch.int16"

    def __init__(self, values, fault=None):
        self._values, self._fault, self.shape = values, fault, values.shape

    def __array__(self, dtype=None, copy=None):
        if self._fault:
            raise self._fault
        return self._values

    def __getitem__(self, index):
        return Tensor(self._values[index], self._fault)


class OnDevice(Tensor):
    """As of CuPy: NumPy's dtype, and no silent way to NumPy."""

    dtype = np.dtype(np.int16)


def in_tensorstore(_path):
    spec = {"driver": "zarr", "kvstore": {"driver": "memory"}}
    store = tensorstore.open(spec, create=True, dtype=tensorstore.int16, shape=VALUES.shape).result()
    store[...] = VALUES
    return store


GOOD = {
    "xarray": lambda _: xarray.DataArray(VALUES, dims=("z", "y", "x")),
    "xarray of dask": lambda _: xarray.DataArray(da.from_array(VALUES, chunks=(2, 6, 5)), dims=("z", "y", "x")),
    "tensorstore": in_tensorstore,
    "tensor": lambda _: Tensor(VALUES),
    "subclass": lambda _: VALUES.view(Subclass),
    "memory map": lambda path: np.memmap(path / "m", np.int16, "w+", shape=VALUES.shape).__iadd__(VALUES),
    "h5py": lambda path: h5py.File(path / "h", "w").create_dataset("d", data=VALUES),
    "zarr": lambda _: zarr.array(VALUES),
    "dask": lambda _: da.from_array(VALUES, chunks=(2, 3, 5)),
    "nothing masked": lambda _: np.ma.masked_array(VALUES, mask=False),
    "read-only": lambda _: np.frombuffer(VALUES.tobytes(), np.int16).reshape(VALUES.shape),
    "big-endian": lambda _: VALUES.astype(">i2"),
}


@pytest.mark.parametrize("way", ["array", "tuple"])
@pytest.mark.parametrize("kind", GOOD)
def test_arrays_of_all_libraries_are_written_as_they_are(tmp_path, kind, way):
    array = GOOD[kind](tmp_path)
    report = export(array if way == "array" else (array, {}, "image"), tmp_path / "x")
    found = np.stack([pydicom.dcmread(path).pixel_array for path in sorted(report.path.iterdir())])
    np.testing.assert_array_equal(found, VALUES)


def closed(path):
    with h5py.File(path / "h", "w") as file:
        return file.create_dataset("d", data=VALUES)


def of_unknown_size(_path):
    array = da.from_array(VALUES, chunks=2)
    return array[array.mean(axis=(1, 2)) > 30]


BAD = {
    "closed file": (closed, LayerError, "cannot be used"),
    "needs its gradient": (
        lambda _: Tensor(VALUES, RuntimeError("detach it.")),
        LayerError,
        "cannot be used: detach it",
    ),
    "on a device": (
        lambda _: OnDevice(VALUES, TypeError("use get")),
        PixelError,
        "could not be read: TypeError: use get",
    ),
    "structured": (lambda _: np.zeros((4, 6, 5), [("a", "i2"), ("b", "f4")]), PixelError, "not numbers"),
    "records": (lambda _: np.rec.array(np.zeros((4, 6, 5), [("a", "i2")])), PixelError, "not numbers"),
    "raw bytes": (lambda _: np.zeros((4, 6, 5), "V3"), PixelError, "not numbers"),
    "dates": (lambda _: np.zeros((4, 6, 5), "M8[s]"), PixelError, "not numbers"),
    "masked": (lambda _: np.ma.masked_equal(VALUES, 3), PixelError, "masked array"),
    "unknown size": (of_unknown_size, LayerError, "size is not known"),
    "no axes": (lambda _: np.zeros(()), LayerError, "0 axes"),
}


@pytest.mark.parametrize("way", ["array", "tuple"])
@pytest.mark.parametrize("kind", BAD)
def test_what_only_looks_like_an_array_is_refused_in_plain_words(tmp_path, kind, way):
    make, error, words = BAD[kind]
    array = make(tmp_path)
    with pytest.raises(error, match=words):
        export(array if way == "array" else (array, {}, "image"), tmp_path / "x")
    assert not (tmp_path / "x").exists()


class Halfway:
    """Turns bad at the third plane."""

    shape, dtype, chunks = (4, 2048, 2048), np.dtype(np.int16), (1, 2048, 2048)

    def __init__(self, turn):
        self._turn = turn

    def __getitem__(self, index):
        planes = index[0]
        values = np.zeros((planes.stop - planes.start, 2048, 2048), np.int16)[:, *index[1:]]
        return values if planes.start < 2 else self._turn(values)


def torn(_values):
    raise OSError("the tape is torn")


@pytest.mark.parametrize("level", ["full", "off"])
@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (torn, "OSError: the tape is torn"),
        (lambda values: values.astype(np.float32), "float32 where int16 was announced"),
        (lambda values: values.astype(object), "object where int16 was announced"),
        (lambda values: values[:, :5], "have shape"),
        (lambda values: np.ma.masked_equal(values, 0), "masked values"),
        (lambda _: None, "could not be read"),
        (lambda _: [], "could not be read"),
    ],
)
def test_a_source_that_turns_bad_half_way_leaves_nothing(tmp_path, turn, words, level):
    layer = (Halfway(turn), {"contrast_limits": (0, 9)}, "image")
    with pytest.raises(ExportError, match=words):
        export(layer, tmp_path / "x", ExportOptions(verify=level))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", [{}, {"axis_labels": ("-4", "-3", "-2", "-1")}])
def test_names_of_axes_that_an_array_has_are_taken_where_the_layer_has_none(given):
    array = xarray.DataArray(np.stack([VALUES] * 2, axis=1), dims=("depth", "band", "row", "col"))
    plan = plan_export((array, given, "image"))
    assert "4 planes × 2 channels × 6 rows × 5 columns" in str(plan)
    told = plan_export((array, {"axis_labels": ("t", "z", "y", "x")}, "image"))
    assert "4 time points × 2 planes" in str(told)
