"""The parts of the dock widget "Export to DICOM…", where they lie, and which of them is in sight."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.history import get_save_history
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari import preferences
from napari_dicom_writer._napari.dock.axes.layer_editor import LayerEditor
from napari_dicom_writer._napari.dock.checklist.layer_list import LayerChecklist
from napari_dicom_writer._napari.dock.foot.controls import Controls
from napari_dicom_writer._napari.dock.foot.target import TargetRow
from napari_dicom_writer._napari.dock.form.form import OptionsForm
from napari_dicom_writer._napari.dock.form.members import GROUPS
from napari_dicom_writer._napari.dock.messages.board import Board
from napari_dicom_writer._napari.dock.own.own_editor import OwnEditor
from napari_dicom_writer._napari.dock.parts.column import ScrollColumn
from napari_dicom_writer._napari.dock.parts.focus import SHOW_FOCUS
from napari_dicom_writer._napari.dock.parts.fold import heading
from napari_dicom_writer._napari.dock.preview.preview_panel import PreviewPanel
from napari_dicom_writer.errors import NoteKind

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dicom_writer._napari.dock.tags.tags import TagsDialog
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.report import ExportReport

_FOLDS = dict(zip(GROUPS, ("series", "identity", "pixels", "geometry", "output"), strict=True))  # title → preference


class PanelBody(QWidget):
    """What is seen of the dock widget; `ExportPanel` says what follows from what.

    Parameters
    ----------
    viewer
        The viewer.
    options
        What the form shows first.
    parent
        The dock widget.
    """

    def __init__(self, viewer: Viewer, options: ExportOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        state = preferences.dock_state()
        self.checklist = LayerChecklist(viewer.layers, follow=state.get("follow_selection", True))
        self.preview = PreviewPanel()
        self.editor = LayerEditor()
        self.own = OwnEditor()
        self.form = OptionsForm(options, {title: state.get(name, False) for title, name in _FOLDS.items()})
        self.copy_button = QPushButton("Copy from DICOM…")
        self.copy_button.setToolTip("Take patient and study from a DICOM file, so that the result lands beside it")
        self.form.add_below("Patient and study", self.copy_button)
        self.board = Board(viewer)
        history = [Path(folder) for folder in get_save_history() if Path(folder).is_dir()]
        self.target = TargetRow(history[0] if history else Path.home())
        self.controls = Controls(self.target)
        self._tags: TagsDialog | None = None
        self._lay_out()
        self._remember_state()

    def _lay_out(self) -> None:
        layer = [heading("Layers"), self.checklist, self.preview, self.editor, self.own]
        parts = [*layer, heading("All layers"), self.form, self.board]
        self._scroll = ScrollColumn(parts)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 6)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self.controls)
        self.setStyleSheet(SHOW_FOCUS)

    def _remember_state(self) -> None:
        self.checklist.follow_changed.connect(lambda on: preferences.remember_dock("follow_selection", value=on))
        self.form.folded.connect(lambda title, is_open: preferences.remember_dock(_FOLDS[title], value=is_open))

    @property
    def report(self) -> ExportReport | None:
        """The report in sight."""
        return self.board.report

    def show_own(self, options: ExportOptions) -> None:
        """Show what the layer in the preview has for itself, beside the options of all layers."""
        self.own.show_layer(self.preview.layer, options)
        self.form.show_owned(self.own.owned(self.checklist.checked))

    def scroll_to(self, part: QWidget) -> None:
        """Bring a part in sight."""
        self._scroll.ensureWidgetVisible(part)

    def show_details(self) -> None:
        """Scroll to the report, or to what was found before writing."""
        self.scroll_to(self.board.report_actions if self.report else self.board.preflight)

    def show_running(self, *, running: bool) -> None:
        """Show that an export runs; meanwhile nothing can be edited."""
        for part in (self.checklist, self.editor, self.own, self.form, self.target, self.board.preflight):
            part.setEnabled(not running)
        self.controls.show_running(running=running)

    def show_stage(self, stage: str) -> None:
        """Say what an export is doing."""
        self.controls.show_status(NoteKind.INFO, f"Exporting: {stage}")

    def show_tags(self, plan: ExportPlan) -> None:
        """Open the window with the header of the first instance."""
        from napari_dicom_writer._napari.dock.tags.tags import TagsDialog

        if self._tags is None:
            self._tags = TagsDialog(self)
            self._tags.entry.changed.connect(self.form.take_attributes)
            self._tags.entry.changed.connect(lambda given: self.controls.show_given(len(given)))
        self._tags.show_plan(plan)
        self._tags.show()
        self._tags.raise_()

    def update_tags(self, plan: ExportPlan | None) -> None:
        """Show another plan in that window, if it is open."""
        if self._tags and self._tags.isVisible():
            self._tags.show_plan(plan)
