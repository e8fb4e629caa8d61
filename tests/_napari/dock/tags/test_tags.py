"""The dialog that shows every tag before anything is written."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QGuiApplication

from _napari.panels import activate, focus
from napari_dicom_writer import ExportOptions, Patient, Volume, plan_export
from napari_dicom_writer._napari.dock.parts.dimmed import DIM
from napari_dicom_writer._napari.dock.tags.header_table import NAME, TAG, VALUE, VR, HeaderModel
from napari_dicom_writer._napari.dock.tags.tags import TagsDialog
from napari_dicom_writer.iods.header_rows import HeaderRow, header_rows

JANE = ExportOptions(patient=Patient(name="Doe^Jane", id="4711"))


def volume(name="brain", dtype="int16"):
    return Volume(np.arange(24).reshape(2, 3, 4).astype(dtype), spacing=(2, 1, 1), name=name)


@pytest.fixture
def dialog(qtbot):
    dialog = TagsDialog()
    qtbot.addWidget(dialog)
    dialog.show_plan(plan_export(volume(), JANE))
    activate(qtbot, dialog)
    focus(qtbot, dialog.search)
    return dialog


def column(dialog, which):
    return [dialog.filter.index(row, which).data() for row in range(dialog.filter.rowCount())]


def names(dialog):
    return column(dialog, NAME)


def type_into(qtbot, dialog, text):
    dialog.search.clear()
    qtbot.keyClicks(dialog.search, text)


def test_every_row_of_the_header_is_shown_in_order(dialog):
    rows = header_rows(plan_export(volume(), JANE).series[0])
    assert [tag.strip() for tag in column(dialog, TAG)] == [row.tag for row in rows]
    assert names(dialog) == [row.name for row in rows]
    assert column(dialog, VR) == [row.vr for row in rows]
    assert dict(zip(names(dialog), column(dialog, VALUE), strict=True))["Patient's Name"] == "Doe^Jane"
    elements = sum(bool(row.vr) for row in rows)
    assert dialog.counter.text() == f"{elements} elements"
    assert "drawn anew when the export starts" in dialog.note.text()


@pytest.mark.parametrize(
    "text",
    ["0010,0010", "00100010", "(0010,0010)", "patient's name", "PATIENT NAME", "patientname", "doe^jane", " jane "],
)
def test_search_goes_over_tag_name_keyword_and_value(qtbot, dialog, text):
    type_into(qtbot, dialog, text)
    assert names(dialog) == ["Patient's Name"]
    assert dialog.counter.text().startswith("1 of ")


def test_search_finds_what_a_uid_means(qtbot, dialog):
    type_into(qtbot, dialog, "explicit vr little endian")
    assert names(dialog) == ["Transfer Syntax UID"]
    assert column(dialog, VALUE) == ["1.2.840.10008.1.2.1  (Explicit VR Little Endian)"]


def test_nothing_found_is_said(qtbot, dialog):
    type_into(qtbot, dialog, "parsnip")
    assert names(dialog) == []
    assert dialog.counter.text().startswith("0 of ")


def test_what_is_found_inside_a_sequence_stands_in_its_place(qtbot, dialog):
    type_into(qtbot, dialog, "109103")
    assert names(dialog) == [
        "Contributing Equipment Sequence",
        "Item 1",
        "Purpose of Reference Code Sequence",
        "Item 1",
        "Code Value",
    ]
    indents = [len(tag) - len(tag.strip()) for tag in column(dialog, TAG)]
    assert indents == [0, 2, 4, 6, 8]
    assert [dialog.filter.index(row, NAME).data(DIM) for row in range(5)] == [True] * 4 + [False]
    assert dialog.counter.text().startswith("1 of ")


def test_a_sequence_that_is_found_shows_what_it_holds(qtbot, dialog):
    type_into(qtbot, dialog, "contributing equipment")
    assert names(dialog)[0] == "Contributing Equipment Sequence"
    assert {"Purpose of Reference Code Sequence", "Code Meaning", "Manufacturer"} < set(names(dialog))
    assert not dialog.filter.index(0, NAME).data(DIM)
    assert dialog.counter.text().startswith("1 of ")


def test_esc_clears_the_search_and_then_closes(qtbot, dialog):
    every = dialog.filter.rowCount()
    type_into(qtbot, dialog, "name")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    assert (dialog.search.text(), dialog.filter.rowCount()) == ("", every)
    assert dialog.isVisible()
    qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_enter_in_the_search_goes_to_what_was_found_and_closes_nothing(qtbot, dialog):
    type_into(qtbot, dialog, "0010,0010")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert dialog.focusWidget() is dialog.table
    qtbot.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "(0010,0010)\tPatient's Name\tPN\tDoe^Jane"


def test_ctrl_f_returns_to_the_search(qtbot, dialog):
    type_into(qtbot, dialog, "name")
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert dialog.focusWidget() is dialog.search
    assert dialog.search.selectedText() == "name"


def test_tab_goes_through_search_table_and_buttons(qtbot, dialog):
    order, lines = [], [dialog.entry.keyword, dialog.entry.value]
    for _ in range(6):
        order.append(dialog.focusWidget())
        qtbot.keyClick(order[-1], Qt.Key.Key_Tab)
    assert order == [dialog.search, dialog.table, *lines, dialog.copy_button, dialog.close_button]


def click_row(qtbot, dialog, row, modifier=Qt.KeyboardModifier.NoModifier):
    place = dialog.table.visualRect(dialog.filter.index(row, NAME)).center()
    qtbot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, modifier, QPoint(place))


def test_selected_rows_are_copied_in_order_with_their_nesting(qtbot, dialog):
    type_into(qtbot, dialog, "109103")
    click_row(qtbot, dialog, 4)
    click_row(qtbot, dialog, 0, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().split("\n") == [
        "(0018,A001)\tContributing Equipment Sequence\tSQ\t1 item",
        ">>>>(0008,0100)\tCode Value\tSH\t109103",
    ]


def test_the_copy_button_copies_all_that_is_shown_when_nothing_is_selected(qtbot, dialog):
    type_into(qtbot, dialog, "patient's")
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().split("\n")
    assert [line.split("\t")[1] for line in lines] == names(dialog)
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()


def test_another_plan_keeps_the_search_the_selection_and_the_place(qtbot, dialog):
    # Only values differ: rows stay where they are.
    bar = dialog.table.verticalScrollBar()
    bar.setValue(bar.maximum() // 2 + 3)
    click_row(qtbot, dialog, dialog.table.rowAt(40))
    before = bar.value(), [index.row() for index in dialog.table.selectionModel().selectedRows()]
    dialog.show_plan(plan_export(volume(), ExportOptions(patient=Patient(name="Roe^Max", id="1"))))
    assert (bar.value(), [index.row() for index in dialog.table.selectionModel().selectedRows()]) == before
    assert "Roe^Max" in column(dialog, VALUE)
    assert "Doe^Jane" not in column(dialog, VALUE)
    type_into(qtbot, dialog, "max")
    dialog.show_plan(plan_export(volume(), JANE))
    assert dialog.search.text() == "max"
    assert names(dialog) == []


def test_a_plan_with_other_elements_returns_to_what_was_at_the_top(dialog):
    bar = dialog.table.verticalScrollBar()
    row = names(dialog).index("Patient ID")
    bar.setValue(dialog.table.rowViewportPosition(row) + 5)
    more = Patient(name="Doe^Jane", id="4711", age="042Y", weight="61", size="1.7")
    described = ExportOptions(modality="MR", patient=more)
    dialog.show_plan(plan_export(volume(), described))
    top = dialog.table.rowAt(0)
    assert names(dialog)[top] == "Patient ID"
    assert dialog.table.rowViewportPosition(top) == -5


def test_several_series_are_chosen_from_and_the_choice_stays(qtbot, dialog):
    assert not dialog.chooser.isVisible()
    assert "brain" in dialog.heading.text()
    dialog.show_plan(plan_export([volume(), volume("chest")], JANE))
    assert dialog.chooser.isVisible()
    dialog.chooser.setFocus()
    qtbot.keyClick(dialog.chooser, Qt.Key.Key_Down)
    assert dialog.chooser.currentText() == "Series 2 · OT · chest"
    type_into(qtbot, dialog, "SeriesDescription")
    assert column(dialog, VALUE) == ["chest"]
    dialog.show_plan(plan_export([volume("heart"), volume(), volume("chest")], JANE))
    assert dialog.chooser.currentText() == "Series 3 · OT · chest"
    assert column(dialog, VALUE) == ["chest"]
    dialog.show_plan(plan_export([volume("heart"), volume()], JANE))
    assert dialog.chooser.currentText() == "Series 2 · OT · brain"
    assert column(dialog, VALUE) == ["brain"]
    assert dialog.heading.text() == "instance 1 of 2"


def test_without_a_plan_what_is_shown_is_called_outdated(dialog):
    rows = dialog.filter.rowCount()
    dialog.show_plan(None)
    assert dialog.note.text().startswith("Outdated")
    assert not dialog.table.isEnabled()
    assert dialog.filter.rowCount() == rows
    dialog.show_plan(plan_export(volume(), JANE))
    assert dialog.table.isEnabled()
    assert not dialog.note.text().startswith("Outdated")


def model_of(*rows):
    model = HeaderModel(QGuiApplication.font())
    model.show(list(rows))
    return model


def cell(model, row, which, role=Qt.ItemDataRole.DisplayRole):
    return model.data(model.index(row, which), role)


def test_empty_long_and_private_values_are_shown_sensibly(qtbot):
    text = "first line\nsecond\tline " + "x" * 5000
    model = model_of(
        HeaderRow("(0008,0050)", "Accession Number", "AccessionNumber", "SH", ""),
        HeaderRow("(0020,4000)", "Image Comments", "ImageComments", "LT", text),
        HeaderRow("(0011,1001)", "Private tag data", "", "UN", "00 ff"),
    )
    assert cell(model, 0, VALUE) == "(empty)"
    assert cell(model, 0, VALUE, DIM)
    assert not cell(model, 0, NAME, DIM)
    shown = cell(model, 1, VALUE)
    assert shown.startswith("first line ↵ second")
    assert len(shown) < 500
    assert "characters in all" in cell(model, 1, VALUE, Qt.ItemDataRole.ToolTipRole)
    assert cell(model, 2, NAME) == "Private tag data"
    assert model.text([0, 1]).count("\n") == 1
    assert model.text([0]) == "(0008,0050)\tAccession Number\tSH\t"


def test_what_looks_like_markup_is_shown_as_it_is(qtbot):
    model = model_of(HeaderRow("(0010,0010)", "Patient's Name", "PatientName", "PN", "<b>Doe</b>&"))
    assert "&lt;b&gt;Doe&lt;/b&gt;&amp;" in cell(model, 0, VALUE, Qt.ItemDataRole.ToolTipRole)
    assert "PatientName" in cell(model, 0, VALUE, Qt.ItemDataRole.ToolTipRole)
