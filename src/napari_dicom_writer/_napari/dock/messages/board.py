"""What stands against the export, what it assumes and loses, and what came of it: in sight as long as it is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.messages.preflight import Message, Preflight, plan_messages, refusal_message
from napari_dicom_writer._napari.dock.messages.report_actions import ReportActions
from napari_dicom_writer._napari.dock.messages.words import ready, report_messages
from napari_dicom_writer._napari.dock.parts.fold import heading
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.errors import NoteKind
from napari_dicom_writer.plan.sent import Resend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.viewer import Viewer

    from napari_dicom_writer._napari.dock.work.planning import Outcome
    from napari_dicom_writer.errors import ExportCancelled, Refusal
    from napari_dicom_writer.plan.report import ExportReport


class Board(QWidget):
    """Shows plans, refusals, and the end of an export.

    An end (a report, a failure, that it was cancelled) stays until something is edited. A plan that is made meanwhile
    is not shown, unless it is refused and there is no report.

    Attributes
    ----------
    fix_wanted : Signal(object)
        With the `Fix` whose button was clicked.
    said : Signal(str, str)
        Kind and text of a line that sums it up.
    """

    fix_wanted = Signal(object)
    said = Signal(str, str)

    def __init__(self, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ended = False
        self._heading = heading("Before writing")
        self.preflight = Preflight()
        self.preflight.fix_wanted.connect(self.fix_wanted)
        self.report_actions = ReportActions(viewer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for part in (self._heading, self.preflight, self.report_actions):
            column.addWidget(part)

    @property
    def report(self) -> ExportReport | None:
        """The report in sight."""
        return self.report_actions.report

    def forget(self) -> None:
        """Something was edited: what is in sight is no longer true."""
        self._ended = False
        self.report_actions.show_report(None)

    def show_planning(self, done: int = 0, total: int = 0) -> None:
        """Say that a plan is being made, and how many of its planes were read."""
        if not self._ended:
            read = f" {done:,} of {total:,} planes read" if done else ""
            self.said.emit(NoteKind.INFO, f"Checking…{read}")

    def show_outcome(self, outcome: Outcome, own: Sequence[Message], *, left_out: int, several: bool) -> None:
        """Show a plan, or why there is none; `own` messages come before those of the plan."""
        if self._ended and (self.report is not None or not outcome.refusals):
            return
        replaced = [Message(NoteKind.LOST, f"Will be replaced: {outcome.replaces}")] if outcome.replaces else []
        others = [*own, *replaced, *plan_messages(outcome.plan)]
        self._show_refusals("Before writing", outcome.refusals, others, several=several)
        if outcome.plan and not outcome.refusals:
            self.said.emit(*ready(outcome.plan, left_out))

    def show_nothing(self, why: str, own: Sequence[Message]) -> None:
        """Say why there is nothing to plan."""
        if not self._ended:
            self._show_refusals("Before writing", (), own, several=False)
            self.said.emit(NoteKind.INFO, why)

    def show_report(self, report: ExportReport) -> None:
        """Show what was written."""
        self._ended = True
        self._heading.setText("Report")
        self.preflight.show_messages(report_messages(report))
        self.report_actions.show_report(report)
        self.said.emit("done", f"Sent to {report.place}" if report.sent else f"Wrote {report.path}")

    def show_failure(self, refusals: Sequence[Refusal], *, several: bool) -> None:
        """Show why nothing was written, or not all of it has arrived."""
        self._ended = True
        waits = any(isinstance(refusal.fix, Resend) for refusal in refusals)
        self._show_refusals("Not all sent" if waits else "Not written", refusals, (), several=several)

    def show_cancelled(self, error: ExportCancelled) -> None:
        """Say that nothing was written, or what waits to be sent, as the user wished."""
        self._ended = True
        if isinstance(error.refusals[0].fix, Resend):
            self.show_failure(error.refusals, several=False)
        else:
            self.said.emit(NoteKind.INFO, "Cancelled, nothing was written")

    def _show_refusals(
        self, heading: str, refusals: Sequence[Refusal], others: Sequence[Message], *, several: bool
    ) -> None:
        messages = [refusal_message(refusal, several=several) for refusal in refusals]
        self._heading.setText(heading)
        self.preflight.show_messages([*messages, *others])
        if messages:
            more = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
            first = refusals[0].spelled(in_form)
            place = f" ({first.where})" if several and first.where.startswith("layer") else ""
            self.said.emit("refused", f"{first.what}{place}{more}")
