"""Every dtype in every shape as every modality: written as announced, or refused; read by pydicom, GDCM and ITK."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from judges.readers import dicom_files, gdcm_pixels, read_series, real_values, simpleitk_volume
from judges.tables import MODALITIES, OBJECTS, of
from napari_dicom_writer import ExportOptions, PixelError, Volume, export
from napari_dicom_writer.iods import IODS

DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "g"]
DTYPES += [">u2", ">i2", ">u4", ">i4", ">u8", ">i8", ">f2", ">f4", ">f8"]
LAYOUTS = {
    "2-D": ((4, 5), None),
    "3-D": ((3, 4, 5), None),
    "time": ((2, 3, 4, 5), ("time", "plane", "row", "column")),
    "channel": ((2, 3, 4, 5), ("channel", "plane", "row", "column")),
}
# What fits as it is, by the documentation.
NARROW = {"?": "u1", "u1": "u1", "i1": "i2", "u2": "u2", "i2": "i2"}


def noise(shape, dtype) -> np.ndarray:
    """Seeded values over the whole range of an integer dtype, or around 0."""
    rng = np.random.default_rng(11)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if kind.kind == "f":
        return rng.normal(scale=100, size=shape).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, shape, kind.newbyteorder("="), endpoint=True).astype(kind)


def colors(shape, dtype) -> np.ndarray:
    """Seeded colors: 0..1 for floats, up to 255 for wide integers, else over the whole range."""
    rng = np.random.default_rng(12)
    kind = np.dtype(dtype)
    if kind.kind == "f":
        return rng.random(shape).astype(kind)
    top = {"b": 1, "i": 127}.get(kind.kind, 65535 if kind.itemsize == 2 else 255)
    return rng.integers(0, top, shape, endpoint=True).astype(kind)


def stacks(array, layout) -> list[np.ndarray]:
    """The series to expect, each (instances, rows, columns[, samples])."""
    if layout == "channel":
        return list(array)
    return [array.reshape(-1, *array.shape[-2:])]


# Every dtype as every modality, and in every layout.
CASES = [(dtype, modality, "3-D") for dtype in DTYPES for modality in MODALITIES] + [
    (dtype, MODALITIES[(d + n) % len(MODALITIES)], layout)
    for d, dtype in enumerate(DTYPES)
    for n, layout in enumerate(LAYOUTS)
    if layout != "3-D"
]


@pytest.mark.parametrize(("dtype", "modality", "layout"), CASES)
def test_gray_values_are_kept_as_announced(tmp_path, dtype, modality, layout):
    shape, axes = LAYOUTS[layout]
    array = noise(shape, dtype)
    report = export(Volume(array, spacing=(1, 1, 1), axes=axes), tmp_path / "out", ExportOptions(modality=modality))
    series = read_series(report.path)
    for plan, instances, expected in zip(report.plan.series, series, stacks(array, layout), strict=True):
        found = np.stack([real_values(instance) for instance in instances])
        if plan.stored.largest_error == 0:
            np.testing.assert_array_equal(found, expected)
        else:
            assert any("largest error" in note.text for note in plan.notes)
            assert np.abs(found - expected.astype("g")).max() <= plan.stored.largest_error
        native = np.dtype(dtype).newbyteorder("=").str[1:]
        if native in NARROW or dtype == "?":
            assert plan.stored.largest_error == 0
            eight = modality == "OT" and native in ("u1", "b1")
            assert instances[0].BitsAllocated == (8 if eight else 16)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("modality", MODALITIES)
def test_simpleitk_and_gdcm_read_the_same_values(tmp_path, dtype, modality):
    array = noise((3, 4, 5), dtype)
    report = export(Volume(array, spacing=(1, 1, 1)), tmp_path / "out", ExportOptions(modality=modality))
    (plan,) = report.plan.series
    (instances,) = read_series(report.path)
    reading = simpleitk_volume(report.path)
    for file, instance, itk in zip(dicom_files(report.path), instances, reading.values, strict=True):
        np.testing.assert_array_equal(gdcm_pixels(file), instance.pixel_array)
        # ITK knows no Real World Value Mapping; GDCM rescales in single precision where that seems to do.
        expected = instance.pixel_array if modality == "MR" else real_values(instance)
        np.testing.assert_allclose(itk, expected, rtol=1e-6, atol=2 * plan.stored.largest_error)


@pytest.mark.parametrize("samples", [3, 4], ids=["RGB", "RGBA"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dims", [2, 3])
def test_colors_are_kept_as_announced(tmp_path, dtype, dims, samples):
    array = colors((3, 4, 5, samples)[3 - dims :], dtype)
    volume = Volume(array, spacing=(1, 1, 1), rgb=True)
    report = export(volume, tmp_path / "out")
    (plan,) = report.plan.series
    (instances,) = read_series(report.path)
    assert {(i.PhotometricInterpretation, i.BitsAllocated, i.SamplesPerPixel) for i in instances} == {("RGB", 8, 3)}
    found = np.stack([instance.pixel_array for instance in instances]).reshape(array[..., :3].shape)
    top = {"f": 1, "u": 65535 if np.dtype(dtype).itemsize == 2 else 255, "i": 255, "b": 1}[np.dtype(dtype).kind]
    difference = np.abs(found * (top / 255) - array[..., :3].astype(float)).max()
    assert difference <= plan.stored.largest_error
    assert any("alpha" in note.text for note in plan.notes) == (samples == 4)
    for file, instance in zip(dicom_files(report.path), instances, strict=True):
        np.testing.assert_array_equal(gdcm_pixels(file), instance.pixel_array)


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("key", [key for key in OBJECTS if not IODS[key].rules.color])
def test_colors_are_refused_where_the_object_has_none(tmp_path, key, samples):
    volume = Volume(np.zeros((3, 4, 5, samples), "u1"), spacing=(1, 1, 1), rgb=True)
    with pytest.raises(PixelError, match="object='auto'"):
        export(volume, tmp_path / "out", ExportOptions(**of(key)))


@pytest.mark.parametrize("values", [[-0.1, 0.5], [0.5, 1.5], [0, 254.5]])
def test_float_colors_out_of_range_are_refused(tmp_path, values):
    volume = Volume(np.resize(values, (2, 4, 5, 3)), spacing=(1, 1, 1), rgb=True)
    with pytest.raises(PixelError, match="Scale colors"):
        export(volume, tmp_path / "out")


def test_wide_integer_colors_are_refused(tmp_path):
    volume = Volume(np.full((2, 4, 5, 3), 256, "u4"), spacing=(1, 1, 1), rgb=True)
    with pytest.raises(PixelError, match="Scale colors"):
        export(volume, tmp_path / "out")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "u2"])
def test_colors_halfway_between_two_steps(tmp_path, dtype):
    """Where rounding decides: every half step of 1/255, and its neighbors in that dtype."""
    if dtype == "u2":
        array = np.arange(65536, dtype="u2")
    elif dtype == "f2":
        array = np.arange(0x3C01, dtype="u2").view("f2")  # all of them from 0 to 1
    else:
        half = ((np.arange(255) + 0.5) / 255).astype(dtype)
        array = np.concatenate([half, np.nextafter(half, 0, dtype=dtype), np.nextafter(half, 1, dtype=dtype)])
    array = np.resize(array, (1, 1 + array.size // 150, 50, 3))
    report = export(Volume(array, spacing=(1, 1, 1), rgb=True), tmp_path / "out")
    (plan,) = report.plan.series
    found = read_series(report.path)[0][0].pixel_array
    top = 65535 if dtype == "u2" else 1
    assert np.abs(found * (top / 255) - array[0].astype(float)).max() <= plan.stored.largest_error


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("step", [(1, 1, 1), (2, 1, 1), (1, -1, 2)])
def test_memory_layout_does_not_matter(tmp_path, order, step):
    whole = np.asarray(noise((6, 7, 8), "i2"), order=order)
    array = whole[tuple(slice(None, None, s) for s in step)]
    report = export(Volume(array, spacing=(1, 1, 1)), tmp_path / "out")
    (instances,) = read_series(report.path)
    np.testing.assert_array_equal(np.stack([i.pixel_array for i in instances]), array)


@pytest.mark.parametrize("shape", [(2, 3, 5), (3, 1, 1), (1, 5, 3)])
@pytest.mark.parametrize("rgb", [False, True])
def test_odd_numbers_of_bytes_are_padded(tmp_path, shape, rgb):
    array = noise((*shape, 3) if rgb else shape, "u1")
    report = export(Volume(array, spacing=(1, 1, 1), rgb=rgb), tmp_path / "out")
    (instances,) = read_series(report.path)
    assert {len(i.PixelData) % 2 for i in instances} == {0}
    np.testing.assert_array_equal(np.stack([i.pixel_array for i in instances]).reshape(array.shape), array)


@pytest.mark.parametrize("dtype", ["u2", "f4"])
def test_lazy_arrays_are_the_same_values(tmp_path, dtype):
    import dask.array
    import zarr

    array = noise((5, 6, 7), dtype)
    stored = zarr.array(array, chunks=(2, 3, 7))
    for name, lazy in (("dask", dask.array.from_array(array, chunks=(2, 4, 7))), ("zarr", stored)):
        report = export(Volume(lazy, spacing=(1, 1, 1)), tmp_path / name)
        (plan,) = report.plan.series
        (instances,) = read_series(report.path)
        found = np.stack([real_values(i) for i in instances])
        assert np.abs(found - array.astype(float)).max() <= plan.stored.largest_error


@pytest.mark.parametrize("axes", list(permutations(["time", "channel", "position"])))
@pytest.mark.parametrize("layout", ["one-series", "series-per-point"])
def test_leading_axes_in_any_order(tmp_path, axes, layout):
    """Channels and other axes become series, in the array's order; time comes last."""
    lengths = {"time": 3, "channel": 2, "position": 2}
    array = np.arange(3 * 2 * 2 * 2 * 3 * 4, dtype="u2").reshape(*(lengths[axis] for axis in axes), 2, 3, 4)
    volume = Volume(array, spacing=(1, 1, 1), axes=(*axes, "plane", "row", "column"))
    series = read_series(export(volume, tmp_path / "out", ExportOptions(time=layout)).path)
    found = [np.stack([instance.pixel_array for instance in instances]) for instances in series]
    # (others, time, planes, rows, columns), however time points were divided into series
    expected = np.moveaxis(array, axes.index("time"), 2).reshape(4, 3, 2, 3, 4)
    assert len(found) == (4 if layout == "one-series" else 12)
    np.testing.assert_array_equal(np.reshape(found, expected.shape), expected)
