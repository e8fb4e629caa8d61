"""Axes as a table: what a layer says of them, and edits that end in the geometry that is written."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_dicom_writer import ExportOptions, LayerError
from napari_dicom_writer.layers.axis_rows import axis_rows, labels_for, problems, short_unit, with_edits
from napari_dicom_writer.layers.inputs import as_volume, tuple_of

ANY = ExportOptions()
TURNED = np.array([[0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1.0]])


def table(layer, options=ANY):
    data, attributes, _ = tuple_of(layer)
    return axis_rows(data, attributes, options)


def edited(layer, edits):
    """The volume of a layer with edits."""
    data, attributes, kind = tuple_of(layer)
    return as_volume((data, with_edits(attributes, axis_rows(data, attributes, ANY), edits), kind), ANY)


@pytest.mark.parametrize(
    ("shape", "attributes", "kinds", "units"),
    [
        ((3, 4, 5), {}, "plane row column", ["pixel"] * 3),
        ((4, 5), {"units": ("um", "um")}, "row column", ["µm"] * 2),
        ((2, 3, 4, 5), {"units": ("um",) * 4}, "other plane row column", ["µm"] * 4),
        ((2, 3, 4, 5), {"axis_labels": "czyx"}, "channel plane row column", ["pixel"] * 4),
        ((2, 3, 4, 5), {"axis_labels": ("well", "z", "y", "x")}, "other plane row column", ["pixel"] * 4),
        ((2, 3, 4, 5), {"axis_labels": "ttyx"}, "time time row column", ["pixel"] * 4),  # to be repaired
        ((9, 4, 5, 3), {"rgb": True}, "plane row column sample", ["pixel"] * 4),
    ],
)
def test_a_layer_says_what_its_axes_are_taken_as(shape, attributes, kinds, units):
    rows = table(Image(np.zeros(shape, np.uint8), **attributes))
    assert " ".join(row.kind for row in rows) == kinds
    assert [row.unit for row in rows] == units
    assert tuple(row.size for row in rows) == shape


def test_the_option_tells_an_axis_without_a_label():
    layer = Image(np.zeros((2, 3, 4, 5), np.uint8))
    assert table(layer, ExportOptions(unnamed_axis="channel"))[0].kind == "channel"


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
@pytest.mark.parametrize("transform", [{}, {"affine": TURNED * [2, 2, 2, 1]}, {"rotate": [30, 20, 10]}])
def test_a_step_is_what_is_written_whatever_else_scales_the_layer(transform):
    """A negative scale keeps its direction, and the voxel at the origin its place."""
    layer = Image(np.zeros((3, 4, 5)), scale=(2, -0.7, 0.8), translate=(1, 2, 3), units=("mm",) * 3, **transform)
    before, after = edited(layer, {}).affine, edited(layer, {(0, "step"): "5", (1, "step"): "0.5"}).affine
    np.testing.assert_allclose(np.linalg.norm(after[:3, :3], axis=0), [5, 0.5, table(layer)[2].step])
    np.testing.assert_allclose(after[:, 3], before[:, 3])
    turns = [a[:3, :3] / np.linalg.norm(a[:3, :3], axis=0) for a in (before, after)]
    np.testing.assert_allclose(*turns, atol=1e-12)


def test_kinds_units_and_steps_make_another_volume_of_the_same_array():
    layer = Image(np.zeros((2, 3, 4, 5)))
    volume = edited(layer, {(0, "kind"): "channel", (1, "kind"): "time", (1, "step"): "2", (1, "unit"): "ms"})
    assert volume.axes == ("channel", "time", "row", "column")
    assert volume.time_step == 0.002
    volume = edited(layer, {(i, "unit"): "µm" for i in (1, 2, 3)})
    np.testing.assert_allclose(np.linalg.norm(volume.affine[:3, :3], axis=0), 1e-3)
    assert not any("pixel" in note.text for note in volume.notes), "nothing is assumed any more"
    planes_last = edited(layer, {(1, "kind"): "row", (2, "kind"): "column", (3, "kind"): "plane", (3, "step"): "9"})
    assert planes_last.axes == ("time", "row", "column", "plane")
    assert np.linalg.norm(planes_last.affine[:3, 0]) == 9


def test_samples_can_be_told():
    layer = Image(np.zeros((9, 8, 3), np.uint8), rgb=False)
    volume = edited(layer, {(0, "kind"): "row", (1, "kind"): "column", (2, "kind"): "sample"})
    assert volume.rgb
    assert volume.axes == ("row", "column")


WRONG = [
    ({(0, "kind"): "row"}, "2 axes are taken as row", (1, "kind")),
    ({(2, "kind"): "time"}, "No axis is taken as column", (2, "kind")),
    ({(0, "kind"): "sample"}, "Axis 0, 3 long, cannot hold samples", (0, "kind")),
    ({(0, "step"): "0"}, "not a number above 0", (0, "step")),
    ({(0, "step"): "-2"}, "not a number above 0", (0, "step")),
    ({(0, "step"): "nan"}, "not a number above 0", (0, "step")),
    ({(0, "step"): "2,5"}, "not a number above 0", (0, "step")),
    ({(0, "unit"): "bananas"}, "'bananas', is no length", (0, "unit")),
    ({(0, "unit"): "s"}, "'s', is no length", (0, "unit")),
    ({(0, "unit"): "0.65 um"}, "is no length", (0, "unit")),
    ({(0, "kind"): "time", (0, "unit"): "mm"}, "'mm', is no duration", (0, "unit")),
    ({(0, "unit"): ""}, "'', is no length", (0, "unit")),
    ({(0, "kind"): "time", (0, "step"): "2"}, "has no unit of time", (0, "unit")),
]


@pytest.mark.parametrize(("edits", "said", "where"), WRONG, ids=[said for _, said, _ in WRONG])
def test_wrong_edits_are_refused_with_the_place(edits, said, where):
    layer = Image(np.zeros((3, 4, 5)))
    assert where in problems(table(layer), edits)
    with pytest.raises(LayerError, match=said) as caught:
        edited(layer, edits)
    assert all(refusal.remedy and refusal.fix.option == "axes" for refusal in caught.value.refusals)


def test_labels_tell_the_kinds():
    layer = Image(np.zeros((2, 3, 4, 5)), axis_labels=("shoe", "z", "rows", "x"))
    assert labels_for(table(layer), {(0, "kind"): "channel"}) == ["c", "z", "rows", "x"]


def test_units_are_written_in_short():
    assert [short_unit(u) for u in ("millimeter", "um", "minute", "bananas")] == ["mm", "µm", "min", "bananas"]
