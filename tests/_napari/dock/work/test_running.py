"""Exports beside a living viewer: finished, failed, cancelled, edited under way, and closed in the middle."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from napari.utils.progress import progress as bars
from PyQt6 import sip
from qtpy.QtWidgets import QVBoxLayout, QWidget

from judges.readers import read as read_files
from napari_dicom_writer import ExportError, ExportOptions, LayerError, exporting
from napari_dicom_writer._napari.dock.work import activity as activity_module
from napari_dicom_writer._napari.dock.work.pace import Pace
from napari_dicom_writer._napari.dock.work.running import ExportRun, Stage

SHAPE = (40, 24, 30)
PATIENCE = 30_000  # ms


def scan():
    return np.random.default_rng(5).integers(0, 999, SHAPE, dtype=np.int16)


def layer(data, name="brain"):
    return (data, {"name": name, "scale": (2.0, 0.5, 0.5), "units": ("mm",) * 3}, "image")


def written(path):
    return np.stack([d.pixel_array for d in read_files(path)])


class Watch:
    """Keeps all that a run tells, and checks that it does so in the main thread."""

    def __init__(self, run):
        self.told = []
        for name in ("progressed", "staged", "finished", "failed", "cancelled"):
            getattr(run, name).connect(lambda *values, name=name: self.take(name, values))

    def take(self, name, values):
        assert threading.current_thread() is threading.main_thread()
        self.told.append((name, values))

    def of(self, name):
        return [values for told, values in self.told if told == name]

    @property
    def end(self):
        ends = [told for told, _ in self.told if told in ("finished", "failed", "cancelled")]
        assert len(ends) <= 1
        return ends[0] if ends else None


@pytest.fixture
def run(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    yield ExportRun(parent)
    parent.isVisible()  # it is alive until here: qtbot does not hold it


class Pause:
    """Stops the export's thread when so many instances are done, until it is let go."""

    def __init__(self, monkeypatch, at):
        self.reached, self.go = threading.Event(), threading.Event()
        real = exporting.export

        def export(*arguments, progress):
            def paused(done, total):
                if done == at and not self.reached.is_set():
                    self.reached.set()
                    assert self.go.wait(60)
                progress(done, total)

            return real(*arguments, progress=paused)

        monkeypatch.setattr(exporting, "export", export)


@pytest.fixture
def slowly(monkeypatch):
    """Every instance takes a while."""
    real = exporting.export

    def export(*arguments, progress):
        def slow(done, total):
            time.sleep(0.02)
            progress(done, total)

        return real(*arguments, progress=slow)

    monkeypatch.setattr(exporting, "export", export)


def no_threads():
    return not any(thread.name == "napari-dicom-writer" for thread in threading.enumerate())


def test_an_export_is_finished(run, qtbot, tmp_path):
    watch, data = Watch(run), scan()
    run.start([layer(data)], tmp_path / "x", ExportOptions(), size=1000)
    assert run.running
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    assert not run.running
    ((report,),) = watch.of("finished")
    assert report.path == tmp_path / "x"
    np.testing.assert_array_equal(written(report.path), data)
    assert no_threads()


def test_it_tells_how_far_it_is(run, qtbot, tmp_path, slowly):
    watch = Watch(run)
    run.start([layer(np.zeros((80, 24, 30), np.int16))], tmp_path / "x", ExportOptions(), size=800_000)
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    told = watch.of("progressed")
    counts = [done for done, *_ in told]
    assert counts == sorted(counts)
    assert {total for _, total, *_ in told} == {80}
    stages = [stage for (stage,) in watch.of("staged")]
    assert stages == [stage for stage in Stage if stage in stages]
    assert Stage.WRITING in stages
    rates = [(rate, left) for _, _, rate, left in told if not math.isnan(rate)]
    assert rates
    # 20 ms and more for an instance of 10,000 bytes
    assert all(0 < rate <= 500_000 and left >= 0 for rate, left in rates)


def test_without_a_size_no_rate_is_told(run, qtbot, tmp_path, slowly):
    watch = Watch(run)
    run.start([layer(np.zeros((80, 24, 30), np.int16))], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    assert all(math.isnan(rate) for _, _, rate, _ in watch.of("progressed"))
    assert any(left >= 0 for *_, left in watch.of("progressed"))


@pytest.mark.parametrize("at", [0, 1, 20, 40])
@pytest.mark.parametrize("verify", ["full", "off"])
def test_cancelled_at_any_instance_it_leaves_nothing(run, qtbot, tmp_path, monkeypatch, at, verify):
    pause, watch = Pause(monkeypatch, at), Watch(run)
    run.start([layer(scan())], tmp_path / "new" / "x", ExportOptions(verify=verify))
    qtbot.waitUntil(pause.reached.is_set, timeout=PATIENCE)
    run.cancel()
    assert not run.wait(0)
    pause.go.set()
    assert run.wait(30)
    assert not list(tmp_path.iterdir())
    qtbot.waitUntil(lambda: watch.end == "cancelled", timeout=PATIENCE)


def test_cancelled_too_late_it_says_that_it_is_finished(run, qtbot, tmp_path):
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    assert run.wait(30)
    run.cancel()
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    assert len(written(tmp_path / "x")) == 40


@pytest.mark.parametrize("at", [1, 20, 40])
def test_an_edit_in_place_is_refused(run, qtbot, tmp_path, monkeypatch, at):
    pause, watch, data = Pause(monkeypatch, at), Watch(run), scan()
    run.start([layer(data)], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(pause.reached.is_set, timeout=PATIENCE)
    data[30, 5, 5] += 1
    pause.go.set()
    qtbot.waitUntil(lambda: watch.end == "failed", timeout=PATIENCE)
    ((error,),) = watch.of("failed")
    assert type(error) is LayerError
    assert str(error).startswith("layer 'brain': It changed while it was exported")
    assert not list(tmp_path.iterdir())


def test_new_data_and_another_place_do_not_matter(make_napari_viewer, run, qtbot, tmp_path, monkeypatch):
    viewer, data = make_napari_viewer(), scan()
    image = viewer.add_image(data, name="brain", scale=(2, 0.5, 0.5), units=("mm",) * 3)
    pause, watch = Pause(monkeypatch, 20), Watch(run)
    run.start([image.as_layer_data_tuple()], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(pause.reached.is_set, timeout=PATIENCE)
    image.data = np.zeros((3, 4, 5))
    image.translate = (100, 100, 100)
    image.name = "other"
    pause.go.set()
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    np.testing.assert_array_equal(written(tmp_path / "x"), data)
    first = read_files(tmp_path / "x")[0]
    assert [float(v) for v in first.ImagePositionPatient] == [0, 0, 0]
    assert first.SeriesDescription == "brain"


class Torn:
    """A lazy array that fails in the middle."""

    shape, dtype, ndim, chunks = SHAPE, np.dtype(np.int16), 3, (1, 24, 30)

    def __getitem__(self, index):
        if index[0].stop > 30:
            raise OSError("the tape is torn")
        return scan()[index]


@pytest.mark.parametrize(
    ("data", "message"),
    [(Torn(), "the tape is torn"), (np.zeros((4, 4, 4), complex), "complex"), (np.zeros((0, 4, 4)), "empty")],
    ids=["lazy", "complex", "empty"],
)
def test_what_cannot_be_written_says_why(run, qtbot, tmp_path, data, message):
    watch = Watch(run)
    run.start([layer(data)], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "failed", timeout=PATIENCE)
    ((error,),) = watch.of("failed")
    assert message in str(error)
    assert not list(tmp_path.iterdir())


def test_a_target_in_the_way(run, qtbot, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.txt").write_text("mine")
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "failed", timeout=PATIENCE)
    assert "exists already" in str(watch.of("failed")[0][0])
    assert [p.name for p in tmp_path.rglob("*")] == ["x", "notes.txt"]


def test_faults_are_export_errors(run, qtbot, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(exporting, "export", broken)
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "failed", timeout=PATIENCE)
    ((error,),) = watch.of("failed")
    assert isinstance(error, ExportError)
    assert "Saving failed: ZeroDivisionError: oh" in str(error)
    assert isinstance(error.__cause__, ZeroDivisionError)


def test_two_runs_at_once(qtbot, tmp_path, slowly):
    parents = [QWidget(), QWidget()]
    runs = [ExportRun(parent) for parent in parents]
    watches = [Watch(run) for run in runs]
    data = [scan(), scan() + np.int16(1)]
    for number, run in enumerate(runs):
        qtbot.addWidget(parents[number])
        run.start([layer(data[number])], tmp_path / str(number), ExportOptions())
    assert all(run.running for run in runs)
    qtbot.waitUntil(lambda: all(watch.end == "finished" for watch in watches), timeout=PATIENCE)
    for number in (0, 1):
        np.testing.assert_array_equal(written(tmp_path / str(number)), data[number])


def test_two_runs_to_one_place(qtbot, tmp_path, monkeypatch):
    pause = Pause(monkeypatch, 20)
    parents = [QWidget(), QWidget()]
    one, other = (ExportRun(parent) for parent in parents)
    watch_one, watch_other = Watch(one), Watch(other)
    one.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(pause.reached.is_set, timeout=PATIENCE)
    other.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch_other.end == "failed", timeout=PATIENCE)
    assert "Another export" in str(watch_other.of("failed")[0][0])
    pause.go.set()
    qtbot.waitUntil(lambda: watch_one.end == "finished", timeout=PATIENCE)
    for parent in parents:
        qtbot.addWidget(parent)


def test_one_after_the_other_but_not_two_at_once(run, qtbot, tmp_path):
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    with pytest.raises(RuntimeError, match="has not ended"):
        run.start([layer(scan())], tmp_path / "y", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    run.finished.connect(lambda _: None)
    watch.told.clear()
    run.start([layer(scan())], tmp_path / "y", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    assert not (tmp_path / "x" / "y").exists()
    assert len(written(tmp_path / "y")) == 40


def test_another_is_started_when_one_has_finished(run, qtbot, tmp_path):
    """From the slot itself, as a widget with several targets would."""
    done = []

    def again(report):
        done.append(report.path.name)
        if len(done) < 3:
            run.start([layer(scan())], tmp_path / str(len(done)), ExportOptions())

    run.finished.connect(again)
    run.start([layer(scan())], tmp_path / "0", ExportOptions())
    qtbot.waitUntil(lambda: len(done) == 3, timeout=PATIENCE)
    assert done == ["0", "1", "2"]


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
    qtbot.waitUntil(lambda: any(done for done, *_ in watch.of("progressed")), timeout=PATIENCE)
    assert list(tmp_path.iterdir())
    return watch


def test_closing_the_viewer_cancels(docked, qtbot, tmp_path, slowly):
    viewer, widget, _ = docked
    start_and_wait_for_an_instance(ExportRun(widget), qtbot, tmp_path)
    viewer.close()
    qtbot.waitUntil(no_threads, timeout=PATIENCE)
    assert not list(tmp_path.iterdir())
    assert not bars._all_instances


def test_deleting_the_widget_cancels_and_waits(docked, qtbot, tmp_path, slowly):
    _, widget, _ = docked
    start_and_wait_for_an_instance(ExportRun(widget), qtbot, tmp_path)
    sip.delete(widget)
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
    qtbot.waitUntil(lambda: watch.end == "cancelled", timeout=PATIENCE)
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
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)


def test_the_activity_dock_shows_it_and_can_cancel_it(docked, qtbot, tmp_path, slowly):
    _, widget, _ = docked
    watch = start_and_wait_for_an_instance(ExportRun(widget), qtbot, tmp_path)
    qtbot.waitUntil(lambda: len(bars._all_instances) == 1, timeout=PATIENCE)
    (bar,) = bars._all_instances
    assert bar.total == 1000
    assert bar.desc.startswith(("DICOM, writing", "DICOM, reading"))
    qtbot.waitUntil(lambda: bar.n > 0, timeout=PATIENCE)
    bar.cancel()  # what its button does
    qtbot.waitUntil(lambda: watch.end == "cancelled", timeout=PATIENCE)
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


def test_without_a_viewer_nothing_is_drawn(run, qtbot, tmp_path, capfd, slowly):
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "finished", timeout=PATIENCE)
    assert capfd.readouterr() == ("", "")


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
        [sys.executable, "-c", LEAVE.format(leave=leave), str(tmp_path)], capture_output=True, text=True, timeout=120
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


def test_pace_is_steady_though_slabs_come_in_bursts():
    pace = Pace(0.0)
    times = np.arange(0.05, 60, 0.05)
    done = np.minimum(1000, (times // 2).astype(int) * 40)  # 40 instances every two seconds
    lefts = [pace.judge(t, int(n), 2000)[1] for t, n in zip(times, done, strict=True)]
    assert all(math.isnan(left) for t, left in zip(times, lefts, strict=True) if t < 2)
    late = [(t, left) for t, left in zip(times, lefts, strict=True) if 10 < t < 50]
    assert all(abs(left - (100 - t)) < 0.35 * (100 - t) for t, left in late)


def test_no_pace_in_the_first_half_second():
    assert all(math.isnan(value) for value in Pace(0.0).judge(0.4, 100, 1000))
