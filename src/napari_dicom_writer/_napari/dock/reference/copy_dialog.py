"""What a DICOM file says of its patient and study, seen before it goes into the form: “Copy from DICOM…”."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.messages.preflight import Message, Preflight
from napari_dicom_writer._napari.dock.parts.choose_file import choose_file
from napari_dicom_writer._napari.dock.parts.focus import SHOW_FOCUS
from napari_dicom_writer._napari.dock.parts.fold import ElidedLabel
from napari_dicom_writer._napari.dock.reference.reference_panel import ReferencePanel
from napari_dicom_writer._napari.dock.work.background import Background, Leaving
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.identity.inherit import read_reference

if TYPE_CHECKING:
    from pathlib import Path

    from qtpy.QtWidgets import QPushButton

    from napari_dicom_writer.identity.inherit import Reference
    from napari_dicom_writer.options.groups import Patient, Study

_TITLE = "Copy from DICOM"


@dataclass(frozen=True, slots=True)
class Copied:
    """What goes into the form.

    Attributes
    ----------
    patient : Patient
    study : Study
        Without the UIDs that were not wanted.
    modality : str
        What made the images of the file; empty if it is not known. A caller may offer it: nothing of it is in
        the two above.
    reference : Path or None
        The file, where the layers belong to its series.
    """

    patient: Patient
    study: Study
    modality: str
    reference: Path | None = None


class CopyDialog(QDialog):
    """Shows what would be taken from a DICOM file, and what not. Nothing of it is stored or logged.

    Parameters
    ----------
    path
        The file; it is read in a thread.

    Attributes
    ----------
    copied : Copied or None
        After it was accepted.
    """

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(_TITLE)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.copied: Copied | None = None
        self._path = path
        self._reference: Reference | None = None
        self._reader = Background("dicom-reference", Leaving.AT_ONCE, self)
        self._reader.ended.connect(self._show_outcome)
        self._make_parts()
        self._lay_out()
        self.setStyleSheet(SHOW_FOCUS)
        self.resize(700, 580)
        self.read(path)

    @classmethod
    def choose(cls, parent: QWidget | None = None) -> Copied | None:
        """Let the user choose a file, see what would be taken, and decide; None if nothing is to be copied."""
        path = choose_file(parent, _TITLE)
        if path is None:
            return None
        dialog = cls(path, parent)
        try:
            dialog.exec()
            return dialog.copied
        finally:
            dialog.deleteLater()

    def _make_parts(self) -> None:
        self.file_label = ElidedLabel(Qt.TextElideMode.ElideMiddle)
        self.file_label.setStyleSheet("font-weight: bold;")
        self.panel = ReferencePanel()
        self.failure = Preflight()
        self.pages = QStackedWidget()
        self._reading_page = _at_top(QLabel("Reading…"), _busy())
        self._failure_page = _at_top(QLabel("Nothing can be copied from this file:"), self.failure)
        for page in (self._reading_page, self._failure_page, self.panel):
            self.pages.addWidget(page)
        self.buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        another = self.buttons.addButton("Choose another file…", roles.ResetRole)
        cancel = self.buttons.addButton("Cancel", roles.RejectRole)
        copy = self.buttons.addButton("Copy into the form", roles.AcceptRole)
        assert another is not None  # noqa: S101 - they were just made
        assert cancel is not None  # noqa: S101
        assert copy is not None  # noqa: S101
        self.another_button, self.cancel_button, self.copy_button = another, cancel, copy
        self.copy_button.setToolTip("Replaces patient and study of the form; they can be edited there")
        self.another_button.clicked.connect(self._choose_another)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.file_label)
        column.addWidget(self.pages, 1)
        column.addWidget(self.buttons)

    def read(self, path: Path) -> None:
        """Show another file."""
        self._path, self._reference = path, None
        self._name_file(path.name)
        self.pages.setCurrentWidget(self._reading_page)
        self.copy_button.setEnabled(False)
        self.cancel_button.setFocus()
        self._reader.abandon()
        self._reader.begin(lambda _stop_if_asked: read_reference(path))

    def _show_outcome(self, outcome: Reference | ExportError) -> None:
        if isinstance(outcome, ExportError):
            self.failure.show_messages(
                [Message("refused", f"{r.what}. {r.remedy}.") for r in outcome.spelled(in_form).refusals]
            )
            self.pages.setCurrentWidget(self._failure_page)
            self._suggest(self.another_button)
            return
        self._reference = outcome
        self._name_file(" · ".join(filter(None, (self._path.name, outcome.modality))))
        self.panel.show_reference(outcome)
        self.pages.setCurrentWidget(self.panel)
        self.copy_button.setEnabled(True)
        self._suggest(self.copy_button)

    def _name_file(self, text: str) -> None:
        self.file_label.set_whole(text)
        self.file_label.setToolTip(escape(str(self._path)))

    def _suggest(self, button: QPushButton) -> None:
        """Let Enter press it."""
        button.setDefault(True)
        button.setFocus()

    def _choose_another(self) -> None:
        path = choose_file(self, _TITLE, self._path.parent)
        if path is not None:
            self.read(path)

    def accept(self) -> None:
        """Copy, once there is something to copy."""
        if self._reference is None:
            return
        found, study = self._reference, self._reference.study
        if not self.panel.same_study:
            study = replace(study, instance_uid="")
        if not self.panel.same_space:
            study = replace(study, frame_of_reference_uid="")
        self.copied = Copied(found.patient, study, found.modality, self._path if self.panel.belongs else None)
        super().accept()

    def done(self, result: int) -> None:
        """Close, whether the file was read or not."""
        self._reader.abandon()
        super().done(result)


def _at_top(*widgets: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return page


def _busy() -> QProgressBar:
    bar = QProgressBar()
    bar.setRange(0, 0)
    return bar
