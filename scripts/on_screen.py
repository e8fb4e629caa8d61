"""What scripts share that show napari: settings of a fresh machine, a viewer, and patience."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

# Before napari is imported, which reads it then: away from the user's own.
_SETTINGS = tempfile.TemporaryDirectory(prefix="napari-settings-")
os.environ["NAPARI_CONFIG"] = str(Path(_SETTINGS.name) / "settings.yaml")

import napari  # noqa: E402
from qtpy.QtWidgets import QApplication  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 60.0  # seconds


def open_viewer(width: int, height: int, *, theme: str = "dark") -> napari.Viewer:
    """Open a viewer in the corner of the screen."""
    viewer = napari.Viewer()
    viewer.theme = theme
    viewer.window._qt_window.setGeometry(0, 0, width, height)
    return viewer


def wait(until: Callable[[], bool] = lambda: True, *, least: float = 0.0) -> None:
    """Let the viewer go on until something holds, some seconds at least."""
    start = time.monotonic()
    while not until() or time.monotonic() - start < least:
        QApplication.processEvents()
        time.sleep(0.005)
        if time.monotonic() - start > _PATIENCE:
            raise TimeoutError("What was to be seen did not come")
