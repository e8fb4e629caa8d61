"""What can be done with an export that is done: open its folder, look at it in napari, copy the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, QUrl
from qtpy.QtGui import QDesktopServices, QGuiApplication
from qtpy.QtWidgets import QBoxLayout, QPushButton, QWidget

from napari_dicom_writer._napari.spelling import in_form

if TYPE_CHECKING:
    from napari.viewer import Viewer
    from qtpy.QtGui import QResizeEvent

    from napari_dicom_writer.plan.report import ExportReport

_ACROSS = QBoxLayout.Direction.LeftToRight


class ReportActions(QWidget):
    """Three buttons below a report; hidden while there is none."""

    def __init__(self, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._report: ExportReport | None = None
        self._row = QBoxLayout(_ACROSS, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._buttons: list[QPushButton] = []
        for text, tooltip, action in (
            ("Open folder", "Show the files in the file manager", self._open_folder),
            ("Show in napari", "Load what was written into this viewer, to compare it with the layer", self._show),
            ("Copy report", "Copy the report as text", self._copy),
        ):
            button = QPushButton(text)
            button.setToolTip(tooltip)
            button.clicked.connect(action)
            self._row.addWidget(button)
            self._buttons.append(button)
        self._show_button = self._buttons[1]
        self.hide()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put them side by side where there is room."""
        super().resizeEvent(event)
        needed = sum(button.sizeHint().width() + self._row.spacing() for button in self._buttons)
        self._row.setDirection(_ACROSS if needed <= self.width() else QBoxLayout.Direction.TopToBottom)

    def minimumSizeHint(self) -> QSize:
        """As wide as one of them: they can stand below each other."""
        return QSize(max(b.sizeHint().width() for b in self._buttons), self._row.totalMinimumSize().height())

    @property
    def report(self) -> ExportReport | None:
        """The report they are for."""
        return self._report

    def show_report(self, report: ExportReport | None) -> None:
        """Offer what can be done with a report; nothing without one."""
        self._report = report
        self._show_button.setVisible(report is not None and report.path.suffix.lower() != ".zip")
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
