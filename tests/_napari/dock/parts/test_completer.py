"""What drops down while somebody types is in the colors of the theme, also after that was switched."""

from __future__ import annotations

from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QApplication, QCalendarWidget, QLineEdit

from _napari.panels import activate, settle, unfold
from napari_dicom_writer._napari.dock.parts.completer import Completer
from napari_dicom_writer._napari.dock.tags.attribute_entry import AttributeEntry


def lines(window) -> list[QLineEdit]:
    """Every line that completes what is typed."""
    return [line for line in window.findChildren(QLineEdit) if line.completer() is not None]


def is_dark(widget) -> bool:
    return widget.palette().color(QPalette.ColorRole.Base).lightness() < 128


def test_every_list_and_calendar_has_the_colors_of_the_theme(viewer, open_panel, qtbot):
    panel = open_panel(on_screen=True)
    unfold(panel)
    panel.editor.reveal("axes")
    settle(qtbot, panel)
    entry = AttributeEntry(panel)
    entry.show()
    completed = lines(panel)
    assert len(completed) >= 4
    assert all(isinstance(line.completer(), Completer) for line in completed if line.isVisible())
    units = panel.editor.table.cell(0, "unit").lineEdit().completer()
    units.setCompletionPrefix("C")
    assert units.currentCompletion() == "cm"
    date = panel.form.field("study.date").native
    for theme in ("dark", "light"):
        viewer.theme = theme
        for line in (entry.keyword, panel.form.field("series.body_part").native):
            activate(qtbot, line.window())
            line.setFocus()
            line.completer().complete()
            assert is_dark(line.completer().popup()) is (theme == "dark")
            line.completer().popup().hide()
        date.actions()[0].trigger()
        calendar = date.findChild(QCalendarWidget)
        heads = calendar.headerTextFormat().background().color()
        assert (heads.lightness() < 128) is (theme == "dark")
        calendar.close()
        QApplication.processEvents()
