"""The labels in use are found plane by plane, each chunk once; what cannot be counted is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dicom_writer import ExportOptions, PixelError, Volume, export
from napari_dicom_writer.planning.labels import find_labels

RNG = np.random.default_rng(3)


def use(array, **given):
    return find_labels(Volume(array, spacing=(1,) * min(3, array.ndim), **given), lambda planes: None)


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "i4", "u4", "i8", "u8", "f4", "f8", ">i4"])
@pytest.mark.parametrize("shape", [(5, 20, 30), (20, 30), (2, 3, 5, 20, 30)])
def test_labels_are_those_of_each_plane(dtype, shape):
    array = RNG.choice([0, 0, 0, 1, 5, 77], shape).astype(dtype)
    found = use(array)
    assert found.labels == (1, 5, 77)
    for place in np.ndindex(shape[:-2]):
        leading, plane = (place[:-1], place[-1]) if place else ((), 0)
        expected = tuple(int(n) for n in np.unique(array[place]) if n)
        assert found.planes.get((leading, plane), ()) == expected


def test_a_mask_is_label_1():
    array = np.zeros((4, 5, 6), bool)
    array[2, 1, 1] = True
    found = use(array)
    assert (found.labels, list(found.planes)) == ((1,), [((), 2)])


def test_large_label_numbers_are_found():
    array = np.zeros((3, 8, 8), np.int64)
    array[1, 1, :3] = (2**40, 70_000, 5)
    assert use(array).labels == (5, 70_000, 2**40)


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.zeros((3, 4, 5), int), "no labels"),
        (np.zeros((3, 4, 5), bool), "no labels"),
        (np.full((3, 4, 5), -2), "negative label -2"),
        (np.full((3, 4, 5), 0.5), "not whole numbers"),
        (np.full((3, 4, 5), np.nan), "not whole numbers"),
        (np.full((3, 4, 5), np.inf), "not whole numbers"),
        (np.arange(1, 3 * 200 * 200 + 1).reshape(3, 200, 200), "over 65,535 labels"),
    ],
)
def test_what_is_no_label_map_is_refused(array, match):
    with pytest.raises(PixelError, match=match):
        use(array)


def test_colors_are_refused():
    with pytest.raises(PixelError, match="colors"):
        find_labels(Volume(np.zeros((3, 4, 5, 3), "u1"), spacing=(1, 1, 1), rgb=True), lambda planes: None)


class Changing:
    """An array that holds another label whenever it is read."""

    shape, ndim = (3, 4, 8), 3

    def __init__(self, step, dtype):
        self._label, self._step, self.dtype = 0, step, np.dtype(dtype)

    def __getitem__(self, index):
        self._label += self._step
        return np.full(self.shape, self._label, self.dtype)[index]


@pytest.mark.parametrize("verify", ["full", "off"])
@pytest.mark.parametrize(
    ("kind", "step", "dtype"),
    [
        ("labelmap", 1, "i4"),
        ("labelmap", 70_000, "i4"),
        ("labelmap", 1, "u1"),
        ("labelmap", 2, "u1"),
        ("binary", 1, "i4"),
    ],
)
def test_a_label_that_was_not_there_before_is_refused(tmp_path, kind, step, dtype, verify):
    layer = (Changing(step, dtype), {"units": ("mm",) * 3}, "labels")
    with pytest.raises(PixelError, match="which it did not when the export was planned"):
        export(layer, tmp_path / "x", ExportOptions(segmentation_type=kind, verify=verify))
    assert not list(tmp_path.iterdir())


class Growing(Changing):
    """Labels that reach further planes the second time that they are read, or others of the plane."""

    def __init__(self, planes):
        super().__init__(1, "u1")
        self._planes = planes

    def __getitem__(self, index):
        values = np.zeros(self.shape, self.dtype)
        values[2, 1:3, 1:4] = 1
        if self._label:
            values[self._planes, 1:3, 5:7] = 2
        self._label = 1
        return values[index]


@pytest.mark.parametrize("planes", [1, 2], ids=["another plane", "the same plane"])
@pytest.mark.parametrize("name", ["segmentation", "rt-structure-set"])
def test_what_was_empty_and_is_not_any_more_is_refused(tmp_path, name, planes):
    layer = (Growing(planes), {"units": ("mm",) * 3}, "labels")
    with pytest.raises(PixelError, match="It holds label 2, which it did not when the export was planned"):
        export(layer, tmp_path / "x", ExportOptions(object=name, verify="off"))


def test_fractions_on_a_plane_that_was_empty_are_refused(tmp_path):
    layer = (Growing(1), {"units": ("mm",) * 3}, "image")
    options = ExportOptions(object="segmentation", segmentation_type="fractional", fraction_maximum=2)
    with pytest.raises(PixelError, match="fractions on an empty plane, which it did not"):
        export(layer, tmp_path / "x", options)
