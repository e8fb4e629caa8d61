"""The dock widget that the manifest names. What it holds is imported when it is opened, and quickly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.work.collecting import short_collections

if TYPE_CHECKING:
    from napari.viewer import Viewer


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
        # What is imported for it would else set off a whole collection, here or while it is drawn (measured: 160 ms).
        with short_collections():
            from napari_dicom_writer._napari.dock.panel import ExportPanel

            self.panel = ExportPanel(napari_viewer, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.panel)
        self.setMinimumWidth(280)
        # Otherwise napari puts an empty stretch below, and gives it half the dock.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
