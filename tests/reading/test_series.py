"""Series read back: our own with every voxel in its place, and arrays that are indexed as numpy's."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pydicom
import pytest
from pydicom.pixels import convert_color_space

from judges.readers import Reading, dicom_files, simpleitk_volume
from judges.series import edit, only
from judges.tables import MODALITIES
from judges.volumes import affine_of, assert_placed, indexed, oblique
from napari_dicom_writer import ExportOptions, ReadError, Volume, export

RNG = np.random.default_rng(11)
LEFT_HANDED = oblique()
RIGHT_HANDED = LEFT_HANDED @ np.diag([-1, 1, 1, 1])
AXES = ("time", "plane", "row", "column")


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("affine", [RIGHT_HANDED, LEFT_HANDED], ids=["right-handed", "left-handed"])
def test_every_voxel_is_in_its_place_with_its_value(tmp_path, affine, modality):
    source = Volume(indexed(), affine=affine, name="indexed", window=(3, 40))
    path = export(source, tmp_path / "x", ExportOptions(modality=modality)).path
    volume = only(path)
    assert (volume.name, volume.axes, volume.window, volume.notes) == ("indexed", AXES[1:], (3, 40), ())
    assert volume.dtype == (np.uint16 if modality == "PT" else np.int16)
    assert_placed(Reading(np.asarray(volume.array), volume.affine), source.array, affine, 1e-9)
    judge = simpleitk_volume(path)
    np.testing.assert_allclose(volume.affine, judge.affine, atol=1e-5)
    np.testing.assert_array_equal(volume.array, judge.values)


@pytest.mark.parametrize("modality", MODALITIES)
def test_floats_come_back_as_real_values(tmp_path, modality):
    values = RNG.normal(size=(4, 8, 9)) * 3
    report = export(
        Volume(values, affine=RIGHT_HANDED, window=(-0.5, 1.25)), tmp_path / "x", ExportOptions(modality=modality)
    )
    volume = only(report.path)
    assert volume.dtype == np.float64
    assert np.abs(np.asarray(volume.array) - values).max() <= report.plan.series[0].stored.largest_error
    assert volume.window == pytest.approx((-0.5, 1.25), abs=1e-9)
    if modality != "MR":  # SimpleITK knows no Real World Value Mapping
        np.testing.assert_allclose(volume.array, simpleitk_volume(report.path).values, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.array([-1000, 3000]), "int16"),
        (np.array([100_000, 130_000]), "uint32"),
        (np.array([-70_000, -65_000]), "int32"),
        (np.array([0, 255], np.uint8), "uint8"),
    ],
)
def test_whole_numbers_stay_whole(tmp_path, values, dtype):
    array = np.resize(values, (3, 4, 5))
    volume = only(export(Volume(array, spacing=(1, 1, 1)), tmp_path / "x").path)
    assert volume.dtype == dtype
    np.testing.assert_array_equal(volume.array, array)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("step", [2.5, 1 / 3, None])
def test_time_points_come_first(tmp_path, modality, step):
    source = Volume(indexed((4, *(3, 4, 5))), affine=LEFT_HANDED, axes=AXES, time_step=step)
    volume = only(export(source, tmp_path / "x", ExportOptions(modality=modality)).path)
    assert volume.axes == AXES
    assert volume.time_step == pytest.approx(step, abs=1e-6)
    assert not volume.notes
    for read, values in zip(np.asarray(volume.array), source.array, strict=True):
        assert_placed(Reading(read, volume.affine), values, LEFT_HANDED, 1e-9)


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "jpeg-2000", "htj2k", "deflated"])
@pytest.mark.parametrize("rgb", [False, True])
def test_compressed_planes_are_decoded(tmp_path, syntax, rgb):
    array = RNG.integers(0, 256, (3, 40, 36, 3) if rgb else (3, 40, 36), "u1")
    source = Volume(array, affine=oblique(), rgb=rgb)
    volume = only(export(source, tmp_path / "x", ExportOptions(transfer_syntax=syntax)).path)
    assert (volume.rgb, volume.dtype, volume.window) == (rgb, np.uint8, None if rgb else (0, 255))
    assert_placed(Reading(np.asarray(volume.array), volume.affine), array, oblique(), 1e-9)


def test_colors_of_other_models_become_rgb(tmp_path):
    array = RNG.integers(0, 256, (2, 8, 10, 3), "u1")
    path = export(Volume(array, spacing=(1, 1, 1), rgb=True), tmp_path / "x").path
    for file, plane in zip(dicom_files(path), array, strict=True):
        pixels = convert_color_space(plane, "RGB", "YBR_FULL").tobytes()
        edit(file, PhotometricInterpretation="YBR_FULL", PixelData=pixels)
    volume = only(path)
    assert (volume.rgb, volume.dtype) == (True, np.uint8)
    assert np.abs(np.asarray(volume.array, int) - array).max() <= 2  # rounded there and back


def test_a_single_plane_has_a_thickness(tmp_path):
    thick = only(export(Volume(indexed((1, 4, 5)), affine=oblique()), tmp_path / "a").path)
    np.testing.assert_allclose(np.linalg.norm(thick.affine[:3, :3], axis=0), (2.5, 0.8, 0.7))
    assert not thick.notes
    flat = only(export(Volume(indexed((4, 5)), spacing=(2, 3)), tmp_path / "b.dcm").path)
    np.testing.assert_allclose(np.linalg.norm(flat.affine[:3, :3], axis=0), (1, 2, 3))
    assert ["thickness" in note.text for note in flat.notes] == [True]


def test_what_was_read_is_exported_again_as_it_was(tmp_path):
    source = Volume(RNG.normal(size=(3, 4, 5, 6)), affine=oblique(), axes=AXES, time_step=2, name="again")
    first = only(export(source, tmp_path / "a", ExportOptions(modality="CT")).path)
    second = only(export(first, tmp_path / "b", ExportOptions(modality="CT")).path)
    np.testing.assert_allclose(second.affine, first.affine, atol=1e-9)
    np.testing.assert_allclose(second.array, first.array, atol=1e-3)
    assert (second.time_step, second.name) == (2, "again")


def test_the_affine_is_that_of_its_numbers(tmp_path):
    affine = affine_of(np.diag([0.5, 2, 4])[::-1], (-1, -2, -3))
    volume = only(export(Volume(indexed(), affine=affine), tmp_path / "x").path)
    np.testing.assert_array_equal(volume.affine @ (0, 1, 1, 1), volume.affine[:, 1:] @ (1, 1, 1))


@pytest.mark.parametrize("rgb", [False, True])
def test_the_array_is_indexed_as_numpy_would(tmp_path, rgb):
    values = RNG.integers(0, 256, (3, 4, 5, 6, *([3] if rgb else [])), "u1")
    array = only(export(Volume(values, spacing=(1, 1, 1), axes=AXES, rgb=rgb), tmp_path / "x").path).array
    assert (array.shape, array.dtype, array.ndim, len(array)) == (values.shape, values.dtype, values.ndim, 3)
    assert array.chunks == (1, 1, *values.shape[2:])
    keys = [
        (),
        ...,
        1,
        -1,
        (1, 2),
        (slice(None), 2),
        (slice(2, None, -1), slice(1, 4, 2), -1),
        (np.int64(0), slice(0, 0)),
        (..., 2) if not rgb else (..., 2, slice(None)),
        (0, ..., slice(1, 3), 4) if not rgb else (0, ..., slice(1, 3), 4, 0),
        (1, 2, 3, 4),
        (slice(5, 9), slice(None), 1),
    ]
    for key in keys:
        np.testing.assert_array_equal(array[key], values[key], strict=True)
    for key in (3, (0, 4), (0,) * 6, None, 1.5, [0, 1], (..., ...), np.array([True])):
        with pytest.raises(IndexError):
            array[key]
    np.testing.assert_array_equal(np.asarray(array, np.float32), values.astype(np.float32))
    with pytest.raises(ValueError, match="without a copy"):
        np.asarray(array, copy=False)
    copy = pickle.loads(pickle.dumps(array))  # noqa: S301 - our own
    np.testing.assert_array_equal(copy[2, 1], values[2, 1])


def test_dask_takes_it_plane_by_plane(tmp_path):
    import dask.array as da

    array = only(export(Volume(indexed(), affine=RIGHT_HANDED), tmp_path / "x").path).array
    lazy = da.from_array(array, chunks=array.chunks)
    assert lazy.chunks == ((1, 1, 1), (4,), (5,))
    np.testing.assert_array_equal(lazy.compute(), indexed())


def test_only_headers_are_held_and_only_planes_asked_for_are_read(tmp_path):
    path = export(Volume(np.zeros((40, 512, 512), np.int16), spacing=(1, 1, 1)), tmp_path / "x").path
    only(path)  # whatever is loaded once
    tracemalloc.start()
    try:
        volume = only(path)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 40 * 4000
    assert most < 2 * 512 * 512
    for file in dicom_files(path)[1:]:
        file.unlink()
    assert volume.array[0].shape == (512, 512)
    with pytest.raises(ReadError, match="plane 1 cannot be read: No such file"):
        volume.array[1]


def test_a_file_that_changes_meanwhile_is_no_plane(written):
    volume = only(written)
    dataset = pydicom.dcmread(written / "00002.dcm")
    dataset.Rows, dataset.PixelData = 3, dataset.PixelData[: 3 * 7 * 2]
    dataset.save_as(written / "00002.dcm")
    with pytest.raises(ReadError, match="not the one whose header was read"):
        volume.array[1]


def test_bits_that_are_not_stored_say_nothing(written):
    for file in dicom_files(written):
        dataset = pydicom.dcmread(file)
        overlay = np.frombuffer(dataset.PixelData, "<i2") | 0x1000
        edit(file, BitsStored=12, HighBit=11, RescaleSlope=1, RescaleIntercept=-1024, PixelData=overlay.tobytes())
    volume = only(written)
    assert volume.dtype == np.int16
    np.testing.assert_array_equal(volume.array, indexed((5, 6, 7)) - 1024)
