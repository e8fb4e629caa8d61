"""Layers that come, go, change, and cannot be exported."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

from _napari.panels import settle, settle_nothing, texts, wait_for


def test_geometry_follows_the_layer_without_planning(viewer, open_panel, qtbot):
    panel = open_panel()
    preview = panel.preview.preview
    wait_for(qtbot, lambda: bool(preview.cuts))
    assert preview.cuts[0].letters == ("R", "L", "A", "P")
    panel.form.field("world").value = "RAS"
    wait_for(qtbot, lambda: preview.cuts[0].letters == ("L", "R", "P", "A"))
    viewer.layers[0].scale = (5, 0.7, 0.8)
    wait_for(qtbot, lambda: any("5" in line for line in preview.lines))


def test_layers_come_go_and_are_renamed(viewer, open_panel, qtbot):
    panel = open_panel()
    other = viewer.add_image(
        np.zeros((6, 14, 10), np.uint8), name="mask", units=("mm",) * 3, scale=(2.5, 0.7, 0.8), translate=(10, -20, 30)
    )
    settle(qtbot, panel)
    assert [layer.name for layer in panel.checklist.checked] == ["mask"]  # follows the selection
    viewer.layers.selection = set(viewer.layers)
    settle(qtbot, panel)
    assert len(panel.plan.series) == 2
    assert panel.controls.export_button.text() == "Export 2 series"
    other.name = "renamed"
    settle(qtbot, panel)
    assert panel.plan.series[1].description == "renamed"
    viewer.layers.remove(other)
    settle(qtbot, panel)
    assert len(viewer.layers) == 1
    viewer.layers.clear()
    settle_nothing(qtbot, panel)
    assert panel.controls.status == "“scan” was removed. Check or select a layer to export"
    assert not panel.controls.export_button.isEnabled()


OUTLINE = np.array([[0, 1, 1], [0, 1, 6], [0, 7, 6], [0, 7, 1.0]])
PLACE = {"scale": (2.5, 0.7, 0.8), "translate": (10, -20, 30), "units": ("mm",) * 3}


@pytest.mark.parametrize("add", ["add_tracks", "add_vectors", "add_surface"])
def test_a_layer_of_another_kind_that_is_added_meanwhile_disturbs_nothing(viewer, open_panel, qtbot, add):
    panel = open_panel()
    data = {
        "add_tracks": np.zeros((2, 5)) + np.arange(2)[:, np.newaxis] * (0, 1, 0, 0, 0),
        "add_vectors": np.zeros((1, 2, 3)),
        "add_surface": (OUTLINE[:3], np.array([[0, 1, 2]])),
    }[add]
    getattr(viewer, add)(data, name="other")  # which selects it
    settle_nothing(qtbot, panel)
    assert panel.preview.layer is viewer.layers["scan"]
    viewer.layers.selection = set(viewer.layers)
    settle(qtbot, panel)
    assert panel.controls.export_button.isEnabled()


def test_other_layers_stay_visible_with_the_reason(viewer, open_panel, qtbot):
    viewer.add_vectors(np.zeros((1, 2, 3)), name="flow")
    viewer.layers.select_all()
    panel = open_panel()
    rows = [panel.checklist._list.item(i) for i in range(panel.checklist._list.count())]
    assert [row.text().splitlines()[0] for row in rows] == ["flow", "scan"]
    assert "It is a vectors layer" in rows[0].text()
    assert not rows[0].flags() & Qt.ItemFlag.ItemIsEnabled
    assert "Secondary Capture · 6 planes" in rows[1].text()
    assert "layer 'flow' is left out: It is a vectors layer" in texts(panel)
    assert panel.controls.status.startswith("Ready: 1 layer left out · 1 series")
    viewer.layers.selection = {viewer.layers["scan"]}
    settle(qtbot, panel)
    assert "left out" not in texts(panel) + panel.controls.status


def test_shapes_and_points_beside_an_image_become_one_structure_set(viewer, open_panel, qtbot):
    viewer.add_shapes([OUTLINE], shape_type="polygon", name="tumor", **PLACE)
    viewer.add_points(np.full((2, 3), 3.0), name="seeds", **PLACE)
    viewer.layers.select_all()
    panel = open_panel()
    rows = [panel.checklist._list.item(i).text() for i in range(3)]
    assert rows[0].startswith("seeds\n2 points → RT Structure Set")
    assert rows[1].startswith("tumor\n1 shape → RT Structure Set · 1 region ·")
    assert panel.controls.export_button.text() == "Export 2 series"


def test_what_is_drawn_and_cannot_be_written_is_said_with_its_remedy(viewer, open_panel, qtbot):
    across = OUTLINE + np.outer((0, 0, 3, 3), (1, 0, 0))
    layer = viewer.add_shapes([OUTLINE], shape_type="polygon", name="tumor", **PLACE)
    panel = open_panel()
    assert "lies on the planes of an image, and there is none. Export the image with it" in texts(panel)
    viewer.layers.select_all()
    for corners, kind, reason in (
        (OUTLINE, "path", "Its shape 0 is an open path. Draw it as a polygon"),
        (across, "polygon", "lies across the planes of the image 'scan', over 3 of them. Draw it on one plane"),
        (OUTLINE[[0, 2, 1, 3]], "polygon", "Its shape 0 crosses itself. Draw it again"),
        (OUTLINE + np.array((40, 0, 0)), "polygon", "Its shape 0 lies outside the image 'scan'. Draw it on a plane"),
    ):
        layer.data = [(corners, kind)]
        settle(qtbot, panel)
        wait_for(qtbot, lambda reason=reason: reason in texts(panel))
    layer.data = [(OUTLINE, "polygon")]
    wait_for(qtbot, panel.controls.export_button.isEnabled)


def test_a_box_that_is_clicked_ends_following(viewer, open_panel, qtbot, settings):
    panel = open_panel()
    panel.checklist._list.item(0).setCheckState(Qt.CheckState.Unchecked)
    settle_nothing(qtbot, panel)
    assert not panel.checklist.checked
    assert settings.dock.follow_selection is False


def test_labels_that_are_painted_are_planned_anew(viewer, open_panel, qtbot):
    labels = viewer.add_labels(
        np.zeros((6, 14, 10), np.uint8), name="tumor", scale=(2.5, 0.7, 0.8), translate=(10, -20, 30), units=("mm",) * 3
    )
    labels.data[1, 2, 3] = 1
    panel = open_panel()
    first = panel.plan
    assert first is not None, panel.controls.status
    with qtbot.waitSignal(panel.planner.planned):
        labels.selected_label = 2
        labels.paint((3, 5, 5), 2)
    assert panel.plan is not first
