"""Patient and study of a DICOM file, seen before they go into the form."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from qtpy.QtCore import QSettings, Qt, QTimer, QUrl
from qtpy.QtWidgets import QApplication, QDialog, QDialogButtonBox, QFileDialog, QMessageBox

from _napari.panels import activate
from napari_dicom_writer import Patient, Study
from napari_dicom_writer._napari.dock.reference.copy_dialog import Copied, CopyDialog

PATIENT = Patient(name="Doe^Jane", id="4711", birth_date="19700203", sex="F")
STUDY = Study(
    instance_uid="1.2.826.0.1.3680043.8.498.1",
    frame_of_reference_uid="1.2.826.0.1.3680043.8.498.2",
    date="20260102",
    description="Brain <T1> & T2",
)


def write(path: Path, **changes: str | None) -> Path:
    """A small DICOM file of Jane Doe's brain; None leaves an attribute out."""
    attributes = {
        "SOPClassUID": SecondaryCaptureImageStorage,
        "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.3",
        "PatientName": PATIENT.name,
        "PatientID": PATIENT.id,
        "PatientBirthDate": PATIENT.birth_date,
        "PatientSex": PATIENT.sex,
        "PatientWeight": "61",
        "Occupation": "pilot",
        "StudyInstanceUID": STUDY.instance_uid,
        "FrameOfReferenceUID": STUDY.frame_of_reference_uid,
        "StudyDate": STUDY.date,
        "StudyDescription": STUDY.description,
        "Modality": "MR",
    } | changes
    dataset = Dataset()
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def scan(tmp_path) -> Path:
    return write(tmp_path / "IM0001")  # without an extension, as on a CD


@pytest.fixture
def qt_settings(tmp_path):
    """Qt's own settings, away from the user's."""
    folder = tmp_path / "settings"
    folder.mkdir()
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(folder))
    return folder


def opened(qtbot, path: Path) -> CopyDialog:
    dialog = CopyDialog(path)
    qtbot.addWidget(dialog)
    activate(qtbot, dialog)
    qtbot.waitUntil(lambda: dialog.pages.currentIndex() != 0)
    return dialog


def cells(table) -> dict[str, str]:
    return {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}


def click(qtbot, widget):
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def tick(qtbot, box):
    place = box.rect().center()
    place.setX(8)  # the box itself; its label may be shorter than the widget
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=place)


def boxes(dialog):
    return dialog.panel.boxes["StudyInstanceUID"], dialog.panel.boxes["FrameOfReferenceUID"]


def failure(dialog) -> str:
    return " ".join(message.text for message in dialog.failure.messages)


def test_what_is_taken_and_what_is_not_is_shown(qtbot, scan):
    dialog = opened(qtbot, scan)
    assert dialog.file_label.whole == "IM0001 · MR"
    assert cells(dialog.panel.taken_table) == {
        "Patient's Name": "Doe^Jane",
        "Patient ID": "4711",
        "Patient's Birth Date": "19700203",
        "Patient's Sex": "F",
        "Study Instance UID": STUDY.instance_uid,
        "Frame of Reference UID": "(a new one)",
        "Study Date": "20260102",
        "Study Description": "Brain <T1> & T2",
    }
    left = cells(dialog.panel.left_table)
    assert left == {"Patient's Weight": "not needed to file the result", "Occupation": "not needed to file the result"}
    assert not dialog.panel.left_table.isVisible()
    dialog.panel.left_fold.setFocus()
    qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
    assert dialog.panel.left_table.isVisible()


def test_tooltips_name_the_attribute_and_escape_what_looks_like_markup(qtbot, scan):
    dialog = opened(qtbot, scan)
    hints = [dialog.panel.taken_table.item(row, 1).toolTip() for row in range(dialog.panel.taken_table.rowCount())]
    assert any("Patient ID (0010,0020)" in hint for hint in hints)
    assert any("Brain &lt;T1&gt; &amp; T2" in hint for hint in hints)
    assert [box.toolTip() for box in boxes(dialog)] == [
        "Study Instance UID (0020,000D)",
        "Frame of Reference UID (0020,0052)",
    ]


def test_enter_copies_the_study_but_claims_no_shared_space(qtbot, scan):
    """Whether the layers lie where the scan lies, nobody but the user knows."""
    dialog = opened(qtbot, scan)
    assert dialog.copy_button.isDefault()
    qtbot.keyClick(dialog.panel.taken_table, Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.copied == Copied(PATIENT, replace(STUDY, frame_of_reference_uid=""), "MR")


@pytest.mark.parametrize("same_study", [True, False])
@pytest.mark.parametrize("same_space", [True, False])
def test_unticked_uids_are_left_out(qtbot, scan, same_study, same_space):
    dialog = opened(qtbot, scan)
    study_box, space_box = boxes(dialog)
    if not same_study:
        tick(qtbot, study_box)
    if same_space:
        tick(qtbot, space_box)
    shown = cells(dialog.panel.taken_table)
    assert (shown["Study Instance UID"] == STUDY.instance_uid) is same_study
    assert (shown["Frame of Reference UID"] == STUDY.frame_of_reference_uid) is same_space
    click(qtbot, dialog.copy_button)
    expected = replace(
        STUDY,
        instance_uid=STUDY.instance_uid if same_study else "",
        frame_of_reference_uid=STUDY.frame_of_reference_uid if same_space else "",
    )
    assert dialog.copied == Copied(PATIENT, expected, "MR")


def test_esc_and_cancel_copy_nothing(qtbot, scan):
    dialog = opened(qtbot, scan)
    qtbot.keyClick(dialog.panel.taken_table, Qt.Key.Key_Escape)
    assert (dialog.isVisible(), dialog.copied) == (False, None)
    dialog = opened(qtbot, scan)
    click(qtbot, dialog.cancel_button)
    assert (dialog.isVisible(), dialog.copied) == (False, None)


def test_a_uid_that_is_not_there_cannot_be_shared(qtbot, tmp_path):
    dialog = opened(qtbot, write(tmp_path / "x", FrameOfReferenceUID=None))
    study_box, space_box = boxes(dialog)
    assert study_box.isEnabled()
    assert not space_box.isEnabled()
    tick(qtbot, space_box)
    assert not space_box.isChecked()
    click(qtbot, dialog.copy_button)
    assert dialog.copied is not None
    assert dialog.copied.study == replace(STUDY, frame_of_reference_uid="")


def test_what_is_not_valid_is_not_folded_away(qtbot, tmp_path):
    path = write(tmp_path / "x")
    path.write_bytes(path.read_bytes().replace(b"20260102", b"20261399"))
    dialog = opened(qtbot, path)
    assert dialog.panel.left_table.isVisible()
    assert "is a date that does not exist" in cells(dialog.panel.left_table)["Study Date"]
    assert "Study Date" not in cells(dialog.panel.taken_table)


def not_dicom(path: Path) -> None:
    path.write_text("Dear diary, " * 100)


def broken_off(path: Path) -> None:
    path.write_bytes(write(path).read_bytes()[:300])


def folder(path: Path) -> None:
    path.mkdir()


def nowhere(path: Path) -> None:
    assert not path.exists()


@pytest.mark.parametrize("make", [not_dicom, broken_off, folder, nowhere])
def test_a_file_of_no_use_is_refused_in_place(qtbot, tmp_path, make):
    make(tmp_path / "Doe_Jane")
    dialog = opened(qtbot, tmp_path / "Doe_Jane")
    assert "Choose another" in failure(dialog)
    assert "Doe" not in failure(dialog)
    assert not dialog.copy_button.isEnabled()
    assert dialog.another_button.isDefault()
    assert QApplication.activeModalWidget() in (None, dialog)  # no message box
    dialog.accept()
    assert dialog.copied is None


def test_a_fault_that_nobody_foresaw_is_told_without_its_message(qtbot):
    dialog = opened(qtbot, Path("Doe\0Jane"))  # no path at all: Python refuses it
    assert "Choose another" in failure(dialog)
    assert "Doe" not in failure(dialog)


def test_while_it_is_read_nothing_can_be_copied(qtbot, scan):
    dialog = CopyDialog(scan)
    qtbot.addWidget(dialog)
    assert dialog.pages.currentIndex() == 0
    assert not dialog.copy_button.isEnabled()
    dialog.accept()
    assert dialog.copied is None
    qtbot.waitUntil(dialog.copy_button.isEnabled)


def test_the_file_that_was_asked_for_last_is_shown(qtbot, tmp_path, scan):
    dialog = CopyDialog(scan)
    qtbot.addWidget(dialog)
    dialog.read(write(tmp_path / "other", PatientName="Roe^Max"))
    qtbot.waitUntil(dialog.copy_button.isEnabled)
    assert cells(dialog.panel.taken_table)["Patient's Name"] == "Roe^Max"
    assert dialog.file_label.whole == "other · MR"


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "dicom-reference"]


def test_closing_and_deleting_it_while_it_reads_is_safe(qtbot, scan):
    for _ in range(20):
        dialog = CopyDialog(scan)
        dialog.show()
        dialog.reject()
        assert dialog.copied is None
        dialog.deleteLater()
        del dialog
    qtbot.waitUntil(lambda: not readers())
    QApplication.processEvents()


def test_nothing_of_the_patient_is_logged_or_printed(qtbot, scan, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        dialog = opened(qtbot, scan)
        click(qtbot, dialog.copy_button)
    told = caplog.text + "".join(capfd.readouterr())
    assert "Doe" not in told
    assert "4711" not in told


def choose_in_chooser(qtbot, path: Path) -> None:
    """Choose a file in the file chooser that opens; again and again, for it lists the folder in a thread of its own."""
    seen: list[QFileDialog] = []

    def choose() -> None:
        choosers = [w for w in QApplication.topLevelWidgets() if isinstance(w, QFileDialog) and w.isVisible()]
        for box in QApplication.topLevelWidgets():
            if isinstance(box, QMessageBox) and box.isVisible():
                box.close()
        for chooser in choosers:
            seen.append(chooser)
            chooser.selectFile(str(path))
            button = chooser.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open)
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        if choosers or not seen:
            QTimer.singleShot(50, choose)

    QTimer.singleShot(0, choose)


def when_read(qtbot, act) -> None:
    """Do something with the dialog once its file is read."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, CopyDialog) and dialog.copy_button.isEnabled():
            act(dialog)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(0, look)


@pytest.fixture
def patient_folder(tmp_path) -> Path:
    folder = tmp_path / "Doe_Jane"
    folder.mkdir()
    return folder


def test_choosing_a_file_and_copying_leaves_no_trace_of_it(qtbot, qt_settings, patient_folder):
    path = write(patient_folder / "IM0001")
    choose_in_chooser(qtbot, path)
    when_read(qtbot, lambda dialog: click(qtbot, dialog.copy_button))
    copied = CopyDialog.choose()
    assert copied is not None
    assert copied.patient == PATIENT
    choose_in_chooser(qtbot, path)
    when_read(qtbot, lambda dialog: click(qtbot, dialog.cancel_button))
    assert CopyDialog.choose() is None
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete: Qt stores where it was when the chooser is deleted
    QSettings(QSettings.Scope.UserScope, "QtProject").sync()
    stored = "".join(file.read_text() for file in qt_settings.rglob("*") if file.is_file())
    assert "FileDialog" in stored  # or this would prove nothing
    assert "Doe" not in stored
    next_one = QFileDialog()
    assert "Doe" not in next_one.directory().path() + "".join(next_one.history())


def test_what_qt_remembered_before_stays(qtbot, qt_settings, tmp_path, patient_folder):
    settings = QSettings(QSettings.Scope.UserScope, "QtProject")
    other = QUrl.fromLocalFile(str(tmp_path)).toString()
    settings.setValue("FileDialog/lastVisited", other)
    settings.setValue("FileDialog/history", [other])
    settings.sync()
    choose_in_chooser(qtbot, write(patient_folder / "IM0001"))
    when_read(qtbot, lambda dialog: click(qtbot, dialog.cancel_button))
    assert CopyDialog.choose() is None
    QApplication.sendPostedEvents(None, 52)
    assert settings.value("FileDialog/lastVisited") == other
    history = settings.value("FileDialog/history")
    assert {history} if isinstance(history, str) else set(history) == {other}


def test_another_file_is_chosen_from_the_dialog(qtbot, qt_settings, tmp_path, scan):
    (tmp_path / "x").write_text("no DICOM at all" * 20)
    dialog = opened(qtbot, tmp_path / "x")
    assert failure(dialog)
    choose_in_chooser(qtbot, scan)
    qtbot.keyClick(dialog.another_button, Qt.Key.Key_Space)
    qtbot.waitUntil(dialog.copy_button.isEnabled)
    assert cells(dialog.panel.taken_table)["Patient's Name"] == "Doe^Jane"
    click(qtbot, dialog.copy_button)
    assert dialog.copied is not None


def test_no_file_chosen_copies_nothing(qtbot, qt_settings):
    def cancel() -> None:
        chooser = QApplication.activeModalWidget()
        if isinstance(chooser, QFileDialog):
            qtbot.keyClick(chooser, Qt.Key.Key_Escape)
        else:
            QTimer.singleShot(20, cancel)

    QTimer.singleShot(0, cancel)
    assert CopyDialog.choose() is None


def test_what_belongs_to_the_series_shares_its_study_and_space(qtbot, scan):
    dialog = opened(qtbot, scan)
    study_box, space_box = boxes(dialog)
    belongs = dialog.panel.belongs_box
    assert not belongs.isChecked()
    tick(qtbot, belongs)
    assert study_box.isChecked()
    assert space_box.isChecked()
    tick(qtbot, space_box)
    assert not belongs.isChecked()
    tick(qtbot, belongs)
    click(qtbot, dialog.copy_button)
    assert dialog.copied == Copied(PATIENT, STUDY, "MR", scan)


def test_the_form_names_the_series_then(qtbot, qt_settings, open_panel, scan):
    panel = open_panel()

    def copy(dialog) -> None:
        tick(qtbot, dialog.panel.belongs_box)
        click(qtbot, dialog.copy_button)

    choose_in_chooser(qtbot, scan)
    when_read(qtbot, copy)
    click(qtbot, panel.copy_button)
    assert panel.form.field("reference").value == scan
    assert panel.form.field("patient.name").value == "Doe^Jane"
