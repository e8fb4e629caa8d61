"""Layers are built from what a reader returns as napari builds them: the judge is napari's own viewer model."""

from __future__ import annotations

import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.components.viewer_model import _unify_data_and_user_kwargs
from napari.layers import Image

from napari_dicom_writer import ExportOptions, LayerError
from napari_dicom_writer.layers.from_reader import layers_of
from napari_dicom_writer.layers.to_volume import to_volume

OPTIONS = ExportOptions()


def data(*shape: int, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 200, shape).astype(dtype)


CELLS = data(5, 40, 50)
COLORS = data(40, 50, 3)
CHANNELS = data(5, 2, 40, 50)
PYRAMID = [data(5, 40, 50), data(5, 20, 25), data(5, 10, 13)]

RETURNED = {
    "bare": [(CELLS,)],
    "attributes": [(CELLS, {"scale": (2, 1, 1), "name": "cells"})],
    "no name": [(CELLS, {"name": None}), (CELLS, {"name": ""})],
    "two of a name": [(CELLS, {"name": "a"}), (CELLS, {"name": "a"}), (CELLS, {"name": "a"})],
    "list for a tuple of attributes": [(CELLS, {"translate": [1, 2, 3]}, "image")],
    "short scale": [(CELLS, {"scale": (0.5, 0.25)})],
    "short translate": [(CELLS, {"translate": (3, 4)})],
    "short scale and translate": [(data(2, 3, 40, 50), {"scale": (2, 0.5, 0.25), "translate": (7,)})],
    "rgb": [(COLORS, {"rgb": True})],
    "not rgb": [(COLORS, {"rgb": False})],
    "rgb of 8 bits": [(COLORS, {})],
    "rgb of 16 bits": [(COLORS.astype(np.uint16), {})],
    "rgb of floats": [(COLORS / 255.0, {})],
    "rgb of signed integers": [(COLORS.astype(np.int16), {})],
    "rgba": [(data(3, 40, 50, 4), {})],
    "too small for rgb": [(data(30, 50, 3), {})],
    "rgb with a scale": [(data(5, 40, 50, 3), {"scale": (3, 2, 1)})],
    "levels": [(PYRAMID, {})],
    "levels, said": [(PYRAMID, {"multiscale": True, "scale": (3, 2, 1)})],
    "levels of colors": [([COLORS, COLORS[::2, ::2]], {})],
    "one level": [([CELLS], {})],
    "one level, said": [([CELLS], {"multiscale": True})],
    "channels": [(CHANNELS, {"channel_axis": 1})],
    "channels from behind": [(CHANNELS, {"channel_axis": -3})],
    "channels with names": [(CHANNELS, {"channel_axis": 1, "name": ["DAPI", "GFP"]})],
    "channels with one name": [(CHANNELS, {"channel_axis": 1, "name": "cells"})],
    "channels without a name": [(CHANNELS, {"channel_axis": 1, "name": None})],
    "channels with one scale": [(CHANNELS, {"channel_axis": 1, "scale": (2, 0.5, 0.25)})],
    "channels with scales": [(CHANNELS, {"channel_axis": 1, "scale": [(2, 0.5, 0.25), (3, 1, 1)]})],
    "channels with limits": [(CHANNELS, {"channel_axis": 1, "contrast_limits": [[0, 9], [1, 99]]})],
    "channels with one pair of limits": [(CHANNELS, {"channel_axis": 1, "contrast_limits": [0, 9]})],
    "channels with units": [(CHANNELS, {"channel_axis": 1, "units": ("um", "um", "um"), "scale": (2, 1, 1)})],
    "channels with one unit": [(CHANNELS, {"channel_axis": 1, "units": "um"})],
    "channels with labels": [(CHANNELS, {"channel_axis": 1, "axis_labels": ("z", "y", "x")})],
    "channels with colormaps": [(CHANNELS, {"channel_axis": 1, "colormap": ["green", "red"], "gamma": [1, 2]})],
    "channels with an affine": [(CHANNELS, {"channel_axis": 1, "affine": np.diag([2.0, 3, 4, 1])})],
    "channels with rotation": [(CHANNELS, {"channel_axis": 1, "rotate": 30})],
    "channels of levels": [([CHANNELS, CHANNELS[..., ::2, ::2]], {"channel_axis": 1, "name": ["a", "b"]})],
    "channels that are colors": [(data(2, 40, 50, 3), {"channel_axis": 0})],
    "channels last": [(data(5, 40, 50, 2), {"channel_axis": 3})],
    "metadata for each channel": [(CHANNELS, {"channel_axis": 1, "metadata": [{"a": 1}, {"a": 2}]})],
    "labels by their type": [(CELLS.astype(np.int32),)],
    "labels, said": [(CELLS, {"name": "cells"}, "labels")],
    "an image of long integers, said": [(CELLS.astype(np.int64), {}, "image")],
    "units and labels": [(CELLS, {"units": ("mm", "um", "um"), "axis_labels": ("t", "y", "x")})],
}


def napari_layers(returned) -> list[tuple]:
    viewer = ViewerModel()
    for item in returned:
        viewer._add_layer_from_data(*_unify_data_and_user_kwargs(copied(item), None, None, fallback_name="scan"))
    return [layer.as_layer_data_tuple() for layer in viewer.layers]


def copied(item):
    """napari changes the attributes that it is given."""
    return (item[0], dict(item[1]), *item[2:]) if len(item) > 1 else item


@pytest.mark.parametrize("case", RETURNED)
def test_layers_are_those_of_napari(case):
    ours, theirs = layers_of(RETURNED[case], "scan"), napari_layers(RETURNED[case])
    assert [kind for *_, kind in ours] == [kind for *_, kind in theirs]
    assert [attributes["name"] for _, attributes, _ in ours] == [attributes["name"] for _, attributes, _ in theirs]
    for (data_here, here, kind), (data_there, there, _) in zip(ours, theirs, strict=True):
        if kind != "image":
            continue
        assert (here["rgb"], here["multiscale"]) == (there["rgb"], there["multiscale"])
        one, other = to_volume(data_here, here, kind, OPTIONS), to_volume(data_there, there, kind, OPTIONS)
        assert (one.axes, one.rgb, one.array.shape) == (other.axes, other.rgb, other.array.shape)
        np.testing.assert_allclose(one.affine, other.affine)
        whole = (slice(None),) * one.array.ndim
        np.testing.assert_array_equal(np.asarray(one.array[whole]), np.asarray(other.array[whole]))
        if "contrast_limits" in RETURNED[case][0][-1 if len(RETURNED[case][0]) == 2 else 1 % len(RETURNED[case][0])]:
            assert one.window == other.window


def test_layer_objects_are_taken_as_they_are():
    (layer,) = layers_of([Image(CELLS, scale=(3, 2, 1), name="a")], "scan")
    assert to_volume(*layer, OPTIONS).affine[2, 0] == 3


def test_a_channel_of_zarr_stays_lazy(tmp_path):
    array = zarr.create_array(tmp_path / "a.zarr", data=CHANNELS, chunks=(1, 1, 40, 50))
    layers = layers_of([(array, {"channel_axis": 1})], "scan")
    second = to_volume(*layers[1], OPTIONS)
    assert not isinstance(second.array, np.ndarray)
    assert second.array.chunks == (1, 40, 50)
    np.testing.assert_array_equal(second.read((), 0, 5), CHANNELS[:, 1])


@pytest.mark.parametrize(
    "returned",
    [
        [(CHANNELS, {"channel_axis": 1, "name": ["only one"]})],
        [(CHANNELS, {"channel_axis": 1, "scale": [(1, 1, 1)] * 3})],
        [([CELLS, CELLS], {})],
        [(CELLS, {"rgb": True})],
        [None],
        [(CELLS, 5)],
        [(CELLS, {}, "image", 4)],
    ],
)
def test_what_napari_would_not_take_is_refused(returned):
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever napari raises
        napari_layers(returned)
    with pytest.raises(LayerError):
        layers_of(returned, "scan")
