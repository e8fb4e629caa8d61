"""One cut in a window of its own."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QPushButton

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
    qtbot.waitUntil(lambda: bool(shown.pixels))
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
