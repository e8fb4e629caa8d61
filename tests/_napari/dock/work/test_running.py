"""Exports beside a living viewer: finished, failed, cancelled and edited under way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

from _napari.runs import SHAPE, Pause, Watch, layer, no_threads, scan, written
from judges.readers import read as read_files
from napari_dicom_writer import ExportError, ExportOptions, LayerError, exporting
from napari_dicom_writer._napari.dock.work.running import ExportRun, Stage


def test_an_export_is_finished(run, qtbot, tmp_path):
    watch, data = Watch(run), scan()
    run.start([layer(data)], tmp_path / "x", ExportOptions(), size=1000)
    assert run.running
    qtbot.waitUntil(lambda: watch.end == "finished")
    assert not run.running
    ((report,),) = watch.of("finished")
    assert report.path == tmp_path / "x"
    np.testing.assert_array_equal(written(report.path), data)
    assert no_threads()


def test_it_tells_how_far_it_is(run, qtbot, tmp_path, slowly):
    watch = Watch(run)
    run.start([layer(np.zeros((80, 24, 30), np.int16))], tmp_path / "x", ExportOptions(), size=800_000)
    qtbot.waitUntil(lambda: watch.end == "finished")
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
    qtbot.waitUntil(lambda: watch.end == "finished")
    assert all(math.isnan(rate) for _, _, rate, _ in watch.of("progressed"))
    assert any(left >= 0 for *_, left in watch.of("progressed"))


@pytest.mark.parametrize("at", [0, 1, 20, 40])
@pytest.mark.parametrize("verify", ["full", "off"])
def test_cancelled_at_any_instance_it_leaves_nothing(run, qtbot, tmp_path, monkeypatch, at, verify):
    pause, watch = Pause(monkeypatch, at), Watch(run)
    run.start([layer(scan())], tmp_path / "new" / "x", ExportOptions(verify=verify))
    qtbot.waitUntil(pause.reached.is_set)
    run.cancel()
    assert not run.wait(0)
    pause.go.set()
    assert run.wait(30)
    assert not list(tmp_path.iterdir())
    qtbot.waitUntil(lambda: watch.end == "cancelled")


def test_cancelled_too_late_it_says_that_it_is_finished(run, qtbot, tmp_path):
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    assert run.wait(30)
    run.cancel()
    qtbot.waitUntil(lambda: watch.end == "finished")
    assert len(written(tmp_path / "x")) == 40


@pytest.mark.parametrize("at", [1, 20, 40])
def test_an_edit_in_place_is_refused(run, qtbot, tmp_path, monkeypatch, at):
    pause, watch, data = Pause(monkeypatch, at), Watch(run), scan()
    run.start([layer(data)], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(pause.reached.is_set)
    data[30, 5, 5] += 1
    pause.go.set()
    qtbot.waitUntil(lambda: watch.end == "failed")
    ((error,),) = watch.of("failed")
    assert type(error) is LayerError
    assert str(error).startswith("layer 'brain': It changed while it was exported")
    assert not list(tmp_path.iterdir())


def test_new_data_and_another_place_do_not_matter(make_napari_viewer, run, qtbot, tmp_path, monkeypatch):
    viewer, data = make_napari_viewer(), scan()
    image = viewer.add_image(data, name="brain", scale=(2, 0.5, 0.5), units=("mm",) * 3)
    pause, watch = Pause(monkeypatch, 20), Watch(run)
    run.start([image.as_layer_data_tuple()], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(pause.reached.is_set)
    image.data = np.zeros((3, 4, 5))
    image.translate = (100, 100, 100)
    image.name = "other"
    pause.go.set()
    qtbot.waitUntil(lambda: watch.end == "finished")
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
    qtbot.waitUntil(lambda: watch.end == "failed")
    ((error,),) = watch.of("failed")
    assert message in str(error)
    assert not list(tmp_path.iterdir())


def test_a_target_in_the_way(run, qtbot, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.txt").write_text("mine")
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "failed")
    assert "exists already" in str(watch.of("failed")[0][0])
    assert [p.name for p in tmp_path.rglob("*")] == ["x", "notes.txt"]


def test_faults_are_export_errors(run, qtbot, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(exporting, "export", broken)
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "failed")
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
    qtbot.waitUntil(lambda: all(watch.end == "finished" for watch in watches))
    for number in (0, 1):
        np.testing.assert_array_equal(written(tmp_path / str(number)), data[number])


def test_two_runs_to_one_place(qtbot, tmp_path, monkeypatch):
    pause = Pause(monkeypatch, 20)
    parents = [QWidget(), QWidget()]
    one, other = (ExportRun(parent) for parent in parents)
    watch_one, watch_other = Watch(one), Watch(other)
    one.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(pause.reached.is_set)
    other.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch_other.end == "failed")
    assert "Another export" in str(watch_other.of("failed")[0][0])
    pause.go.set()
    qtbot.waitUntil(lambda: watch_one.end == "finished")
    for parent in parents:
        qtbot.addWidget(parent)


def test_one_after_the_other_but_not_two_at_once(run, qtbot, tmp_path):
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    with pytest.raises(RuntimeError, match="has not ended"):
        run.start([layer(scan())], tmp_path / "y", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "finished")
    run.finished.connect(lambda _: None)
    watch.told.clear()
    run.start([layer(scan())], tmp_path / "y", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "finished")
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
    qtbot.waitUntil(lambda: len(done) == 3)
    assert done == ["0", "1", "2"]


def test_without_a_viewer_nothing_is_drawn(run, qtbot, tmp_path, capfd, slowly):
    watch = Watch(run)
    run.start([layer(scan())], tmp_path / "x", ExportOptions())
    qtbot.waitUntil(lambda: watch.end == "finished")
    assert capfd.readouterr() == ("", "")
