"""Exports whose widget, dock, viewer or program is closed in the middle, and their bar in the activity dock."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from napari.utils.progress import progress as bars
from qtpy import API_NAME
from qtpy.QtWidgets import QVBoxLayout, QWidget

from _napari.runs import Watch, layer, no_threads
from napari_dicom_writer import ExportOptions
from napari_dicom_writer._napari.dock.work import activity as activity_module
from napari_dicom_writer._napari.dock.work.running import ExportRun

if API_NAME.startswith("PySide"):
    from shiboken6 import delete
else:
    from PyQt6.sip import delete


@pytest.fixture
def docked(make_napari_viewer):
    viewer = make_napari_viewer()
    widget = QWidget()
    QVBoxLayout(widget)
    dock = viewer.window.add_dock_widget(widget, name="export")
    return viewer, widget, dock


def start_and_wait_for_an_instance(run, qtbot, tmp_path, planes=1000):
    watch = Watch(run)
    run.start([layer(np.zeros((planes, 24, 30), np.int16))], tmp_path / "new" / "x", ExportOptions())
    qtbot.waitUntil(lambda: any(done for done, *_ in watch.of("progressed")))
    assert list(tmp_path.iterdir())
    return watch


def test_closing_the_viewer_cancels(docked, qtbot, tmp_path, slowly):
    viewer, widget, _ = docked
    start_and_wait_for_an_instance(ExportRun(widget), qtbot, tmp_path)
    viewer.close()
    qtbot.waitUntil(no_threads)
    assert not list(tmp_path.iterdir())
    assert not bars._all_instances


def test_deleting_the_widget_cancels_and_waits(docked, qtbot, tmp_path, slowly):
    _, widget, _ = docked
    start_and_wait_for_an_instance(ExportRun(widget), qtbot, tmp_path)
    delete(widget)
    assert no_threads()
    assert not list(tmp_path.iterdir())
    assert not bars._all_instances


@pytest.mark.parametrize("deep", [False, True])
def test_closing_the_dock_cancels(docked, qtbot, tmp_path, slowly, deep):
    """Napari takes the widget out, and it lives on for a while."""
    _, widget, dock = docked
    parent = QWidget(widget) if deep else widget
    watch = start_and_wait_for_an_instance(ExportRun(parent), qtbot, tmp_path)
    dock.destroyOnClose()
    qtbot.waitUntil(lambda: watch.end == "cancelled")
    assert not list(tmp_path.iterdir())
    assert not bars._all_instances
    widget.deleteLater()


def test_hiding_the_dock_does_not(docked, qtbot, tmp_path, slowly):
    _, widget, dock = docked
    watch = start_and_wait_for_an_instance(ExportRun(widget), qtbot, tmp_path, planes=60)
    dock.close()
    dock.show()
    dock.setFloating(True)
    dock.setFloating(False)
    qtbot.waitUntil(lambda: watch.end == "finished")


def test_the_activity_dock_shows_it_and_can_cancel_it(docked, qtbot, tmp_path, slowly):
    _, widget, _ = docked
    watch = start_and_wait_for_an_instance(ExportRun(widget), qtbot, tmp_path)
    qtbot.waitUntil(lambda: len(bars._all_instances) == 1)
    (bar,) = bars._all_instances
    assert bar.total == 1000
    assert bar.desc.startswith(("DICOM, writing", "DICOM, reading"))
    qtbot.waitUntil(lambda: bar.n > 0)
    bar.cancel()  # what its button does
    qtbot.waitUntil(lambda: watch.end == "cancelled")
    assert not bars._all_instances
    assert not list(tmp_path.iterdir())


def test_a_bar_that_is_changed_or_closed_while_it_changes(make_napari_viewer, monkeypatch):
    """Drawing it lets events happen, and these do both."""
    make_napari_viewer()
    monkeypatch.setattr(activity_module, "_DELAY", 0)
    monkeypatch.setattr(activity_module, "_INTERVAL", 0)
    activity = activity_module.Activity(lambda: None)
    activity.show(1, 10, "writing")
    (bar,) = bars._all_instances
    bar.events.value.connect(lambda: activity.show(5, 10, "checking"))
    bar.events.value.connect(activity.close)
    activity.show(2, 10, "writing")
    assert not bars._all_instances
    activity.show(3, 10, "writing")
    activity.close()
    assert not bars._all_instances


LEAVE = """
import sys, time
import numpy as np
from qtpy.QtWidgets import QApplication, QWidget
from napari_dicom_writer import ExportOptions, exporting
from napari_dicom_writer._napari.dock.work.running import ExportRun

real = exporting.export
def export(*arguments, progress):
    def slow(done, total):
        time.sleep(0.02)
        progress(done, total)
    return real(*arguments, progress=slow)
exporting.export = export

app, widget = QApplication([]), QWidget()
run = ExportRun(widget)
run.progressed.connect(lambda done, *_: done and {leave})
run.start([(np.zeros((1000, 16, 16), np.int16), {{}}, "image")], sys.argv[1] + "/new/x", ExportOptions(verify="off"))
app.exec()
"""


@pytest.mark.parametrize("leave", ["app.quit()", "sys.exit(0)", "widget.deleteLater() or app.quit()"])
def test_python_ends_at_once_and_leaves_nothing(tmp_path, leave):
    result = subprocess.run(
        [sys.executable, "-c", LEAVE.format(leave=leave), str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())
