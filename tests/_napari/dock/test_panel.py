"""The dock widget as a user works it: real clicks, from opening to a judged series."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QPushButton, QTableView

from _napari.panels import add_scan, assert_is_the_scan, click, export, fix_button, read, settle, texts, wait_for
from judges.readers import dciodvfy, dicom_files, dicom_validator
from napari_dicom_writer import Modality, Patient, Study
from napari_dicom_writer._napari.dock.reference.copy_dialog import Copied, CopyDialog
from napari_dicom_writer._napari.dock.work.planning import Outcome


def test_from_opening_to_a_judged_series(viewer, open_panel, qtbot, tmp_path):
    panel = open_panel()
    assert panel.controls.status.startswith("Ready: 1 series · 6 instances")
    panel.form.reveal("patient.name")
    qtbot.keyClicks(panel.form.field("series.description").native, "Denoised")
    panel.form.field("modality").value = Modality.CT
    settle(qtbot, panel)
    assert "taken as Hounsfield units" in texts(panel)
    report = export(qtbot, panel)
    assert report.path == tmp_path / "out"
    assert_is_the_scan(tmp_path / "out", viewer.layers[0])
    assert {d.SeriesDescription for d in read(tmp_path / "out")} == {"Denoised"}
    errors, _ = dciodvfy(dicom_files(tmp_path / "out"))
    assert not errors
    assert not dicom_validator(dicom_files(tmp_path / "out"))
    assert "Every voxel and every header read back" in texts(panel)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_was_written_can_be_laid_over_the_layer(viewer, open_panel, qtbot):
    panel = open_panel()
    report = export(qtbot, panel)
    buttons = {b.text(): b for b in panel.board.report_actions.findChildren(QPushButton)}
    click(qtbot, buttons["Copy report"])
    assert QApplication.clipboard().text().startswith("Wrote 6 instances")
    click(qtbot, buttons["Show in napari"])
    qtbot.waitUntil(lambda: len(viewer.layers) == 2)
    original, shown = viewer.layers
    settle(qtbot, panel)
    assert panel.report is report
    assert viewer.layers.selection == {original}
    assert panel.checklist.checked == [original]
    assert not buttons["Copy report"].isHidden()
    np.testing.assert_array_equal(np.asarray(shown.data), original.data)
    corners = np.array([[0, 0, 0], [5, 13, 9]])
    for corner in corners:
        np.testing.assert_allclose(shown.data_to_world(corner), original.data_to_world(corner), atol=1e-6)


def test_tags_are_shown_before_writing_and_follow_the_form(open_panel, qtbot):
    panel = open_panel()
    click(qtbot, panel.controls.tags_button)
    table = panel._tags.findChild(QTableView)

    def shown() -> dict[str, str]:
        model = table.model()
        return {model.index(r, 1).data(): model.index(r, 3).data() for r in range(model.rowCount())}

    assert shown()["Modality"] == "OT"
    panel.form.field("modality").value = Modality.MR
    settle(qtbot, panel)
    assert shown()["Modality"] == "MR"
    panel._tags.close()


def test_patient_and_study_are_copied_into_the_form(open_panel, qtbot, tmp_path, monkeypatch):
    panel = open_panel()
    copied = Copied(Patient(name="Doe^Jane", id="0815"), Study(instance_uid="1.2.3", description="CT head"), "CT")
    monkeypatch.setattr(CopyDialog, "choose", lambda parent: copied)  # the dialog itself is tested in test_copy_dialog
    panel.form.reveal("patient.name")
    click(qtbot, panel.copy_button)
    settle(qtbot, panel)
    assert panel.plan.study.uid == "1.2.3"
    assert "copied from a CT; this is written as OT" in texts(panel)
    click(qtbot, fix_button(panel, "Write as CT"))
    settle(qtbot, panel)
    export(qtbot, panel)
    first = read(tmp_path / "out")[0]
    assert (str(first.PatientName), first.PatientID, first.StudyInstanceUID, first.Modality) == (
        "Doe^Jane",
        "0815",
        "1.2.3",
        "CT",
    )


def test_an_existing_target_is_overwritten_by_a_click(open_panel, qtbot, tmp_path):
    panel = open_panel()
    export(qtbot, panel)
    first = read(tmp_path / "out")[0].SOPInstanceUID
    assert panel.target.path == str(tmp_path / "out-2")
    panel.target.set_path(str(tmp_path / "out"))
    settle(qtbot, panel)
    assert "exists already" in texts(panel)
    click(qtbot, fix_button(panel, "Overwrite"))
    settle(qtbot, panel)
    assert f"Will be replaced: {tmp_path / 'out'}, 6 files, " in texts(panel)
    export(qtbot, panel)
    assert read(tmp_path / "out")[0].SOPInstanceUID != first


def test_what_failed_can_be_tried_again_with_the_layers_of_now(viewer, open_panel, qtbot, tmp_path, monkeypatch):
    panel = open_panel("folder/out")
    monkeypatch.setattr(panel, "isActiveWindow", lambda: True)  # no window is, on a screen without a window manager
    (tmp_path / "folder").touch()  # in the way
    with qtbot.waitSignal(panel.run.failed):
        click(qtbot, panel.controls.export_button)
        viewer.layers[0].scale = (9, 9, 9)  # while it runs
    qtbot.waitUntil(lambda: not panel.planner.busy)
    assert not panel.controls.export_button.isEnabled()
    (tmp_path / "folder").unlink()
    QApplication.sendEvent(panel, QEvent(QEvent.Type.ActivationChange))  # the user was in a file manager
    qtbot.waitUntil(panel.controls.export_button.isEnabled)
    assert panel.plan.series[0].grid.pixel_spacing == ("9", "9")
    export(qtbot, panel)


def test_a_failure_is_told_and_can_be_tried_again(viewer, open_panel, qtbot, tmp_path):
    panel = open_panel()
    (tmp_path / "out").touch()  # after the plan was made
    with qtbot.waitSignal(panel.run.failed):
        click(qtbot, panel.controls.export_button)
    assert "is in the way" in panel.controls.status
    (tmp_path / "out").unlink()
    export(qtbot, panel)
    assert_is_the_scan(tmp_path / "out", viewer.layers[0])


def test_cancel_leaves_nothing(viewer, open_panel, qtbot, tmp_path):
    viewer.layers[0].data = np.zeros((2000, 64, 64), np.int16)
    panel = open_panel()
    panel.run.progressed.connect(lambda *_: panel.controls.cancel_button.click())
    with qtbot.waitSignal(panel.run.cancelled):
        click(qtbot, panel.controls.export_button)
        panel.controls.cancel_button.click()
    assert list(tmp_path.iterdir()) == []
    settle(qtbot, panel)
    assert panel.controls.export_button.isEnabled()
    assert panel.controls.status == "Cancelled, nothing was written"  # until something is edited
    panel.form.field("series.number").value = "2"
    settle(qtbot, panel)
    assert panel.controls.status.startswith("Ready")


def test_two_widgets_export_side_by_side(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.widget import ExportWidget

    widgets = [ExportWidget(viewer) for _ in range(2)]
    panels = [widget.panel for widget in widgets]
    for number, (widget, panel) in enumerate(zip(widgets, panels, strict=True)):
        qtbot.addWidget(widget)
        panel.target.set_path(str(tmp_path / f"out{number}"))
        settle(qtbot, panel)
    with qtbot.waitSignals([panel.run.finished for panel in panels]):
        for panel in panels:
            click(qtbot, panel.controls.export_button)
    for number in range(2):
        assert_is_the_scan(tmp_path / f"out{number}", viewer.layers[0])


@pytest.mark.parametrize("menu", ["napari/file/io_utilities", "napari/layers/data"])
def test_menus_open_it(viewer, menu):
    from app_model.types import MenuItem
    from napari._app_model import get_app_model

    items = [item for item in get_app_model().menus.get_menu(menu) if isinstance(item, MenuItem)]
    assert any(item.command.title.startswith("Export to DICOM") for item in items), [i.command.title for i in items]


def test_a_loss_that_was_not_shown_is_asked_about(viewer, open_panel, qtbot, tmp_path):
    """Values edited in place tell nobody: what was planned is no longer so."""
    viewer.layers[0].data = viewer.layers[0].data.astype(np.int32)
    panel = open_panel()
    viewer.layers[0].data[0, 0, 0] = 10**9
    with qtbot.waitSignal(panel.run.failed):
        click(qtbot, panel.controls.export_button)
    assert "Not as it was shown" in panel.controls.status
    assert not (tmp_path / "out").exists()
    qtbot.waitUntil(panel.controls.export_button.isEnabled)
    report = export(qtbot, panel)
    assert any("largest error" in note.text for note in report.plan.notes)


def test_a_plan_that_comes_after_other_layers_were_checked_is_not_theirs(viewer, open_panel, qtbot):
    """Adding a large one takes a while, in which planning ends."""
    panel = open_panel()
    add_scan(viewer, 1, (3, 14, 10))
    viewer.layers.selection = set(viewer.layers)
    panel.planner.planned.emit(Outcome(panel.plan, ()))
    viewer.layers.selection = {viewer.layers[0]}
    wait_for(qtbot, lambda: panel.plan is not None)
    assert len(panel.plan.series) == 1
    assert panel.controls.export_button.isEnabled()
