"""A layer whose reader left the place out: the widget and the menu ask, and a click takes it from the file."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from napari.layers import Image
from napari.layers._source import layer_source
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QPushButton

from napari_dicom_writer import ExportError
from napari_dicom_writer._napari.writer import write_layers

VALUES = np.random.default_rng(8).integers(0, 999, (4, 6, 5)).astype(np.int16)
ORIGIN = (-11.0, 22.0, 33.0)


@pytest.fixture
def viewer(make_napari_viewer, tmp_path):
    """With a layer as napari's own readers make it: pixels only."""
    image = sitk.GetImageFromArray(VALUES)
    image.SetOrigin(ORIGIN)
    image.SetSpacing((0.5, 0.6, 2))
    sitk.WriteImage(image, tmp_path / "scan.mha")
    viewer = make_napari_viewer()
    with layer_source(path=str(tmp_path / "scan.mha"), reader_plugin="napari"):
        viewer.add_layer(Image(VALUES, name="scan"))
    return viewer


def assert_placed(folder):
    headers = sorted(map(pydicom.dcmread, folder.rglob("*.dcm")), key=lambda header: header.InstanceNumber)
    assert [float(v) for v in headers[0].ImagePositionPatient] == list(ORIGIN)
    assert [float(v) for v in headers[0].PixelSpacing] == [0.6, 0.5]
    np.testing.assert_array_equal(np.stack([header.pixel_array for header in headers]), VALUES)


def test_a_click_takes_the_geometry_of_the_file(viewer, settings, qtbot, tmp_path):
    _, widget = viewer.window.add_plugin_dock_widget("napari-dicom-writer", "Export to DICOM…")
    panel = widget.panel
    panel.target.set_path(str(tmp_path / "out"))
    qtbot.waitUntil(lambda: "scan.mha" in panel.controls.status)
    assert not panel.controls.export_button.isEnabled()
    buttons = panel.board.findChildren(QPushButton)
    button = next(b for b in buttons if b.text() == "Take the geometry of the file" and not b.isHidden())
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(panel.controls.export_button.isEnabled)
    with qtbot.waitSignal(panel.run.finished):
        qtbot.mouseClick(panel.controls.export_button, Qt.MouseButton.LeftButton)
    assert_placed(tmp_path / "out")


def test_the_menu_refuses_and_takes_it_by_the_preference(viewer, settings, tmp_path):
    """napari hands over the data and attributes, and not where they came from."""
    data, attributes, kind = viewer.layers[0].as_layer_data_tuple()
    with pytest.raises(ExportError, match=r"its file scan\.mha"):
        write_layers(str(tmp_path / "out"), [(data, attributes, kind)])
    settings.export.geometry = "source"
    write_layers(str(tmp_path / "out"), [(data, attributes, kind)])
    assert_placed(tmp_path / "out")
