"""The one question before anything leaves this machine: who, what, how much, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from napari_dicom_writer._napari.dock.parts.plain import wrapping
from napari_dicom_writer.destinations.network.peers import whom
from napari_dicom_writer.plan.wording import leaving

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_dicom_writer.plan.plan import ExportPlan


def may_send(parent: QWidget, plan: ExportPlan, name: str) -> bool:
    """Ask whether an export may go to a peer; no answer is no.

    Parameters
    ----------
    parent
        Whose window asks.
    plan
        What will be sent.
    name
        The peer's, or its address.
    """
    question = QMessageBox(QMessageBox.Icon.Question, "Send to a peer", f"Send this to {name}?")
    question.setParent(parent, question.windowFlags())
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setInformativeText("\n".join(wrapping(line) for line in [*leaving(plan), f"To: {whom(name)}"]))
    send = question.addButton("Send", QMessageBox.ButtonRole.AcceptRole)
    question.setDefaultButton(question.addButton("Do not send", QMessageBox.ButtonRole.RejectRole))
    question.exec()
    agreed = question.clickedButton() is send
    question.deleteLater()
    return agreed
