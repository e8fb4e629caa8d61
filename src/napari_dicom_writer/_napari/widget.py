"""The dock widget that the manifest names. What it holds is imported when it is opened, and quickly."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from napari.viewer import Viewer

_OPENED = 1000  # ms after it was asked for


class ExportWidget(QWidget):
    """Export layers of a viewer as DICOM.

    Parameters
    ----------
    napari_viewer
        The viewer.

    Attributes
    ----------
    panel : ExportPanel
        Everything in it.
    """

    def __init__(self, napari_viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _collect_garbage_later()
        from napari_dicom_writer._napari.dock.panel import ExportPanel

        self.panel = ExportPanel(napari_viewer, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panel)
        self.setMinimumWidth(280)
        # Otherwise napari puts an empty stretch below, and gives it half the dock.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)


def _collect_garbage_later() -> None:
    """Collect no garbage until the widget is on the screen: what is imported for it sets off a whole collection.

    That takes 160 ms among napari's objects (measured), and finds nothing of ours.
    """
    if gc.isenabled():
        gc.disable()
        QTimer.singleShot(_OPENED, gc.enable)
