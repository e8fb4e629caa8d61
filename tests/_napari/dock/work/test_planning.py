"""Plans that are made beside a living viewer."""

from __future__ import annotations

import sys
import threading
import weakref

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import QObject

from napari_dicom_writer import ExportOptions, Series, Study, export, plan_export
from napari_dicom_writer._napari.dock.work.planning import Planner, Wish


class Slow:
    """An array that waits for leave before each reading."""

    def __init__(self, values) -> None:
        self.values, self.leave, self.reads = values, threading.Event(), 0
        self.shape, self.dtype, self.ndim = values.shape, values.dtype, values.ndim

    def __getitem__(self, index):
        self.reads += 1
        assert self.leave.wait(60)
        return self.values[index]


def wish(array, path="out", **attributes) -> Wish:
    layer = (array, {"units": ("mm",) * array.ndim, **attributes}, "image")
    return Wish([layer], ExportOptions(), str(path))


@pytest.fixture
def plan(qtbot):
    """Plan what is in a list, now and whenever it is asked for."""
    owner = QObject()
    wishes: list[Wish | None] = []
    planner = Planner(lambda: wishes[-1], owner)
    outcomes = []
    planner.planned.connect(outcomes.append)

    def planned(*new):
        wishes.extend(new)
        outcomes.clear()
        planner.request()
        qtbot.waitUntil(lambda: bool(outcomes))
        return outcomes[-1]

    planned.planner, planned.wishes, planned.outcomes, planned.owner = planner, wishes, outcomes, owner
    yield planned
    planner.close()
    assert wait_for_threads(qtbot)


def wait_for_threads(qtbot) -> bool:
    qtbot.waitUntil(lambda: not [t for t in threading.enumerate() if t.name == "plan-export"])
    return True


@pytest.mark.parametrize("path", ["a\0b", "x" * 3000, "/proc/1/root/x"])
def test_a_target_that_the_system_refuses_is_told_and_ends_the_planning(plan, path):
    outcome = plan(wish(np.zeros((3, 4, 5), np.int16), path))
    assert outcome.plan is not None
    assert outcome.refusals


def test_a_scan_of_old_values_is_never_taken_for_new_ones(plan, qtbot):
    values = np.linspace(0, 1, 60, dtype=np.float32).reshape(3, 4, 5)
    slow = Slow(values)
    plan.wishes.append(wish(slow))
    plan.planner.request()
    qtbot.waitUntil(lambda: slow.reads > 0)
    plan.planner.forget_values()  # an edit in place, while they are read
    slow.leave.set()
    qtbot.waitUntil(lambda: bool(plan.outcomes))
    values[0, 0, 0] = np.nan
    assert "1 NaN value" in plan(wish(slow)).refusals[0].what


def test_the_newest_wish_is_planned_after_the_old_one_stopped(plan, qtbot):
    slow = Slow(np.linspace(0, 1, 60, dtype=np.float32).reshape(3, 4, 5))
    plan.wishes.append(wish(slow))
    plan.planner.request()
    qtbot.waitUntil(lambda: slow.reads > 0)
    plan.wishes.append(wish(np.zeros((2, 4, 5), np.int16)))
    plan.planner.request()
    qtbot.wait(400)
    assert not plan.outcomes
    slow.leave.set()
    qtbot.waitUntil(lambda: bool(plan.outcomes))
    assert len(plan.outcomes) == 1
    assert plan.outcomes[0].plan.instances == 2


def test_an_owner_that_goes_away_while_values_are_read_leaves_nothing(plan, qtbot):
    values = da.ones((6, 64, 64), chunks=(1, 64, 64), dtype=np.float32)
    slow = Slow(values)
    alive = weakref.ref(slow)
    plan.wishes.append(wish(slow))
    plan.planner.request()
    qtbot.waitUntil(lambda: slow.reads > 0)
    plan.owner.deleteLater()
    qtbot.wait(50)
    plan.planner.close()  # as a dock widget does, when it is gone
    slow.leave.set()
    assert wait_for_threads(qtbot)
    plan.wishes.clear()
    slow = None
    assert alive() is None


def test_it_tells_how_many_planes_were_read(plan, qtbot):
    values = da.from_array(np.linspace(0, 1, 6 * 64, dtype=np.float32).reshape(6, 8, 8), chunks=(1, 8, 8))
    slow = Slow(values)
    told = []
    plan.planner.progressed.connect(lambda *read: told.append(read))
    plan.wishes.append(wish(slow))
    plan.planner.request()
    qtbot.waitUntil(lambda: slow.reads > 0)
    slow.leave.set()
    qtbot.waitUntil(lambda: bool(plan.outcomes))
    done = []
    plan_export([(values, {"units": ("mm",) * 3}, "image")], progress=lambda *read: done.append(read))
    assert done[0] == (0, 6)
    assert done[-1] == (6, 6)
    assert done == sorted(done)
    assert all(0 < read <= total == 6 for read, total in told)


def test_a_series_that_joins_a_study_is_numbered_behind_those_at_the_target(plan, tmp_path):
    study = Study(instance_uid="2.25.77")
    layer = (np.zeros((2, 3, 4), "i2"), {"units": ("mm",) * 3}, "image")
    export([layer], tmp_path / "there", ExportOptions(study=study, series=Series(number=7)))
    outcome = plan(Wish([layer], ExportOptions(study=study), str(tmp_path / "new")))
    assert [series.number for series in outcome.plan.series] == [8]


def test_what_cannot_be_imported_is_told(plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "napari_dicom_writer.exporting", None)
    outcome = plan(wish(np.zeros((2, 3, 4), np.uint8)))
    assert outcome.plan is None
    (refusal,) = outcome.refusals
    assert "exporting" in refusal.what
