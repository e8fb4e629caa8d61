"""What can be seen and reached: in a narrow dock, in large letters, by keyboard and by wheel."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QHelpEvent, QWheelEvent
from qtpy.QtWidgets import QApplication, QLabel, QWidget

from _napari.panels import export, make_active, settle
from napari_dicom_writer._napari.dock.form.members import GROUPS, members_of


def test_every_control_can_be_reached_and_is_named(open_panel):
    panel = open_panel()
    for fold in panel.form._folds.values():
        fold.open()
    unnamed = [
        child
        for child in panel.form.findChildren(QWidget)
        if child.focusPolicy() & Qt.FocusPolicy.TabFocus
        and child.isVisible()
        and not (child.accessibleName() or child.toolTip() or getattr(child, "text", str)())
    ]
    assert not [w for w in unnamed if not isinstance(w, QLabel)]
    name = panel.form.field("patient.name")
    point = QPoint(3, 3)
    QApplication.sendEvent(name.native, QHelpEvent(QEvent.Type.ToolTip, point, name.native.mapToGlobal(point)))
    assert "(0010,0010)" in name.native.toolTip()


@pytest.mark.parametrize(("width", "points"), [(280, 9), (300, 16)])
def test_nothing_is_cut_off_in_a_narrow_dock_or_in_large_letters(viewer, settings, qtbot, tmp_path, width, points):
    from napari_dicom_writer._napari.widget import ExportWidget

    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    panel = widget.panel
    widget.setStyleSheet(f"QWidget {{ font-size: {points}pt; }}")
    for folds in (panel.form._folds.values(), *panel.form._inner.values()):
        for fold in folds:
            fold.open()
    viewer.layers[0].units = ("pixel",) * 3  # a message with a button
    panel.target.set_path(str(tmp_path / "out"))
    widget.resize(width, 800)
    widget.show()
    for name in ("transfer_syntax", "attributes"):
        panel.own.options.give(viewer.layers[0], name)
    settle(qtbot, panel)
    panel.editor.reveal("axes")
    panel.own.options_fold.open()
    panel.own.segments_fold.show()  # which labels have
    panel.own.segments_fold.open()
    export(qtbot, panel)
    panel.own.segments_fold.show()
    panel.board.report_actions.show_report(panel.report)
    qtbot.waitUntil(lambda: panel._scroll.widget().width() == panel._scroll.viewport().width())
    assert widget.width() == width


def test_where_the_keyboard_is_can_be_seen(viewer, settings, qtbot):
    from napari_dicom_writer._napari.widget import ExportWidget

    window = viewer.window._qt_window  # with napari's theme
    widget = ExportWidget(viewer, window)
    widget.resize(340, 800)
    widget.setWindowFlags(Qt.WindowType.Window)
    widget.show()
    make_active(widget)
    panel = widget.panel
    settle(qtbot, panel)
    for place in (panel.controls.export_button, panel.form._folds["Pixels"]._button, panel.checklist._list):
        panel.target.disk.choose_button.setFocus()
        before = place.grab().toImage()
        make_active(widget)  # `grab` lets go of what waits, a loss of the keyboard, too
        place.setFocus(Qt.FocusReason.TabFocusReason)
        assert place.hasFocus()
        assert place.grab().toImage() != before, place
    widget.deleteLater()


def test_tab_goes_from_top_to_bottom(open_panel, qtbot):
    panel = open_panel()
    for fold in panel.form._folds.values():
        fold.open()
    fields = panel.form._fields
    by_editor = {field.native: name for name, field in reversed(fields.items())}  # in whatever order they are made
    widget, reached = panel.form, []
    # No further: PySide6 keeps what it was led to, the window and its viewer, too.
    while panel.form.isAncestorOf(widget := widget.nextInFocusChain()):
        if widget in by_editor and by_editor[widget] not in reached:
            reached.append(by_editor[widget])
    first = reached.index("modality")
    expected = []
    for groups in GROUPS.values():
        members = [member for group in groups for member in members_of(group)]
        for rare in (False, True):  # those under "More" come last
            expected += [name for name, _, item in members if item.metadata["rare"] is rare]
    assert reached[first:] + reached[:first] == expected


def test_the_wheel_scrolls_and_changes_no_choice(open_panel, qtbot):
    panel = open_panel()
    for box in (panel.form.field("modality").native, panel.target._kinds):
        turn = QWheelEvent(
            QPointF(5, 5),
            QPointF(box.mapToGlobal(QPoint(5, 5))),
            QPoint(0, -120),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(box, turn)
    assert panel.target.to == "folder"
    assert panel.form.field("modality").value == "OT"
