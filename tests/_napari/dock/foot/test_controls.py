"""What is always in sight."""

from __future__ import annotations

import pytest

from napari_dicom_writer._napari.dock.foot.controls import Controls
from napari_dicom_writer._napari.dock.foot.target import TargetRow

LONG = "The plane and row axes are 5.71° off a right angle, which DICOM planes cannot hold (and 2 more)"


@pytest.fixture
def controls(qtbot, tmp_path) -> Controls:
    controls = Controls(TargetRow(tmp_path))
    qtbot.addWidget(controls)
    controls.resize(330, 200)
    controls.show()
    return controls


def test_the_whole_reason_is_in_sight_in_a_narrow_dock(controls):
    controls.show_status("refused", LONG)
    label = controls._status._label
    assert label.text() == LONG
    assert label.height() >= label.heightForWidth(label.width())


def test_a_short_word_takes_no_other_room_than_two_lines(controls):
    controls.show_status("done", "Ready")
    one = controls._status._label.height()
    controls.show_status("info", "Checking… 120 of 4,000 planes read, and so on")
    assert controls._status._label.height() == one


def test_a_word_without_end_is_cut(controls):
    controls.show_status("refused", "x" * 5000)
    assert controls._status._label.height() < 200
