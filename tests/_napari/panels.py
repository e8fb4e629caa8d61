"""The dock widget in tests: how it is clicked, and what it says."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QPushButton, QWidget


def add_scan(viewer, seed: int, shape: tuple[int, int, int]):
    """Add an image of an anisotropic scan."""
    return viewer.add_image(
        np.random.default_rng(seed).integers(-1000, 2000, shape, dtype=np.int16),
        name="scan",
        scale=(2.5, 0.7, 0.8),
        translate=(10, -20, 30),
        units=("mm", "mm", "mm"),
    )


def activate(qtbot, dialog: QWidget) -> None:
    """Show a dialog and give it the focus; asked again, as a window that is just closing may take it back."""
    dialog.show()

    def active() -> bool:
        dialog.activateWindow()
        return dialog.isActiveWindow()

    qtbot.waitUntil(active)


def focus(qtbot, editor: QWidget) -> None:
    """Give an editor the keyboard; again before each look at what is shown only there, as it may be lost in between."""

    def focused() -> bool:
        make_active(editor.window())
        editor.setFocus()
        return editor.hasFocus()

    qtbot.waitUntil(focused)


def wait_for(qtbot, until) -> None:
    """Wait until something holds, however busy the machine is."""
    qtbot.waitUntil(until)


def make_active(window: QWidget) -> None:
    """Make a window the one that has the focus, for Qt alone: other programs on the screen cannot take it back."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of PySide6
        QApplication.setActiveWindow(window)


def settle(qtbot, panel) -> None:
    """Wait until what was changed last is planned, or nothing is there to be."""
    panel.planner.request()
    qtbot.waitUntil(lambda: not panel.planner.busy)


def settle_nothing(qtbot, panel) -> None:
    qtbot.waitUntil(lambda: "Check or select" in panel.controls.status)


def unfold(panel) -> None:
    """Unfold every group of the form."""
    for folds in (panel.form._folds.values(), *panel.form._inner.values()):
        for fold in folds:
            fold.open()


def texts(panel) -> str:
    return "\n".join(message.text for message in panel.board.preflight.messages)


def click(qtbot, button: QWidget) -> None:
    assert button.isEnabled(), button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def fix_button(panel, label: str) -> QPushButton:
    return next(b for b in panel.board.preflight.findChildren(QPushButton) if b.text() == label and not b.isHidden())


def export(qtbot, panel):
    with qtbot.waitSignal(panel.run.finished):
        click(qtbot, panel.controls.export_button)
    return panel.report


def read(folder: Path) -> list[pydicom.FileDataset]:
    return sorted(map(pydicom.dcmread, folder.rglob("*.dcm")), key=lambda d: d.InstanceNumber)


def assert_is_the_scan(folder: Path, layer) -> None:
    datasets = read(folder)
    assert [float(v) for v in datasets[0].ImagePositionPatient] == [30, -20, 10]
    assert [float(v) for v in datasets[0].PixelSpacing] == [0.7, 0.8]
    np.testing.assert_array_equal(np.stack([d.pixel_array for d in datasets]), layer.data)
