"""What is displayed: seen and edited in the dock, followed by the preview and the files."""

from __future__ import annotations

import numpy as np
import pytest

from _napari.panels import export, read, settle


@pytest.fixture
def open_displayed(viewer, open_panel):
    """Open the widget for a layer with display limits."""

    def opened():
        viewer.layers[0].contrast_limits = (-160, 240)
        return open_panel()

    return opened


def type_end(qtbot, panel, name: str, text: str) -> None:
    line = panel.editor.window_row.ends[name]
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text or "\b")


def test_it_shows_and_follows_the_layer(viewer, open_displayed, qtbot):
    panel = open_displayed()
    ends = panel.editor.window_row.ends
    assert (ends["low"].text(), ends["high"].text()) == ("-160", "240")
    viewer.layers[0].contrast_limits = (0, 80)
    qtbot.waitUntil(lambda: (ends["low"].text(), ends["high"].text()) == ("0", "80"))


def test_another_one_is_written_and_seen(viewer, open_displayed, qtbot, tmp_path):
    panel = open_displayed()
    preview = panel.preview.preview
    qtbot.waitUntil(lambda: bool(preview.pixels))
    before = preview.pixels[0].copy()
    type_end(qtbot, panel, "low", "-1000")
    type_end(qtbot, panel, "high", "1000")
    settle(qtbot, panel)
    assert not np.array_equal(preview.pixels[0], before)
    assert panel.editor.window_row._told.whole == "level 0, width 2000"
    export(qtbot, panel)
    header = read(tmp_path / "out")[0]
    assert (float(header.WindowCenter), float(header.WindowWidth)) == (0.5, 2001)
    assert list(viewer.layers[0].contrast_limits) == [-160, 240]


def test_what_is_no_range_is_refused(open_displayed, qtbot):
    panel = open_displayed()
    type_end(qtbot, panel, "low", "300")
    qtbot.waitUntil(lambda: "Displayed from 300 to 240 is no range" in panel.controls.status)
    type_end(qtbot, panel, "low", "abc")
    qtbot.waitUntil(lambda: "is 'abc', not a number" in panel.controls.status)
    type_end(qtbot, panel, "low", "")
    settle(qtbot, panel)
    assert panel.plan is not None
