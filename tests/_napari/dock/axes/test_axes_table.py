"""Axes and voxel size in the dock: by clicks and keys, for this export or in the layer itself."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from _napari.panels import click, export, fix_button, read, settle

RAW = np.random.default_rng(6).integers(0, 900, (2, 3, 8, 6)).astype(np.uint16)


@pytest.fixture
def open_raw(viewer, open_panel):
    """Open the widget for a layer as a camera hands it over: four axes, and nothing said of them."""

    def opened():
        viewer.layers.clear()
        viewer.add_image(RAW, name="raw")
        panel = open_panel()
        panel.editor.reveal("axes")
        return panel

    return opened


def type_step(qtbot, panel, axis: int, text: str) -> None:
    line = panel.editor.table.cell(axis, "step")
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text or "\b")


def choose(qtbot, panel, axis: int, name: str, text: str) -> None:
    box = panel.editor.table.cell(axis, name)
    if box.isEditable():
        box.lineEdit().selectAll()
    qtbot.keyClicks(box.lineEdit() or box, text)
    assert box.currentText() == text


def test_an_anisotropic_stack_without_a_scale_needs_no_script(viewer, open_raw, qtbot, tmp_path):
    panel = open_raw()
    choose(qtbot, panel, 0, "kind", "channel")
    type_step(qtbot, panel, 1, "2.5")
    for axis in (1, 2, 3):
        choose(qtbot, panel, axis, "unit", "um")
    settle(qtbot, panel)
    assert panel.preview.preview.lines[0] == "6\xa0×\xa08\xa0×\xa03 voxels of 1\xa0×\xa01\xa0×\xa02.5\xa0µm"
    export(qtbot, panel)
    headers = read(tmp_path / "out")
    assert {float(h.SpacingBetweenSlices) for h in headers} == {0.0025}
    assert {tuple(map(float, h.PixelSpacing)) for h in headers} == {(0.001, 0.001)}
    assert len({h.SeriesInstanceUID for h in headers}) == 2
    layer = viewer.layers[0]
    assert layer.scale.tolist() == [1, 1, 1, 1], "for this export alone"
    assert {str(unit) for unit in layer.units} == {"pixel"}


def test_it_is_set_in_the_layer_on_request(viewer, open_raw, qtbot):
    panel = open_raw()
    choose(qtbot, panel, 0, "kind", "channel")
    type_step(qtbot, panel, 1, "2.5")
    choose(qtbot, panel, 1, "unit", "mm")
    qtbot.waitUntil(panel.editor.set_button.isEnabled)
    click(qtbot, panel.editor.set_button)
    layer = viewer.layers[0]
    assert layer.scale.tolist() == [1, 2.5, 1, 1]
    assert [str(unit) for unit in layer.units] == ["pixel", "millimeter", "pixel", "pixel"]
    assert layer.axis_labels[0] == "c"
    settle(qtbot, panel)
    assert not panel.editor.set_button.isEnabled(), "nothing is left to be set"
    assert panel.plan.series[0].grid.spacing_between_planes == "2.5"


def test_an_order_that_napari_cannot_say_stays_for_the_export(viewer, open_raw, qtbot):
    panel = open_raw()
    for axis, kind in enumerate(("column", "time", "row", "plane")):
        choose(qtbot, panel, axis, "kind", kind)
    qtbot.waitUntil(panel.editor.set_button.isEnabled)
    click(qtbot, panel.editor.set_button)
    settle(qtbot, panel)
    assert (panel.plan.series[0].columns, panel.plan.series[0].rows) == (2, 8)


def test_what_is_wrong_is_said_in_place_and_nothing_jumps(open_raw, qtbot):
    panel = open_raw()
    qtbot.waitUntil(lambda: bool(panel.preview.preview.lines))
    line = panel.editor.table.cell(1, "step")
    place, lines = line.mapTo(panel, line.rect().topLeft()), panel.preview.preview.lines
    type_step(qtbot, panel, 1, "-3")
    settle_refused(qtbot, panel, "axis 1 (plane) is '-3', not a number above 0")
    assert line.accessibleDescription().endswith("Give the distance from one to the next, such as 2.5.")
    assert not panel.controls.export_button.isEnabled()
    assert line.mapTo(panel, line.rect().topLeft()) == place
    assert panel.preview.preview.lines == lines
    type_step(qtbot, panel, 1, "")
    settle(qtbot, panel)
    assert panel.plan is not None
    choose(qtbot, panel, 0, "kind", "plane")
    settle_refused(qtbot, panel, "2 axes are taken as plane")
    click(qtbot, panel.editor.undo_button)
    settle(qtbot, panel)
    assert panel.plan is not None


def settle_refused(qtbot, panel, said: str) -> None:
    qtbot.waitUntil(lambda: said in panel.controls.status)
    assert fix_button(panel, "Set axes…")


def test_a_layer_that_is_refused_for_its_axes_is_repaired(viewer, open_raw, qtbot):
    panel = open_raw()
    viewer.layers[0].axis_labels = ("time", "frame", "y", "x")
    settle_refused(qtbot, panel, "Two of its axes are time")
    choose(qtbot, panel, 1, "kind", "plane")
    settle(qtbot, panel)
    assert panel.plan.series[0].time_points == 2


def kinds_shown(panel, axes):
    return " ".join(panel.editor.table.cell(axis, "kind").currentText() for axis in range(axes))


def test_other_layers_have_other_axes(viewer, open_raw, qtbot):
    panel = open_raw()
    viewer.add_image(np.zeros((9, 8, 3), np.uint8), rgb=True, name="colors")
    viewer.add_labels(np.ones((8, 6), np.uint8), name="labels")
    for name, kinds in (("labels", "row column"), ("colors", "row column sample"), ("raw", "time plane row column")):
        viewer.layers.selection = {viewer.layers[name]}
        settle(qtbot, panel)
        qtbot.waitUntil(lambda name=name: panel.preview.layer is viewer.layers[name])
        qtbot.waitUntil(lambda kinds=kinds: kinds_shown(panel, len(kinds.split())) == kinds)
        assert panel.editor.window_row.isVisibleTo(panel) == (name == "raw")
    assert not panel.editor.table.cell(0, "step").accessibleDescription()


def test_the_button_of_a_refusal_shows_the_layer_that_it_is_about(viewer, open_raw, qtbot):
    panel = open_raw()
    viewer.add_image(RAW, name="other")
    viewer.layers.selection = set(viewer.layers)
    panel.editor.edits.say(viewer.layers["raw"], (1, "step"), "0")
    settle_refused(qtbot, panel, "(plane) is '0', not a number above 0")
    panel.preview.choose(viewer.layers["other"])
    qtbot.waitUntil(lambda: panel.editor.table.cell(1, "step").text() == "1")
    click(qtbot, fix_button(panel, "Set axes…"))
    qtbot.waitUntil(lambda: panel.editor.table.cell(1, "step").text() == "0")
    assert panel.preview.layer is viewer.layers["raw"]


def test_a_layer_that_is_not_exported_takes_no_remedy(viewer, open_raw, qtbot):
    panel = open_raw()
    viewer.add_image(RAW, name="other")
    viewer.layers.selection = {viewer.layers["other"]}
    for layer in viewer.layers:
        panel.editor.edits.say(layer, (1, "step"), "0")
    settle_refused(qtbot, panel, "(plane) is '0', not a number above 0")
    click(qtbot, fix_button(panel, "Set axes…"))
    assert panel.preview.layer is viewer.layers["other"]


def test_labels_on_an_image_are_placed_alike_by_a_click(viewer, open_raw, qtbot, tmp_path):
    panel = open_raw()
    viewer.layers.clear()
    viewer.add_image(RAW[0], name="stack")
    viewer.add_labels((RAW[0] > 450).astype(np.uint8), name="cells")
    viewer.add_image(RAW, name="another shape")
    viewer.layers.selection = {viewer.layers["stack"]}
    settle(qtbot, panel)
    type_step(qtbot, panel, 0, "2.5")
    viewer.layers.selection |= {viewer.layers["cells"]}
    qtbot.waitUntil(panel.editor.alike_button.isEnabled)
    click(qtbot, panel.editor.alike_button)
    settle(qtbot, panel)
    assert {series.grid.spacing_between_planes for series in panel.plan.series} == {"2.5"}
    assert len(panel.plan.series) == 2
    assert not panel.editor.edits.of(viewer.layers["another shape"]).axes


def test_what_the_layer_says_itself_is_no_edit_and_undoing_reaches_the_line_that_is_typed_in(open_raw, qtbot):
    panel = open_raw()
    type_step(qtbot, panel, 1, "3")
    line = panel.editor.table.cell(1, "step")
    assert panel.editor.edits.of(panel.preview.layer).axes == {(1, "step"): "3"}
    qtbot.waitUntil(panel.editor.undo_button.isEnabled)
    panel.editor.undo_button.click()  # the keyboard stays where it was, as on some systems
    qtbot.waitUntil(lambda: line.text() == "1")
    for text in ("4", "1"):
        type_step(qtbot, panel, 1, text)
    choose(qtbot, panel, 0, "kind", "channel")
    qtbot.keyClick(panel.editor.table.cell(0, "kind"), Qt.Key.Key_Up)
    assert panel.editor.table.cell(0, "kind").currentText() == "time"
    assert panel.editor.edits.of(panel.preview.layer).axes == {}


def test_of_several_axes_that_nothing_tells_each_is_set_by_itself(viewer, open_raw, qtbot):
    panel = open_raw()
    viewer.layers.clear()
    viewer.add_image(np.stack([RAW] * 2), name="five axes")
    settle(qtbot, panel)
    buttons = panel.board.preflight.findChildren(QPushButton)
    labels = [button.text() for button in buttons if button.isVisibleTo(panel.board.preflight)]
    assert labels.count("Set axes…") == 1
    assert not any(label.startswith("Take as") for label in labels)
    click(qtbot, fix_button(panel, "Set axes…"))
    assert panel.editor.table.cell(0, "kind").isVisibleTo(panel)
