"""Where to: names that are proposed, and paths that are typed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from qtpy.QtCore import Qt

from _napari.panels import export, settle, texts


def test_a_path_that_is_typed_anew_is_what_was_typed(open_panel, qtbot, tmp_path):
    panel = open_panel(path=None)
    line, proposed = panel.target.disk._path, panel.target.path
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, str(tmp_path / "mine"))
    settle(qtbot, panel)
    assert panel.target.path == str(tmp_path / "mine")
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert panel.target.path == proposed


def test_a_free_name_is_proposed(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.dock.foot.target import TargetRow

    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "x").touch()
    row = TargetRow(tmp_path)
    qtbot.addWidget(row)
    row.propose_name("../scan")
    assert row.path == str(tmp_path / "scan-2")
    (tmp_path / "one.dcm").touch()
    row.set_path(str(tmp_path / "one.dcm"))
    row.advance()
    assert row.path == str(tmp_path / "one-2.dcm")
    (tmp_path / "one.zip").touch()
    row.set_path(str(tmp_path / "one.zip"))
    row.advance()
    assert row.path == str(tmp_path / "one-2.zip")
    row.set_path(str(tmp_path / "scan" / "DICOMDIR"))
    row.advance()
    assert row.path == str(tmp_path / "scan-2" / "DICOMDIR")
    row.set_path(str(tmp_path / "mine"))
    row.propose_name("other")
    assert row.path == str(tmp_path / "mine")
    row.disk.take_folder(tmp_path)
    assert row.path == str(tmp_path / "other")


@pytest.mark.parametrize(("name", "made", "shown"), [("x.zip", "x.zip", False), ("x/DICOMDIR", "x", True)])
def test_the_name_says_what_kind_of_target_it_is(viewer, settings, qtbot, tmp_path, name, made, shown):
    from napari_dicom_writer._napari.widget import ExportWidget

    viewer.add_image(np.zeros((3, 4, 5), np.int16), scale=(2, 1, 1))
    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    panel = widget.panel
    panel.target.set_path(str(tmp_path / name))
    settle(qtbot, panel)
    export(qtbot, panel)
    assert [path.name for path in tmp_path.iterdir()] == [made]
    assert panel.board.report_actions._show_button.isVisibleTo(panel.board.report_actions) == shown


def test_after_an_export_the_next_one_gets_a_name_of_its_own(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.widget import ExportWidget

    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    panel = widget.panel
    panel.target.disk.take_folder(tmp_path)
    panel.target.disk.take_folder(tmp_path)
    panel.target.disk._typed = False
    panel.target.propose_name("scan")
    settle(qtbot, panel)
    assert panel.target.path == str(tmp_path / "scan")
    export(qtbot, panel)
    qtbot.waitUntil(panel.controls.export_button.isEnabled)
    assert "Wrote 1 series" in texts(panel)  # the report stays
    assert panel.target.path == str(tmp_path / "scan-2")
    export(qtbot, panel)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["scan", "scan-2"]


def test_a_renamed_layer_is_followed_by_the_proposed_name(viewer, open_panel, qtbot):
    panel = open_panel(path=None)
    viewer.layers[0].name = "renamed"
    settle(qtbot, panel)
    assert Path(panel.target.path).name == "renamed"
