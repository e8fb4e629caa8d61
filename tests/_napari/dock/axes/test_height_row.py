"""A 2-D layer beside a volume: nothing says on which plane it lies, until somebody does."""

from __future__ import annotations

import numpy as np
from qtpy.QtTest import QTest

from _napari.panels import click, fix_button, settle, texts, wait_for

PLACE = {"scale": (0.7, 0.8), "translate": (-20, 30), "units": ("mm",) * 2}


def test_a_flat_layer_is_put_onto_the_plane_in_sight(viewer, open_panel, qtbot):
    """The image of the fixture begins at z = 10: at 0 there is none of its planes."""
    labels = viewer.add_labels(np.ones((14, 10), np.uint8), name="slice", **PLACE)
    viewer.layers.select_all()
    panel = open_panel(on_screen=True)
    row = panel.editor.height_row
    assert "layer 'slice': It is flat, and lies at z = 0 mm, on no plane of the image 'scan'" in texts(panel)
    click(qtbot, fix_button(panel, "Set z…"))
    wait_for(qtbot, row.isVisible)
    assert panel.preview.layer is labels
    viewer.dims.set_point(0, 15)
    click(qtbot, row.button)
    settle(qtbot, panel)
    assert panel.plan.series[1].segments[0].planes == (2, 2)
    assert row.line.text() == "15"
    row.line.selectAll()
    QTest.keyClicks(row.line, "high")
    wait_for(qtbot, lambda: "Its plane lies at z = 'high', not a number" in texts(panel))
    panel.editor.undo_button.click()
    settle(qtbot, panel)
    assert "It is flat, and lies at z = 0 mm" in texts(panel)


def test_a_flat_outline_lies_where_it_is_said_to(viewer, open_panel, qtbot):
    shapes = viewer.add_shapes([[[2, 2], [2, 7], [9, 7.0]]], shape_type="polygon", name="outline", **PLACE)
    viewer.layers.select_all()
    panel = open_panel()
    assert "layer 'outline': It is flat, and the image 'scan' has 6 planes" in texts(panel)
    click(qtbot, fix_button(panel, "Set z…"))
    assert panel.preview.layer is shapes
    panel.editor.edits.say(shapes, "z", "20")
    settle(qtbot, panel)
    assert panel.plan.series[1].segments[0].planes == (4, 4)
    viewer.layers.selection = {viewer.layers["scan"]}
    settle(qtbot, panel)
    assert not panel.editor.height_row.isVisibleTo(panel)


def test_where_no_plane_is_in_sight_what_is_said_stays(viewer, open_panel, qtbot):
    labels = viewer.add_labels(np.ones((14, 10), np.uint8), name="slice", **PLACE)
    panel = open_panel()
    panel.editor.edits.say(labels, "z", "12.5")
    viewer.dims.ndisplay = 3
    panel.editor.height_row.button.click()
    assert panel.editor.edits.of(labels).place == {"z": "12.5"}
    assert panel.controls.status == "The viewer shows no plane of a volume"
