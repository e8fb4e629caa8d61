"""An export as the dock widget shows it: begun, under way, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.closing import tell_cancelled
from napari_dicom_writer._napari.dock.parts.later import soon
from napari_dicom_writer._napari.dock.work.running import ExportRun

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_dicom_writer._napari.dock.body import PanelBody
    from napari_dicom_writer._napari.dock.work.planning import Wish
    from napari_dicom_writer.errors import ExportCancelled, ExportError
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.report import ExportReport
    from napari_dicom_writer.plan.sent import Unsent


class Exporter(QObject):
    """Runs exports, one at a time, and shows them.

    Parameters
    ----------
    body
        Where they are shown.
    parent
        The dock widget: while it is there, exports run.

    Attributes
    ----------
    run : ExportRun
    ended : Signal(object)
        (ExportReport or ExportError): how one ended, after it was shown.
    """

    ended = Signal(object)

    def __init__(self, body: PanelBody, parent: QWidget | None) -> None:
        super().__init__(body)
        self._body, self._several = body, False
        self.run = ExportRun(parent)
        self.run.staged.connect(body.show_stage)
        self.run.progressed.connect(body.controls.show_progress)
        self.run.sent.connect(body.controls.show_sent)
        self.run.finished.connect(self._finished)
        self.run.failed.connect(self._failed)
        self.run.cancelled.connect(self._cancelled)

    def start(self, wish: Wish, plan: ExportPlan) -> None:
        """Write what was planned."""
        self._begin()
        self._several = len(wish.layers) > 1
        self.run.start(wish.layers, wish.path, wish.options, size=plan.bytes, agreed=plan, to=wish.to)

    def resend(self, unsent: Unsent) -> None:
        """Send what has not arrived."""
        self._begin()
        self.run.resend(unsent)

    def cancel(self) -> None:
        """Stop soon, once."""
        self._body.controls.cancel_button.setEnabled(False)
        self.run.cancel()

    def _begin(self) -> None:
        self._body.board.forget()
        self._body.show_running(running=True)
        self._body.show_stage("starting")

    def _finished(self, report: ExportReport) -> None:
        body = self._body
        body.show_running(running=False)
        body.form.field("overwrite").value = False  # asked for anew each time
        body.board.show_report(report)
        body.target.advance()
        self.ended.emit(report)
        soon(body, body.show_details)

    def _failed(self, error: ExportError) -> None:
        self._body.show_running(running=False)
        self._body.board.show_failure(error.refusals, several=self._several)
        self.ended.emit(error)

    def _cancelled(self, error: ExportCancelled) -> None:
        self._body.show_running(running=False)
        self._body.board.show_cancelled(error)
        if not self._body.isVisible():  # closed, and napari deletes it late
            tell_cancelled(error)
        self.ended.emit(error)
