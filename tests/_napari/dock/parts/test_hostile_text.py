"""Names of layers are anything: they are shown as they are, and disturb nothing."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import LayerList
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QLabel, QListWidget, QWidget

from napari_dicom_writer._napari.dock.checklist.layer_list import LayerChecklist
from napari_dicom_writer._napari.dock.messages.preflight import Message, Preflight
from napari_dicom_writer._napari.dock.parts.fold import ElidedLabel
from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.plain import wrapping
from napari_dicom_writer.errors import Fix, NoteKind

MARKUP = "<b>bold</b><img src='x'>"
TURNED = "a\N{RIGHT-TO-LEFT OVERRIDE}b"
BACKGROUNDS = {"dark": "#262930", "light": "#efebe9"}  # of napari's themes


def checklist(qtbot, *names: str) -> tuple[LayerChecklist, QListWidget]:
    layers = LayerList([Image(np.zeros((2, 3, 4), np.uint8), name=name) for name in names])
    widget = LayerChecklist(layers)
    qtbot.addWidget(widget)
    widget.resize(300, 300)
    widget.show()
    return widget, widget.findChild(QListWidget)


def escaped(tooltip: str) -> bool:
    return "&lt;b&gt;" in tooltip and MARKUP not in tooltip


def test_what_looks_like_mark_up_is_none_in_tooltips(qtbot):
    _, rows = checklist(qtbot, MARKUP)
    assert MARKUP in rows.item(0).text()
    assert escaped(rows.item(0).toolTip())
    line = ElidedLabel()
    qtbot.addWidget(line)
    line.set_whole(MARKUP)
    assert escaped(line.toolTip())
    preflight = Preflight()
    qtbot.addWidget(preflight)
    preflight.show_messages([Message("refused", MARKUP, MARKUP, Fix("nan", 0, "Fill"))])
    hints = [w.toolTip() for w in preflight.findChildren(QWidget) if "bold" in w.toolTip()]
    assert len(hints) == 2
    assert all(map(escaped, hints))


def test_marks_of_direction_turn_no_words_around(qtbot):
    _, rows = checklist(qtbot, TURNED)
    assert rows.item(0).text().startswith("ab\nimage")
    preflight = Preflight()
    qtbot.addWidget(preflight)
    preflight.show_messages([Message("refused", f"layer '{TURNED}': it is sheared")])
    assert "layer 'ab': it is sheared" in [label.text() for label in preflight.findChildren(QLabel)]


def test_a_long_name_with_line_breaks_takes_one_line(qtbot):
    _, rows = checklist(qtbot, "\n".join("x" * 300 for _ in range(5)))
    name, *others = rows.item(0).text().splitlines()
    assert len(name) < 130
    assert len(others) == 1


@pytest.mark.parametrize("path", ["/home/somebody/" + "y" * 60, "C:\\" + "y" * 60])
def test_paths_stay_as_they_are_for_they_are_copied(path):
    assert wrapping(f"Wrote to {path}") == f"Wrote to {path}"


def test_the_list_stays_where_the_user_scrolled_it(qtbot):
    widget, rows = checklist(qtbot, *map(str, range(40)))
    rows.item(0).setCheckState(Qt.CheckState.Checked)
    rows.scrollToBottom()
    place = rows.verticalScrollBar().value()
    assert place > 0
    rows.item(38).setCheckState(Qt.CheckState.Checked)
    widget.show_told({})
    widget.show_refused({})
    assert rows.verticalScrollBar().value() == place


@pytest.mark.parametrize("background", BACKGROUNDS.values(), ids=BACKGROUNDS)
@pytest.mark.parametrize("kind", ["refused", "done", NoteKind.LOST, NoteKind.ASSUMED])
def test_messages_are_legible_on_every_theme(qtbot, background, kind):
    window = QWidget()
    qtbot.addWidget(window)
    label = InkLabel("text", window)
    label.set_kind(kind)
    for color in [*BACKGROUNDS.values(), background]:  # the theme is switched
        window.setStyleSheet(f"QWidget {{ background-color: {color}; }}")
        window.show()
    ink = label.palette().color(QPalette.ColorRole.WindowText)
    assert contrast(ink, QColor(background)) >= 4.5


def contrast(one: QColor, other: QColor) -> float:
    """Of WCAG 2.1."""

    def luminance(color: QColor) -> float:
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3]]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
