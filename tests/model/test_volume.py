"""Volumes from arrays: axes, geometry, reading in any axis order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from napari_dicom_writer import GeometryError, LayerError, Volume, plan_export
from napari_dicom_writer.model.slabs import read_ahead, slabs


def test_spacing_position_and_direction_make_the_affine():
    rotation = np.array([[0.0, 0.6, 0.8], [0.0, -0.8, 0.6], [1.0, 0.0, 0.0]])
    volume = Volume(np.zeros((2, 3, 4)), spacing=(3, 2, 1), position=(10, 20, 30), direction=rotation)
    np.testing.assert_allclose(volume.affine @ (1, 0, 0, 1), [10, 20, 33, 1])
    np.testing.assert_allclose(volume.affine @ (0, 1, 0, 1), [11.2, 18.4, 30, 1])
    np.testing.assert_allclose(volume.affine @ (0, 0, 1, 1), [10.8, 20.6, 30, 1])


def test_the_default_is_an_axial_volume():
    np.testing.assert_array_equal(Volume(np.zeros((2, 3, 4)), spacing=(3, 2, 1)).affine @ (1, 1, 1, 0), [1, 2, 3, 0])


def test_a_plane_takes_two_spacings():
    volume = Volume(np.zeros((3, 4)), spacing=(2, 1))
    assert volume.shape == (1, 3, 4)
    np.testing.assert_array_equal(volume.affine @ (0, 1, 1, 0), [1, 2, 0, 0])


@pytest.mark.parametrize(
    "arguments",
    [
        {"spacing": (1, 1)},
        {"spacing": (1, 1, 1, 1)},
        {"spacing": (1, 1, 0)},
        {"spacing": (1, 1, -1)},
        {"spacing": (1, 1, float("nan"))},
        {"spacing": (1, 1, 1), "position": (0, 0)},
        {"spacing": (1, 1, 1), "direction": np.eye(2)},
        {"spacing": (1, 1, 1), "affine": np.eye(4)},
        {"affine": np.eye(4), "position": (0, 0, 0)},
        {"affine": "x"},
        {"spacing": 1.0},
        {"spacing": "abc"},
        {"spacing": (1, 1, 1), "position": (10**400, 0, 0)},
        {"spacing": (1, 1, 1), "direction": 2 * np.eye(3)},
        {"spacing": (1, 1, 1), "time_step": "soon"},
    ],
    ids=str,
)
def test_wrong_geometry_arguments(arguments):
    with pytest.raises(GeometryError, match="Give"):
        Volume(np.zeros((2, 3, 4)), **arguments)


@pytest.mark.parametrize(
    "window", [5, (1,), (1, 2, 3), "12", "ab", ("a", "b"), (None, 1), {"low": 1}, [[1, 2], [3, 4]]]
)
def test_a_window_that_is_no_pair_is_refused(window):
    with pytest.raises(LayerError, match=r"not a pair.*\(low, high\)"):
        Volume(np.zeros((2, 3, 4)), spacing=(1, 1, 1), window=window)


@pytest.mark.parametrize("window", [(np.nan, 1), (0, np.inf), (5, 1), np.array([1, 2]), [True, 2.5]])
def test_a_window_of_any_numbers_ends_in_a_plan(window):
    volume = Volume(np.zeros((2, 3, 4)), spacing=(1, 1, 1), window=window)
    assert float(plan_export(volume).series[0].window.width) >= 1


HALF = 0.7071


@pytest.mark.parametrize("digits", [3, 4, 5, 7])
def test_rounded_directions_stay_directions(digits):
    half = round(np.sqrt(0.5), digits)
    direction = np.array([[0, half, half], [0, -half, half], [1, 0, 0]])
    volume = Volume(np.zeros((2, 3, 4)), spacing=(3, 2, 1), direction=direction)
    np.testing.assert_allclose(np.linalg.norm(volume.affine[:3, :3], axis=0), (3, 2, 1), rtol=1e-15)
    said = [note.text for note in volume.notes if "unit vectors" in note.text]
    assert bool(said) == (digits < 7), "single precision is not worth a word"
    if digits == 4:
        assert f"{HALF * np.sqrt(2):.6g}" in said[0]


@pytest.mark.parametrize(
    "axes",
    [
        ("plane", "row"),
        ("plane", "row", "row"),
        ("plane", "plane", "row", "column"),
        ("time", "row", "time", "column"),
        ("time", "channel", "row"),
    ],
    ids=str,
)
def test_wrong_axes(axes):
    with pytest.raises(LayerError):
        Volume(np.zeros((2,) * len(axes)), spacing=(1, 1, 1), axes=axes)
    with pytest.raises(LayerError):
        Volume(np.zeros((2, 2)), spacing=(1, 1, 1), axes=("plane", "row", "column"))


AXES = ("time", "plane", "row", "column")


@pytest.mark.parametrize("axes", list(itertools.permutations(AXES)), ids="-".join)
@pytest.mark.parametrize("rgb", [False, True], ids=["gray", "rgb"])
def test_axes_in_any_order_are_read_as_planes(axes, rgb):
    """Values encode their own index, so a wrong axis shows."""
    sizes = dict(zip(AXES, (2, 3, 4, 5), strict=True))
    index = np.indices([sizes[axis] for axis in axes])
    weights = dict(zip(AXES, (1000, 100, 10, 1), strict=True))
    values = sum(index[i] * weights[axis] for i, axis in enumerate(axes))
    array = np.stack([values, values + 10000, values + 20000], axis=-1) if rgb else values
    volume = Volume(array, spacing=(1, 1, 1), axes=axes, rgb=rgb)
    assert (volume.shape, volume.leading, volume.leading_shape) == ((3, 4, 5), ("time",), (2,))
    expected = np.arange(2)[:, None, None] * 100 + np.arange(4)[:, None] * 10 + np.arange(5) + 100 + 1000
    read = volume.read((1,), 1, 3)
    np.testing.assert_array_equal(read[..., 0] if rgb else read, expected)
    if rgb:
        np.testing.assert_array_equal(read[..., 2], expected + 20000)


def test_slabs_cover_everything_once():
    array = np.arange(2 * 7 * 3 * 4).reshape(2, 7, 3, 4)
    volume = Volume(array, spacing=(1, 1, 1), axes=AXES)
    seen = np.zeros((2, 7), int)
    for slab, values in read_ahead(volume, slabs(volume)):
        for at, (leading, plane) in zip(np.ndindex(slab.shape), slab.places(), strict=True):
            seen[(*leading, plane)] += 1
            np.testing.assert_array_equal(values[at], array[(*leading, plane)])
    assert (seen == 1).all()
