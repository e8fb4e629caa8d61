"""What can be done with an export that is done: open its folder, look at it in napari, copy the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QUrl
from qtpy.QtGui import QDesktopServices, QGuiApplication
from qtpy.QtWidgets import QPushButton, QWidget

from napari_dicom_writer._napari.dock.parts.button_row import ButtonRow
from napari_dicom_writer._napari.spelling import in_form

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dicom_writer.plan.report import ExportReport


class ReportActions(ButtonRow):
    """Three buttons below a report; hidden while there is none."""

    def __init__(self, viewer: Viewer, parent: QWidget | None = None) -> None:
        actions = (
            ("Open folder", "Show the files in the file manager", self._open_folder),
            ("Show in napari", "Load what was written into this viewer, to compare it with the layer", self._show),
            ("Copy report", "Copy the report as text", self._copy),
        )
        buttons = [QPushButton(text) for text, _, _ in actions]
        super().__init__(buttons, parent)
        for button, (_, tooltip, action) in zip(buttons, actions, strict=True):
            button.setToolTip(tooltip)
            button.clicked.connect(action)
        self._viewer = viewer
        self._report: ExportReport | None = None
        self._folder_button, self._show_button = buttons[:2]
        self.hide()

    @property
    def report(self) -> ExportReport | None:
        """The report they are for."""
        return self._report

    def show_report(self, report: ExportReport | None) -> None:
        """Offer what can be done with a report; nothing without one."""
        self._report = report
        here = report is not None and report.sent is None
        self._folder_button.setVisible(here)
        self._show_button.setVisible(here and report is not None and report.path.suffix.lower() != ".zip")
        self.setVisible(report is not None)

    def _open_folder(self) -> None:
        if self._report:
            path = self._report.path
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path if path.is_dir() else path.parent)))

    def _show(self) -> None:
        from napari_dicom_writer._napari.dock.work.load_back import show_in_viewer

        if self._report:
            show_in_viewer(self._viewer, self._report.path, self)

    def _copy(self) -> None:
        if self._report and (clipboard := QGuiApplication.clipboard()):
            clipboard.setText(self._report.told(in_form))
