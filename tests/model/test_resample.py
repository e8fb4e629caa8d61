"""Sheared volumes on an orthogonal grid: a linear function of the position survives linear interpolation exactly."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest

from judges.crossfile import series_faults
from judges.readers import read_series, simpleitk_file, simpleitk_volume
from judges.volumes import affine_of, assert_placed, rotation, world
from napari_dicom_writer import ExportOptions, GeometryError, Volume, export, plan_export
from napari_dicom_writer.model.resample import resample

SHAPE = (9, 10, 11)
RESAMPLE = ExportOptions(shear="resample")
GRADIENT = np.array([3.0, -2.0, 5.0])
SHEARS = {
    "in-plane": [(1, 2, 0.3)],
    "gantry tilt": [(0, 1, 0.4)],
    "slice": [(0, 2, -0.5)],
    "all": [(1, 2, 0.2), (0, 1, -0.3), (0, 2, 0.25)],
}


def sheared(name: str, seed: int = 0, flip: int = 1) -> np.ndarray:
    """An oblique affine with sheared axes."""
    rng = np.random.default_rng(seed)
    shear = np.eye(3)
    for axis, toward, amount in SHEARS[name]:
        shear[toward, axis] = amount
    return affine_of(rotation(rng) @ np.diag([2, 0.8, 0.7]) @ shear @ np.diag([flip, 1, 1]), rng.uniform(-50, 50, 3))


def ramp(places: np.ndarray) -> np.ndarray:
    """Positive everywhere near the origin, so that it stands out from the background of 0."""
    return places @ GRADIENT + 2000


def exact(affine, shape=SHAPE) -> np.ndarray:
    return ramp(world(affine, shape)).reshape(shape)


def assert_ramp(reading, affine, shape, tolerance) -> None:
    """Inside the source every value is the ramp's at its world place; beyond its edge voxels there is background."""
    places = world(reading.affine, reading.values.shape)
    index = (places - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    top = np.array(shape) - 1
    values = reading.values.reshape(len(places), -1)[:, 0].astype(float)
    inside = ((index >= -1e-6) & (index <= top + 1e-6)).all(axis=1)
    assert inside.sum() > 0.3 * np.prod(shape)
    assert np.abs(values[inside] - ramp(places[inside])).max() <= tolerance
    outside = ((index <= -1) | (index >= top + 1)).any(axis=1)
    assert np.abs(values[outside]).max(initial=0) <= tolerance


def assert_nothing_cut_off(reading, affine, shape) -> None:
    """Every voxel center of the source lies within the centers of the new grid."""
    index = (world(affine, shape) - reading.affine[:3, 3]) @ np.linalg.inv(reading.affine[:3, :3]).T
    assert (index >= -1e-6).all()
    assert (index <= np.array(reading.values.shape[:3]) - 1 + 1e-6).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("flip", [1, -1], ids=["right-handed", "left-handed"])
@pytest.mark.parametrize("name", SHEARS)
def test_values_stay_at_their_world_places(tmp_path, name, flip, seed):
    affine = sheared(name, seed, flip)
    report = export(Volume(exact(affine), affine=affine), tmp_path / "out", RESAMPLE)
    (plan,) = report.plan.series
    reading = simpleitk_volume(report.path)
    assert_ramp(reading, affine, SHAPE, plan.stored.largest_error + 1e-6)
    assert_nothing_cut_off(reading, affine, SHAPE)
    assert series_faults(read_series(report.path)[0], reading.values.shape) == []
    assert any("Resampled" in note.text and "off a right angle" in note.text for note in plan.notes)


@pytest.mark.parametrize("name", SHEARS)
def test_without_the_option_it_is_refused(name):
    affine = sheared(name)
    with pytest.raises(GeometryError, match="off a right angle"):
        plan_export(Volume(exact(affine), affine=affine))


@pytest.mark.parametrize("dtype", ["i2", "u2", "i4", ">i2", "f2", ">f4"])
def test_other_dtypes_are_rounded_to_the_nearest(tmp_path, dtype):
    affine = sheared("all")
    report = export(Volume(np.rint(exact(affine)).astype(dtype), affine=affine), tmp_path / "out", RESAMPLE)
    # Rounded once on the way in, and once on the way out; float16 keeps 11 bits of about 2000.
    tolerance = 1.001 + (1 if dtype == "f2" else 0)
    assert_ramp(simpleitk_volume(report.path), affine, SHAPE, tolerance)


def test_bool_takes_the_nearest_voxel(tmp_path):
    affine = sheared("all")
    report = export(Volume(np.ones(SHAPE, bool), affine=affine), tmp_path / "out", RESAMPLE)
    reading = simpleitk_volume(report.path)
    assert set(np.unique(reading.values)) == {0, 1}
    places = world(reading.affine, reading.values.shape)
    index = (places - affine[:3, 3]) @ np.linalg.inv(affine[:3, :3]).T
    inside = ((index >= 0) & (index <= np.array(SHAPE) - 1)).all(axis=1)
    assert reading.values.reshape(-1)[inside].all()


def test_colors_are_resampled_sample_by_sample(tmp_path):
    affine = sheared("gantry tilt")
    gray = np.clip(exact(affine) / 16, 0, 255)
    colors = np.stack([gray, np.full_like(gray, 7), 255 - gray], axis=-1).astype("u1")
    gray_report = export(Volume(colors[..., 0], affine=affine), tmp_path / "gray", RESAMPLE)
    report = export(Volume(colors, affine=affine, rgb=True), tmp_path / "out", RESAMPLE)
    found, expected = simpleitk_volume(report.path), simpleitk_volume(gray_report.path)
    np.testing.assert_allclose(found.affine, expected.affine)
    np.testing.assert_array_equal(found.values[..., 0], expected.values)
    assert found.values[..., 1].max() == 7


def test_every_time_point_is_resampled(tmp_path):
    affine = sheared("slice")
    values = np.stack([exact(affine), exact(affine) * 2])
    volume = Volume(values, affine=affine, axes=("time", "plane", "row", "column"))
    report = export(volume, tmp_path / "out", ExportOptions(shear="resample", time="series-per-point"))
    first, second = (simpleitk_volume(folder) for folder in sorted(report.path.iterdir()))
    (error,) = {plan.stored.largest_error for plan in report.plan.series}
    assert_ramp(first, affine, SHAPE, error + 1e-6)
    assert np.abs(second.values - 2 * first.values).max() <= 3 * error + 1e-6


def test_a_sheared_plane(tmp_path):
    affine = sheared("in-plane")
    report = export(Volume(exact(affine, (1, 10, 11))[0], affine=affine), tmp_path / "out.dcm", RESAMPLE)
    (plan,) = report.plan.series
    assert_ramp(simpleitk_file(report.path), affine, (1, 10, 11), plan.stored.largest_error + 1e-6)


def test_a_volume_without_shear_is_left_alone(tmp_path, indexed_volume):
    report = export(indexed_volume, tmp_path / "out", RESAMPLE)
    assert not any("Resampled" in note.text for note in report.plan.notes)
    assert_placed(simpleitk_volume(report.path), indexed_volume.array, indexed_volume.affine, 1e-5)


def test_dask_is_read_lazily_and_resampled_the_same(tmp_path):
    affine = sheared("all")
    values = exact(affine).astype("i2")
    blocks = []

    def note(block, block_info=None):
        # Called once without a block, to learn the dtype.
        if block_info:
            blocks.append(block_info[0]["chunk-location"][0])
        return block

    lazy = dask.array.from_array(values, chunks=(3, 10, 11)).map_blocks(note, dtype=values.dtype)
    blocks.clear()
    window = (values.min(), values.max())
    plan_export(Volume(lazy, affine=affine, window=window), RESAMPLE)
    assert blocks == [], "16-bit integers need no scan"
    report = export(Volume(lazy, affine=affine, window=window), tmp_path / "lazy", RESAMPLE)
    assert set(blocks) == {0, 1, 2}
    eager = export(Volume(values, affine=affine, window=window), tmp_path / "eager", RESAMPLE)
    found, expected = simpleitk_volume(report.path), simpleitk_volume(eager.path)
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.affine, expected.affine)


def test_a_part_of_its_planes_can_be_read():
    """As for the window of large planes, which is chosen by a sample of them."""
    values = np.random.default_rng(3).integers(0, 99, (4, 300, 310)).astype(np.int16)
    affine = np.array([[0.1, 0, 1, 0], [0, 1, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1]])
    for volume in (
        Volume(values, affine=affine),
        Volume(np.stack([values] * 3, axis=-1).astype("u1"), affine=affine, rgb=True),
    ):
        straight, _ = resample(volume)
        whole = straight.read_ranges((), range(1, 3))
        part = straight.read_ranges((), range(1, 3), range(10, 50), range(100, 230))
        np.testing.assert_array_equal(part, whole[:, 10:50, 100:230])
    assert plan_export((values, {"shear": [0.1, 0, 0]}, "image"), ExportOptions(shear="resample")).series[0].window
