"""Attributes that are given in the table of tags: by keyword, with the reason where the writer owns one."""

from __future__ import annotations

import pytest

from _napari.panels import click, export, read, settle
from napari_dicom_writer._napari.dock.tags.attribute_entry import AttributeEntry


@pytest.fixture
def entry(qtbot):
    entry = AttributeEntry()
    qtbot.addWidget(entry)
    return entry


def give(qtbot, entry, keyword: str, value: str) -> None:
    entry.keyword.clear()
    entry.value.clear()
    qtbot.keyClicks(entry.keyword, keyword)
    qtbot.keyClicks(entry.value, value)


def test_they_are_set_changed_and_removed_and_end_in_the_files(open_panel, qtbot, tmp_path):
    panel = open_panel()
    click(qtbot, panel.controls.tags_button)
    dialog = panel._tags
    for keyword, value in (
        ("flip angle", "12"),
        ("PatientComments", "wrong"),
        ("PatientComments", "right"),
        ("KVP", "80"),
    ):
        give(qtbot, dialog.entry, keyword, value)
        click(qtbot, dialog.entry.set_button)
    assert panel.controls.tags_button.text() == "Tags… (3 given)"
    assert panel.losses(), "closing asks"
    settle(qtbot, panel)
    shown = {dialog.model.row(i).keyword: dialog.model.row(i).value for i in range(dialog.model.rowCount())}
    assert (shown["FlipAngle"], shown["PatientComments"]) == ("12", "right")
    row = next(i for i in range(dialog.model.rowCount()) if dialog.model.row(i).keyword == "KVP")
    dialog.table.selectRow(row)
    assert (dialog.entry.keyword.text(), dialog.entry.value.text()) == ("KVP", "80")
    click(qtbot, dialog.entry.remove_button)
    dialog.close()
    settle(qtbot, panel)
    export(qtbot, panel)
    header = read(tmp_path / "out")[0]
    assert (header.FlipAngle, header.PatientComments, "KVP" in header) == (12, "right", False)


@pytest.mark.parametrize(
    ("keyword", "value", "said"),
    [
        ("PatientName", "Doe^Jane", "it is the option “Name”"),
        ("patient's name", "Doe^Jane", "Patient's Name cannot be given as an attribute"),
        ("Rows", "12", "its value comes from the layer"),
        ("WindowCenter", "12", "cannot be given as an attribute"),
        ("ShoeSize", "44", "attribute of DICOM"),
        ("FlipAngle", "steep", "Flip Angle"),
        ("FlipAngle", "1\\2", "has 2 values"),
        ("RequestAttributesSequence", "none", "is a sequence"),
    ],
)
def test_what_cannot_be_given_is_refused_with_the_reason(qtbot, entry, keyword, value, said):
    give(qtbot, entry, keyword, value)
    assert said in entry.said
    assert not entry.set_button.isEnabled()


def test_items_are_given_as_json_and_come_back(qtbot, entry):
    given = []
    entry.changed.connect(given.append)
    give(qtbot, entry, "RequestAttributesSequence", '[{"ScheduledProcedureStepID": "7"}]')
    click(qtbot, entry.set_button)
    assert given == [{"RequestAttributesSequence": ({"ScheduledProcedureStepID": ("7",)},)}]
    entry.show_attribute("RequestAttributesSequence", "1 item")
    assert entry.set_button.isEnabled()
    click(qtbot, entry.remove_button)
    assert given[-1] == {}


def test_keywords_are_completed_those_that_can_be_given(entry):
    completer = entry.keyword.completer()
    found = []
    for typed in ("patientcomm", "PatientBirthDate"):
        completer.setCompletionPrefix(typed)
        found += [completer.completionModel().index(row, 0).data() for row in range(completer.completionCount())]
    assert "PatientComments" in found
    assert "PatientBirthDate" not in found
