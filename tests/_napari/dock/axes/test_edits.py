"""What is said of layers: followed where nothing is said, and never without effect."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image

from napari_dicom_writer import ExportOptions, LayerError
from napari_dicom_writer._napari.dock.axes.edits import LayerEdits, limit_text

ANY = ExportOptions()


@pytest.fixture
def edits(qapp):
    return LayerEdits()


def test_a_layer_is_followed_where_nothing_is_said_of_it(edits):
    layer = Image(np.zeros((3, 4, 5)), scale=(2, 1, 1))
    edits.say(layer, (0, "step"), "7")
    layer.scale = (3, 0.5, 0.5)
    assert edits.tuple_of(layer, ANY)[1]["scale"] == [7, 0.5, 0.5]
    edits.say(layer, (0, "step"), None)
    assert list(edits.tuple_of(layer, ANY)[1]["scale"]) == [3, 0.5, 0.5]


def test_what_was_said_of_axes_that_are_gone_is_forgotten(edits):
    layer = Image(np.zeros((3, 4, 5)))
    edits.say(layer, (2, "step"), "7")
    layer.data = np.zeros((4, 5))
    assert list(edits.tuple_of(layer, ANY)[1]["scale"]) == [1, 1]


def test_a_step_beside_the_geometry_of_the_file_is_refused(edits):
    layer = Image(np.zeros((3, 4, 5)))
    of_file = ExportOptions(geometry="source")
    edits.say(layer, (0, "kind"), "time")
    edits.tuple_of(layer, of_file)
    edits.say(layer, (1, "step"), "7")
    with pytest.raises(LayerError, match="another one is written") as caught:
        edits.tuple_of(layer, of_file)
    assert caught.value.refusals[0].fix.value == "layer"


def test_limits_are_kept_to_the_last_digit_where_nothing_is_typed(edits):
    layer = Image(np.zeros((3, 4, 5)), contrast_limits=(0.123456789, 1))
    edits.say(layer, "high", "2")
    assert edits.tuple_of(layer, ANY)[1]["contrast_limits"] == (0.123456789, 2)
    assert limit_text(0.123456789) == "0.123457"
