"""From a volume to a layer and back: nothing changes, and a real napari layer lies where the volume is."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from napari.layers import Image

from judges.volumes import affine_of, oblique, oblique_volume, world
from napari_dicom_writer import ExportOptions, LayerError, Volume, export
from napari_dicom_writer.layers.from_volume import to_layer
from napari_dicom_writer.layers.to_volume import to_volume
from napari_dicom_writer.reading.series import read_series

SPATIAL = ("plane", "row", "column")
STRAIGHT = affine_of(np.diag([0.7, 0.8, 2.5])[:, ::-1], (1, -2, 3))
AFFINES = {
    "straight": STRAIGHT,
    "oblique": oblique(),
    "left-handed": oblique() @ np.diag([-1, 1, 1, 1]),
    "flipped": STRAIGHT @ np.diag([1, -1, 1, 1]),
    "sheared": STRAIGHT @ (np.eye(4) + 0.1 * np.eye(4, k=1) * [0, 1, 1, 0]),
}
VOLUMES = {
    **{name: Volume(np.zeros((3, 4, 5)), affine=a, name=name, window=(-0.5, 2)) for name, a in AFFINES.items()},
    "plane": Volume(np.zeros((4, 5)), spacing=(2, 3), position=(7, 8, 0)),
    "time": Volume(np.zeros((2, 3, 4, 5)), affine=oblique(), axes=("time", *SPATIAL), time_step=0.7),
    "time without step": Volume(np.zeros((2, 3, 4, 5)), affine=STRAIGHT, axes=("time", *SPATIAL)),
    "time last": Volume(np.zeros((3, 4, 5, 2)), affine=oblique(), axes=(*SPATIAL, "time"), time_step=2),
    "channels": Volume(np.zeros((2, 3, 4, 5)), affine=STRAIGHT, axes=("channel", *SPATIAL)),
    "no names": Volume(np.zeros((2, 2, 3, 4, 5)), affine=STRAIGHT),
    "angle": Volume(np.zeros((2, 3, 4, 5)), affine=STRAIGHT, axes=("angle", *SPATIAL)),
    "rgb": Volume(np.zeros((3, 4, 5, 3), np.uint8), affine=oblique(), rgb=True),
    "rgb in time": Volume(
        np.zeros((2, 3, 4, 5, 3), np.uint8), affine=STRAIGHT, rgb=True, axes=("time", *SPATIAL), time_step=3
    ),
    "movie": Volume(np.zeros((9, 4, 5)), spacing=(2, 3), axes=("time", "row", "column"), time_step=0.1),
}


def assert_same(made: Volume, volume: Volume) -> None:
    np.testing.assert_allclose(made.affine, volume.affine, rtol=1e-13, atol=1e-13)
    assert (made.axes, made.rgb, made.name) == (volume.axes, volume.rgb, volume.name)
    assert (made.window, made.time_step) == (volume.window, volume.time_step)
    assert made.array is volume.array


@pytest.mark.parametrize("name", VOLUMES)
def test_there_and_back_nothing_changes(name):
    volume = VOLUMES[name]
    made = to_volume(*to_layer(volume), ExportOptions())
    assert_same(made, volume)
    assert [note.text for note in made.notes if "2-D layer" not in note.text] == []


@pytest.mark.parametrize("name", VOLUMES)
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_a_real_layer_lies_where_the_volume_is(name):
    volume = VOLUMES[name]
    data, attributes, kind = to_layer(volume)
    layer = Image(data, **attributes)
    assert kind == "image"
    index = np.ones(layer.ndim)
    spatial = [i for i, axis in enumerate(volume.axes) if axis in SPATIAL]
    place = np.array(layer.data_to_world(index))[spatial][::-1]
    at = (1, 1, 1, 1) if "plane" in volume.axes else (0, 1, 1, 1)
    np.testing.assert_allclose(place, (volume.affine @ at)[: len(spatial)], atol=1e-9)
    made = to_volume(*layer.as_layer_data_tuple(), ExportOptions())
    np.testing.assert_allclose(made.affine, volume.affine, atol=1e-9)
    assert (made.axes, made.rgb, made.time_step) == (volume.axes, volume.rgb, volume.time_step)


def test_axes_in_another_order_are_placed_right():
    volume = Volume(np.arange(60).reshape(5, 4, 3), affine=oblique(), axes=("column", "row", "plane"))
    made = to_volume(*to_layer(volume), ExportOptions())
    np.testing.assert_allclose(made.affine, volume.affine, atol=1e-13)
    order = [made.axes.index(axis) for axis in volume.axes]
    np.testing.assert_array_equal(made.array.transpose(order), volume.array)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_axes_are_in_the_order_of_the_world_that_they_are_nearest_to(order):
    """napari shows a slice of the array: of a sagittal stack as it is, each would be a line."""
    tilt = rotation_about((1, 2, 3), 20)
    directions = (tilt @ np.eye(3)[:, ::-1])[:, order]
    volume = Volume(np.arange(60).reshape(5, 4, 3), direction=directions, spacing=(3, 2, 1))
    data, attributes, kind = to_layer(volume)
    linear = attributes["affine"][:3, :3]
    assert np.abs(linear).argmax(axis=0).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(data, volume.array.transpose(np.argsort(order)))
    made = to_volume(data, attributes, kind, ExportOptions())
    np.testing.assert_allclose(made.affine, volume.affine, atol=1e-12)
    assert [made.axes[i] for i in order] == list(SPATIAL)


def rotation_about(axis, degrees):
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    cross, angle = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]), np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def test_a_plane_that_is_not_at_zero_becomes_a_stack_of_one():
    volume = Volume(np.zeros((4, 5)), affine=oblique())
    data, attributes, kind = to_layer(volume)
    assert data.shape == (1, 4, 5)
    np.testing.assert_allclose(to_volume(data, attributes, kind, ExportOptions()).affine, oblique(), atol=1e-13)


def test_an_empty_window_is_left_to_napari():
    assert "contrast_limits" not in to_layer(Volume(np.zeros((3, 4, 5)), affine=STRAIGHT, window=(1, 1)))[1]


@pytest.mark.parametrize("axes", [("plane", "angle", "row", "column"), ("", "angle", "row", "column")])
def test_axes_that_would_be_taken_for_others_are_refused(axes):
    if "plane" in axes:
        volume = Volume(np.zeros((2, 3, 4, 5)), affine=STRAIGHT, axes=axes)
        with pytest.raises(LayerError, match="neither time nor channel"):
            to_layer(volume)
    else:  # the plane axis goes beside rows and columns
        data, attributes, kind = to_layer(Volume(np.zeros((2, 3, 4, 5)), spacing=(1, 1), axes=axes))
        assert to_volume(data, attributes, kind, ExportOptions()).axes == ("", "angle", *SPATIAL)


def test_what_is_read_lies_in_napari_where_its_files_say(tmp_path):
    source = oblique_volume(window=(0, 59))
    (volume,) = read_series(export(source, tmp_path / "x").path)
    made = to_volume(*to_layer(volume), ExportOptions())
    assert_same(made, volume)
    places, sources = world(made.affine, made.shape), world(source.affine, source.shape)
    order = np.asarray(made.array).ravel()
    np.testing.assert_allclose(places, sources[order], atol=1e-9)
