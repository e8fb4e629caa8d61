"""One cut in a window of its own."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QPushButton

from _napari.arrays import Gate
from _napari.panels import wait_for
from napari_dicom_writer import Volume
from napari_dicom_writer._napari.dock.preview.preview_panel import PreviewPanel
from napari_dicom_writer._napari.dock.preview.view import View
from napari_dicom_writer.plan.grid import make_grid


def place(panel: PreviewPanel, volume: Volume) -> None:
    panel.preview.show_view(View(volume, make_grid(volume.affine, volume.shape, thickness_known=True)))


@pytest.fixture
def panel(qtbot) -> PreviewPanel:
    panel = PreviewPanel()
    qtbot.addWidget(panel)
    panel.resize(330, 320)
    panel.show()
    return panel


def test_a_long_volume_is_seen_when_it_is_clicked(qtbot, panel):
    place(panel, Volume(np.zeros((2000, 256, 256), np.uint8), spacing=(1, 1, 1)))
    small = panel.preview._layout().picture(panel.preview._layout().places[0])
    assert small.width() < 20
    first = panel.preview._layout().tile(panel.preview._layout().places[0]).center().toPoint()
    qtbot.mouseClick(panel.preview, Qt.MouseButton.LeftButton, pos=first)
    shown = panel._enlarged.preview
    wait_for(qtbot, lambda: bool(shown.pixels))
    (spot,) = shown._layout().places
    assert shown._layout().picture(spot).width() > 400
    assert [cut.name for cut in shown._shown] == ["axial"]


def test_each_cut_can_be_chosen_and_all_follow_the_preview(qtbot, panel):
    place(panel, Volume(np.zeros((40, 20, 30), np.uint8), spacing=(1, 1, 1)))
    qtbot.mouseClick(panel.preview, Qt.MouseButton.LeftButton, pos=QPoint(165, 80))
    dialog = panel._enlarged
    assert [cut.name for cut in dialog.preview._shown] == ["coronal"]
    buttons = {b.text(): b for b in dialog.findChildren(QPushButton)}
    qtbot.mouseClick(buttons["sagittal"], Qt.MouseButton.LeftButton)
    assert [cut.name for cut in dialog.preview._shown] == ["sagittal"]
    assert "Sagittal" in dialog.preview.tooltip_at(dialog.preview.width() // 2, 100)
    place(panel, Volume(np.zeros((40, 20, 30), np.uint8), spacing=(5, 1, 1)))
    assert dialog.preview.lines == panel.preview.lines
    assert any("5" in line for line in dialog.preview.lines)
    panel.preview.show_refusal("The axes are 12° off a right angle")
    assert dialog.preview.cuts == ()
    assert dialog.preview.refusal == "The axes are 12° off a right angle"
    assert not dialog.grab().isNull()


def test_a_click_beside_the_pictures_does_nothing(qtbot, panel):
    qtbot.mouseClick(panel.preview, Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    place(panel, Volume(np.zeros((4, 20, 30), np.uint8), spacing=(1, 1, 1)))
    below = QPoint(50, int(panel.preview._layout().text_top) + 5)
    qtbot.mouseClick(panel.preview, Qt.MouseButton.LeftButton, pos=below)
    assert panel._enlarged is None


def test_the_wheel_and_keys_go_through_the_planes(qtbot, panel):
    planes = np.arange(9, dtype=np.uint8)[:, np.newaxis, np.newaxis] + np.zeros((9, 20, 30), np.uint8)
    place(panel, Volume(planes, spacing=(1, 1, 1), window=(0, 255)))
    panel.preview.clicked.emit(0)
    dialog, shown = panel._enlarged, panel._enlarged.preview
    wait_for(qtbot, lambda: 0 in shown.pixels)
    where = dialog.rect().center().toPointF()
    turn = (where, where, QPoint(), QPoint(0, -240), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(dialog, QWheelEvent(*turn, Qt.ScrollPhase.NoScrollPhase, False))
    assert dialog.windowTitle() == "Preview: axial, plane 6 of 0 to 8"
    wait_for(qtbot, lambda: bool((shown.pixels[0] == 6).all()))
    place(panel, Volume(planes, spacing=(2, 1, 1), window=(0, 255)))
    assert shown.cuts[0].index == 6  # while only its place changes
    for key in (Qt.Key.Key_PageUp, *[Qt.Key.Key_PageDown] * 6):
        qtbot.keyClick(dialog, key)
    wait_for(qtbot, lambda: bool((shown.pixels[0] == 8).all()))  # the last
    assert panel.preview.cuts[0].index == 4


def test_a_plane_that_is_slow_to_come_is_not_taken_for_the_one_before(qtbot, panel):
    gate = Gate()
    gate.open.set()
    place(panel, Volume(gate, spacing=(1, 1, 1)))
    panel.preview.clicked.emit(0)
    shown = panel._enlarged.preview
    wait_for(qtbot, lambda: len(shown.pixels) == 3)
    gate.open.clear()
    panel._enlarged.step(1)
    assert 0 in shown.pixels  # for a moment, or it would flicker
    wait_for(qtbot, lambda: 0 not in shown.pixels)
    gate.open.set()
    wait_for(qtbot, lambda: 0 in shown.pixels)
