"""The widget is hidden, shown, closed and deleted: it rests, it asks, and it leaves nothing."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QApplication, QDockWidget, QMessageBox, QPushButton

from _napari.panels import click, export, settle


def test_nothing_is_planned_while_nobody_looks(viewer, settings, qtbot, tmp_path):
    from napari_dicom_writer._napari.widget import ExportWidget

    widget = ExportWidget(viewer)
    qtbot.addWidget(widget)
    widget.panel.target.set_path(str(tmp_path / "out"))
    widget.show()
    settle(qtbot, widget.panel)
    widget.hide()
    planned = []
    widget.panel.planner.started.connect(lambda: planned.append(True))
    viewer.layers[0].scale = (9, 9, 9)
    qtbot.wait(400)
    assert not planned
    assert not widget.panel.controls.export_button.isEnabled()
    widget.show()
    qtbot.waitUntil(widget.panel.controls.export_button.isEnabled)
    assert widget.panel.plan.series[0].grid.pixel_spacing == ("9", "9")


def test_a_widget_that_is_gone_listens_to_nothing(viewer, settings, qtbot):
    from napari_dicom_writer._napari.widget import ExportWidget

    layers, layer = viewer.layers, viewer.layers[0]
    emitters = [layers.events.inserted, layers.events.removed, layers.events.reordered, layers.selection.events.changed]
    emitters += [layer.events.data, layer.events.scale, layer.events.name]
    before = [len(emitter.callbacks) for emitter in emitters]
    widget = ExportWidget(viewer)
    panel = widget.panel  # so that Python keeps it
    settle(qtbot, panel)
    assert [len(emitter.callbacks) for emitter in emitters] > before
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert [len(emitter.callbacks) for emitter in emitters] == before


def test_closing_the_dock_during_an_export_leaves_nothing(viewer, open_panel, qtbot, tmp_path):
    viewer.layers[0].data = np.zeros((3000, 64, 64), np.int16)
    panel = open_panel(on_screen=True)
    click(qtbot, panel.controls.export_button)
    qtbot.waitUntil(lambda: any(tmp_path.iterdir()))
    viewer.window.remove_dock_widget("all")
    qtbot.waitUntil(lambda: not any(tmp_path.iterdir()))


def answer(button: str) -> list[str]:
    """Press a button of the question that is about to come; returns what was asked."""
    asked: list[str] = []

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, press)
            return
        asked.append(box.text())
        next(b for b in box.buttons() if b.text() == button).click()

    QTimer.singleShot(20, press)
    return asked


def close_button(panel) -> QPushButton:
    dock = panel.parent()
    while not isinstance(dock, QDockWidget):
        dock = dock.parent()
    return dock.findChild(QPushButton, "QTitleBarCloseButton")


def in_sight(panel) -> bool:
    try:
        return panel.isVisible()
    except RuntimeError:  # PySide6 takes it apart at once
        return False


def test_closing_asks_while_typed_patient_data_would_be_lost(viewer, open_panel, qtbot):
    panel = open_panel(on_screen=True)
    panel.form.field("patient.name").value = "Doe^Jane"
    asked = answer("Keep open")
    close_button(panel).click()
    assert asked == ["Patient data or attributes that you typed have not been exported."]
    assert panel.isVisible()
    answer("Close")
    close_button(panel).click()
    assert not in_sight(panel)


def test_closing_asks_nothing_where_nothing_would_be_lost(viewer, open_panel, qtbot):
    panel = open_panel(on_screen=True)
    panel.form.field("patient.name").value = "Doe^Jane"
    settle(qtbot, panel)
    export(qtbot, panel)
    assert panel.losses() == []
    close_button(panel).click()  # a question would wait for ever
    assert not in_sight(panel)


def test_an_export_that_is_closed_away_says_what_happened(viewer, open_panel, qtbot, tmp_path):
    from napari.utils.notifications import notification_manager

    viewer.layers[0].data = np.zeros((3000, 64, 64), np.int16)
    panel = open_panel(on_screen=True)
    notification_manager.records.clear()
    click(qtbot, panel.controls.export_button)
    qtbot.waitUntil(lambda: any(tmp_path.iterdir()))
    asked = answer("Close")
    close_button(panel).click()
    assert asked == ["The export that is running will be cancelled, and nothing will be written."]
    qtbot.waitUntil(lambda: not any(tmp_path.iterdir()))
    qtbot.waitUntil(lambda: bool(notification_manager.records))
    assert notification_manager.records[-1].message == "DICOM: cancelled, nothing was written"


def test_the_window_asks_when_the_user_closes_it(viewer, open_panel, qtbot):
    panel = open_panel(on_screen=True)
    panel.form.field("patient.name").value = "Doe^Jane"
    window = viewer.window._qt_window
    event = QCloseEvent()
    event.spontaneous = lambda: True
    asked = answer("Keep open")
    assert panel._close_guard.eventFilter(window, event)
    assert asked
    assert not event.isAccepted()
    assert not panel._close_guard.eventFilter(window, QCloseEvent())  # of a script
