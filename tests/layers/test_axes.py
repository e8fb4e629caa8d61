"""The table of axis labels, and axes named by whoever exports them."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pydicom
import pytest
from napari.layers import Image

from napari_dicom_writer import ExportOptions, Volume, export, plan_export
from napari_dicom_writer.layers.from_volume import to_layer
from napari_dicom_writer.layers.to_volume import to_volume
from napari_dicom_writer.model.axis_names import _WORDS, AxisKind, axis_names, kind_of

OPTIONS = ExportOptions()
WRITTEN = (
    "{}",
    " {} ",
    "{}s",
    "{} (s)",
    "{} [mm]",
    "{} axis",
    "{}-axis",
    "{}_index",
    "{} in um",
    "{}/ms",
    "{}_um",
    "{}, s",
)


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("kind", _WORDS)
def test_every_word_of_the_table_is_known_however_it_is_written(kind, form):
    for word in _WORDS[kind].split():
        for label in (form.format(word), form.format(word.upper()), form.format(word.title())):
            assert kind_of(label) is kind, label


def test_no_word_means_two_things():
    words = [word for words in _WORDS.values() for word in words.split()]
    assert len(words) == len(set(words))
    assert not {f"{word}s" for word in words} & set(words)


@pytest.mark.parametrize("label", ["", "-3", "0", "dim_1", "axis 2", "shoe", "ts", "(s)", "/", "脳", "x" * 1000, "()"])
def test_other_labels_tell_nothing(label):
    assert kind_of(label) in (AxisKind.OPEN, AxisKind.TIME if label == "ts" else AxisKind.OPEN)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("TCZYX", ("time", "channel", "plane", "row", "column")),
        ("frames, z-axis, height, width", ("time", "plane", "row", "column")),
        (("angle", "Slice", "y", "x"), ("angle", "plane", "row", "column")),
        (("row axis", "slice", "plane", "row", "column"), ("row axis", "slice", "plane", "row", "column")),
        (("color", "t", "y", "x", "s"), ("color", "time", "row", "column", "sample")),
    ],
)
def test_whoever_names_axes_does_it_by_the_same_table(given, names):
    assert axis_names(given) == names


def tuple_of(array, **attributes):
    return array, {"units": ("mm",) * array.ndim, **attributes}, "image"


@pytest.mark.parametrize(
    ("kinds", "axes"),
    [
        ("TZYX", ("time", "plane", "row", "column")),
        ("time, plane, row, column", ("time", "plane", "row", "column")),
        ("ZTYX", ("plane", "time", "row", "column")),
        (("echo", "channel", "row", "column"), ("echo", "channel", "row", "column")),
        (["XX", "Z", "Y", "X"], ("XX", "plane", "row", "column")),
        ("XYZT", ("column", "row", "plane", "time")),
    ],
)
def test_axes_are_what_whoever_exports_them_says(kinds, axes):
    array = np.zeros((2, 3, 4, 5))
    made = to_volume(*tuple_of(array, axes=kinds, axis_labels=("c", "t", "z", "y")), OPTIONS)
    assert made.axes == axes


def test_named_axes_go_along_the_world_axis_of_their_name():
    """As x, y, z from NIfTI tools: columns still run to the left, planes to the head."""
    array = np.arange(24).reshape(2, 3, 4)
    turned = to_volume(*tuple_of(array, axes="XYZ", scale=(2, 3, 4), translate=(10, 20, 30)), OPTIONS)
    straight = to_volume(*tuple_of(array.T, scale=(4, 3, 2), translate=(30, 20, 10)), OPTIONS)
    np.testing.assert_array_equal(turned.affine, straight.affine)
    np.testing.assert_array_equal(turned.read((), 0, 4), straight.read((), 0, 4))


@pytest.mark.parametrize("given", [{"axes": "YXS"}, {"axis_labels": ("y", "x", "rgb")}, {"axes": "YXS", "rgb": True}])
def test_samples_may_be_named(given):
    colors = np.zeros((40, 50, 3), np.uint8)
    given = {"units": ("mm",) * (2 if given.get("rgb") else 3), **given}
    assert to_volume(colors, given, "image", OPTIONS).samples == 3


@pytest.mark.parametrize(("shape", "dtype"), [((4, 5, 3), np.uint16), ((4, 5, 7), np.uint8), ((3, 4, 5), np.uint8)])
def test_what_is_called_sample_and_is_no_color_is_an_axis(shape, dtype):
    labels = ("sample", "y", "x") if shape[0] == 3 else ("y", "x", "sample")
    made = to_volume(*tuple_of(np.zeros(shape, dtype), axis_labels=labels), OPTIONS)
    assert not made.rgb
    assert made.leading == ("sample",)


def test_the_plan_says_in_one_line_what_every_axis_is():
    layer = tuple_of(np.zeros((2, 3, 4, 5), np.uint8), axis_labels=("well", "frame", "y", "x"), name="plate")
    assert "axes of layer 'plate': 2 wells × 3 time points × 4 rows × 5 columns" in str(plan_export(layer))


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("modality", ["MR", "PT"])
def test_time_may_be_any_axis_and_start_anywhere(tmp_path, at, modality):
    """Each point has its own picture, as long after the first as the layer says."""
    values = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    labels, scale, translate, units = (list(one) for one in ("zyx", (2, 1, 1), (0, 0, 0), ("mm",) * 3))
    for one, value in ((labels, "t"), (scale, 1.5), (translate, 30), (units, "s")):
        one.insert(at, value)
    layer = Image(
        np.moveaxis(values, 0, at), axis_labels=labels, scale=scale, translate=translate, units=units, name="movie"
    )
    report = export(layer, tmp_path / "out", ExportOptions(modality=modality))
    found = [pydicom.dcmread(path) for path in sorted(report.path.glob("*.dcm"))]
    moments = [datetime.strptime(h.ContentDate + h.ContentTime, "%Y%m%d%H%M%S.%f") for h in found]
    for number, header in enumerate(found):
        point, plane = divmod(number, 3)
        np.testing.assert_array_equal(header.pixel_array, values[point, plane])
        assert (moments[number] - moments[0]).total_seconds() == 1.5 * point
        if modality == "PT":
            assert float(header.FrameReferenceTime) == (30 + 1.5 * point) * 1000


def test_the_start_of_time_survives_the_way_to_a_layer_and_back():
    volume = Volume(
        np.zeros((2, 3, 4, 5)), spacing=(2, 1, 1), axes=("time", "plane", "row", "column"), time_step=2, time_start=7
    )
    back = to_volume(*to_layer(volume), OPTIONS)
    assert (back.time_step, back.time_start) == (2, 7)
    np.testing.assert_array_equal(back.affine, volume.affine)
