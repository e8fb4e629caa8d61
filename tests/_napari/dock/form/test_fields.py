"""What is typed into the form, and what is said of it meanwhile."""

from __future__ import annotations

from qtpy.QtCore import QPoint, Qt

from _napari.panels import focus, settle, unfold
from napari_dicom_writer._napari.dock.parts.hint import Hint


def typed(qtbot, panel, name: str, text: str):
    """Type text into a field, as a user who sees it does; return the field."""
    field = panel.form.reveal(name)
    panel._scroll.ensureWidgetVisible(field)
    focus(qtbot, field.native)
    qtbot.keyClicks(field.native, text)
    return field


def hint_of(panel, field) -> Hint:
    return next(hint for hint in panel.findChildren(Hint) if hint._editor is field.native)


def test_invalid_text_is_marked_while_typing(open_panel, qtbot):
    panel = open_panel(on_screen=True)
    field = typed(qtbot, panel, "patient.birth_date", "2026-02-3")
    assert "“Birth date” is not written as a date" in field.error
    assert "border" in field.native.styleSheet()
    focus(qtbot, field.native)
    assert hint_of(panel, field).isVisible()
    qtbot.waitUntil(lambda: panel.controls.status.startswith("“Birth date” is not written as a date"))
    assert not panel.controls.export_button.isEnabled()
    field.native.clear()
    qtbot.keyClicks(field.native, "2026-02-28")
    assert not field.error
    assert not hint_of(panel, field).isVisible()
    settle(qtbot, panel)
    assert panel.controls.export_button.isEnabled()


def test_the_form_does_not_jump_while_wrong_text_is_typed(open_panel, qtbot):
    panel = open_panel(on_screen=True)
    field = typed(qtbot, panel, "patient.birth_date", "1")
    below = panel.form.field("study.description").native
    field.native.clear()
    settle(qtbot, panel)
    focus(qtbot, field.native)
    before = below.mapTo(panel.form, QPoint(0, 0))
    qtbot.keyClicks(field.native, "soon, or later")
    qtbot.waitUntil(lambda: panel.controls.status.startswith("“Birth date” is not written as a date"))
    focus(qtbot, field.native)
    assert hint_of(panel, field).isVisible()
    assert below.mapTo(panel.form, QPoint(0, 0)) == before
    focus(qtbot, panel.form.field("patient.name").native)
    assert not hint_of(panel, field).isVisible()


def test_what_is_understood_is_said(open_panel, qtbot):
    panel = open_panel(on_screen=True)
    field = typed(qtbot, panel, "patient.age", "42")
    assert (field.error, hint_of(panel, field).text()) == ("", "Written as 042Y")
    field = typed(qtbot, panel, "study.date", "2026-02-28")
    assert hint_of(panel, field).text() == ""
    settle(qtbot, panel)
    assert panel.plan.series[0].options.patient.age == "042Y"


def test_the_label_of_a_switch_toggles_it(open_panel, qtbot):
    panel = open_panel(on_screen=True)
    field = panel.form.reveal("overwrite")
    label = panel.form._labels["overwrite"]
    qtbot.mouseClick(label, Qt.MouseButton.LeftButton)
    assert field.value is True
    qtbot.mouseClick(label, Qt.MouseButton.LeftButton)
    assert field.value is False


def test_inputs_begin_at_one_place_in_all_groups_and_those_few_need_behind(open_panel, qtbot):
    panel = open_panel(on_screen=True)
    unfold(panel)
    qtbot.waitUntil(lambda: panel.form.field("workers").native.isVisible())
    form = panel.form
    places = {n: f.native.mapTo(form, QPoint(0, 0)).x() for n, f in form._fields.items()}
    (common,), (rare,) = ({x for n, x in places.items() if len(form._inner[n]) == depth} for depth in (1, 2))
    assert common < rare  # whose long names take no room from the others


def test_a_decimal_comma_is_told_from_a_point(open_panel):
    field = open_panel().form.field("nan")
    field.native.setText("0,5")
    assert field.error == "“Replace NaN by” is not a number: write a point, and no comma"
    field.native.setText("0.5")
    assert (field.error, field.value) == ("", 0.5)
