"""The inside of the dock widget "Export to DICOM…": see what will be written, then write it.

It knows no DICOM: it edits `ExportOptions`, shows the `ExportPlan`, and runs `export`.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.history import get_save_history
from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari import preferences
from napari_dicom_writer._napari.dock.checklist.layer_list import LayerChecklist
from napari_dicom_writer._napari.dock.checklist.layer_state import LayerWatch, is_image, layer_tuple
from napari_dicom_writer._napari.dock.foot.controls import Controls
from napari_dicom_writer._napari.dock.foot.target import TargetRow
from napari_dicom_writer._napari.dock.form.form import GROUPS, OptionsForm
from napari_dicom_writer._napari.dock.messages.preflight import Message, Preflight, plan_messages, refusal_message
from napari_dicom_writer._napari.dock.messages.report_actions import ReportActions
from napari_dicom_writer._napari.dock.messages.words import (
    becomes,
    left_out_messages,
    modality_messages,
    ready,
    report_messages,
)
from napari_dicom_writer._napari.dock.parts.column import ScrollColumn
from napari_dicom_writer._napari.dock.parts.focus import SHOW_FOCUS
from napari_dicom_writer._napari.dock.parts.fold import heading
from napari_dicom_writer._napari.dock.preview.placing import Places
from napari_dicom_writer._napari.dock.preview.preview_panel import PreviewPanel
from napari_dicom_writer._napari.dock.work import activity
from napari_dicom_writer._napari.dock.work.imports import Imports
from napari_dicom_writer._napari.dock.work.planning import Outcome, Planner, Wish
from napari_dicom_writer._napari.dock.work.running import ExportRun
from napari_dicom_writer._napari.spelling import in_preferences
from napari_dicom_writer.errors import ExportError, Fix, NoteKind, UnforeseenLossError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer
    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_dicom_writer._napari.dock.tags.tags import TagsDialog
    from napari_dicom_writer.errors import Refusal
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.report import ExportReport

_IDLE = 1000  # ms after opening, when nobody waits
_FOLDS = dict(zip(GROUPS, ("series", "identity", "pixels", "geometry", "output"), strict=True))  # title → preference


class ExportPanel(QWidget):
    """Everything in the dock widget.

    Parameters
    ----------
    viewer
        The viewer.
    parent
        The dock widget: while it is there, exports run.
    """

    def __init__(self, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewer = viewer
        self.plan: ExportPlan | None = None
        self.report: ExportReport | None = None
        self._source_modality = ""
        self._tags: TagsDialog | None = None
        self._kept = False  # whether a report, or why there is none, stays in sight
        self._asleep = self._missed = False
        self._make_parts(parent)
        self._lay_out()
        self._connect()
        self._layers_changed()

    # --- making -----------------------------------------------------------------------------------------------------

    def _make_parts(self, dock_widget: QWidget | None) -> None:
        state = preferences.dock_state()
        self._options, self._bad_preferences = preferences.valid_preferences()
        self._remembered = self._options
        self.checklist = LayerChecklist(self.viewer.layers, follow=state.get("follow_selection", True))
        self.preview = PreviewPanel()
        self.places = Places(self.viewer.layers, self.preview)
        self.form = OptionsForm(self._options, {title: state.get(name, False) for title, name in _FOLDS.items()})
        self.copy_button = QPushButton("Copy from DICOM…")
        self.copy_button.setToolTip("Take patient and study from a DICOM file, so that the result lands beside it")
        self.form.add_below("Patient and study", self.copy_button)
        self.preflight = Preflight()
        self.report_actions = ReportActions(self.viewer)
        history = [Path(folder) for folder in get_save_history() if Path(folder).is_dir()]
        self.target = TargetRow(history[0] if history else Path.home())
        self.controls = Controls(self.target)
        self.planner = Planner(self._make_wish, self)
        self.run = ExportRun(dock_widget)
        self.watch = LayerWatch(self.viewer.layers)
        self._imports = Imports(self)
        self._geometry_timer = QTimer(self)
        self._geometry_timer.setSingleShot(True)
        self._geometry_timer.setInterval(0)

    def _lay_out(self) -> None:
        self._preflight_heading = heading("Before writing")
        parts = [heading("Layers"), self.checklist, self.preview, self.form]
        parts += [self._preflight_heading, self.preflight, self.report_actions]
        self._scroll = ScrollColumn(parts)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(6, 6, 6, 6)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self.controls)
        self.setStyleSheet(SHOW_FOCUS)

    def _connect(self) -> None:
        self.checklist.changed.connect(self._layers_changed)
        self.checklist.follow_changed.connect(lambda on: preferences.remember_dock("follow_selection", value=on))
        self.watch.changed.connect(self._layer_edited)
        self.watch.values_changed.connect(self._values_changed)
        self.preview.chosen.connect(self._refresh_geometry)
        self.form.changed.connect(self._edited)
        self.form.folded.connect(lambda title, is_open: preferences.remember_dock(_FOLDS[title], value=is_open))
        self.copy_button.clicked.connect(self._copy_from_dicom)
        self.preflight.fix_wanted.connect(self.apply)
        self.target.changed.connect(self._edited)
        self.planner.started.connect(self._planning)
        self.planner.planned.connect(self._planned)
        self._geometry_timer.timeout.connect(self._refresh_geometry)
        self._imports.done.connect(self._refresh_geometry)
        self.controls.status_clicked.connect(self._show_details)
        self.controls.tags_button.clicked.connect(self._show_tags)
        self.controls.export_button.clicked.connect(self.export)
        self.controls.cancel_button.clicked.connect(self._cancel)
        self.run.staged.connect(self._staged)
        self.run.progressed.connect(self.controls.show_progress)
        self.run.finished.connect(self._finished)
        self.run.failed.connect(self._failed)
        self.run.cancelled.connect(self._cancelled)
        idle = QTimer(self)
        idle.setSingleShot(True)
        idle.timeout.connect(activity.prepare)
        idle.start(_IDLE)
        # A method: Qt calls a function even while Python's garbage collector is taking it apart, and crashes.
        self._closing = _Closing(self.planner, self.watch, self.checklist)
        self.destroyed.connect(self._closing.close)

    # --- what the user does ------------------------------------------------------------------------------------------

    def apply(self, fix: Fix) -> None:
        """Set the option that a message names, or lead the user to its field."""
        if fix.value is None:
            field = self.form.reveal(fix.option)
            QTimer.singleShot(0, partial(self._scroll.ensureWidgetVisible, field))
        else:
            self.form.field(fix.option).value = fix.value

    def export(self) -> None:
        """Write the checked layers; layers and options are taken as they are now."""
        wish = self._make_wish()
        if wish is None or self.plan is None:
            return
        self.planner.pause()
        self.report = None
        self._set_running(running=True)
        self._staged("starting")
        self.run.start(wish.layers, wish.path, wish.options, size=self.plan.bytes, agreed=self.plan)

    def _cancel(self) -> None:
        self.controls.cancel_button.setEnabled(False)
        self.run.cancel()

    def _copy_from_dicom(self) -> None:
        from napari_dicom_writer._napari.dock.reference.copy_dialog import CopyDialog

        if copied := CopyDialog.choose(self):
            self._source_modality = copied.modality
            self.form.show_group("patient", copied.patient)
            self.form.show_group("study", copied.study)

    def _show_tags(self) -> None:
        from napari_dicom_writer._napari.dock.tags.tags import TagsDialog

        if self.plan is None:
            return
        if self._tags is None:
            self._tags = TagsDialog(self)
        self._tags.show_plan(self.plan)
        self._tags.show()
        self._tags.raise_()

    def _show_details(self) -> None:
        self._scroll.ensureWidgetVisible(self.report_actions if self.report else self.preflight)

    # --- what follows from it ----------------------------------------------------------------------------------------

    def _layers_changed(self) -> None:
        self.preview.offer([layer for layer in self.viewer.layers if is_image(layer)], self.checklist.checked)
        self._edited()

    def _layer_edited(self, layer: Layer) -> None:
        self.places.forget(layer)
        self._edited()

    def _values_changed(self, layer: Layer) -> None:
        self.planner.forget_values()
        self.preview.preview.clear()
        self._layer_edited(layer)

    def _edited(self) -> None:
        """Anything changed: what is shown is no longer true."""
        if self.run.running:
            self._missed = True
            return
        self._kept, self.report = False, None
        self.report_actions.show_report(None)
        self._plan_anew()

    def _plan_anew(self) -> None:
        self.controls.export_button.setEnabled(False)
        if self._asleep:
            self._missed = True
            return
        self._geometry_timer.start()
        if checked := self.checklist.checked:
            self.target.propose_name(checked[0].name)
        self.planner.request()

    def _make_wish(self) -> Wish | None:
        """Take layers, options and path as they are now; None, and why, where they make no export."""
        try:
            self._options = self.form.options()
        except ExportError as error:
            self._planned(Outcome(None, error.refusals))
            return None
        preferences.remember(self._options, self._remembered)
        self._remembered = self._options
        checked = self.checklist.checked
        if not checked:
            self._planned(Outcome(None, ()))
            return None
        return Wish([layer_tuple(layer) for layer in checked], self._options, self.target.path)

    def _refresh_geometry(self) -> None:
        if not self._imports.are_done:
            return
        with suppress(ExportError):
            self._options = self.form.options()
        self.checklist.show_refused(self.places.refresh(self._options))

    def _planning(self) -> None:
        if not self._kept:
            self.controls.show_status(NoteKind.INFO, "Checking…")

    def _planned(self, outcome: Outcome) -> None:
        """Take a plan; what it says is shown, unless a report is: that stays until something is edited."""
        self._take_plan(outcome)
        if not self._kept or (outcome.refusals and self.report is None):
            self._show_outcome(outcome)

    def _take_plan(self, outcome: Outcome) -> None:
        plan = outcome.plan
        self.plan = None if outcome.refusals else plan
        self.target.show_space(outcome.free, plan.bytes if plan else None)
        told = {layer: becomes(plan, i) for i, layer in enumerate(self.checklist.checked)} if plan else {}
        self.checklist.show_told(told)
        self.controls.export_button.setEnabled(self.plan is not None)
        self.controls.tags_button.setEnabled(self.plan is not None)
        count = len(plan.series) if plan else 1
        self.controls.export_button.setText(f"Export {count} series" if count > 1 else "Export")
        if self._tags and self._tags.isVisible():
            self._tags.show_plan(self.plan)

    def _show_outcome(self, outcome: Outcome) -> None:
        self._show_refusals("Before writing", outcome.refusals, [*self._own_messages(), *plan_messages(outcome.plan)])
        if outcome.plan and not outcome.refusals:
            self.controls.show_status(*ready(outcome.plan, len(self.checklist.left_out)))
        elif not outcome.refusals:
            self.controls.show_status(NoteKind.INFO, "Check or select an image layer to export")

    def _show_refusals(self, heading: str, refusals: Sequence[Refusal], others: Sequence[Message] = ()) -> None:
        several = len(self.checklist.checked) > 1
        messages = [refusal_message(refusal, several=several) for refusal in refusals]
        self._preflight_heading.setText(heading)
        self.preflight.show_messages([*messages, *others])
        if messages:
            more = f" (and {len(messages) - 1} more)" if len(messages) > 1 else ""
            self.controls.show_status("refused", f"Refused{more}: {messages[0].text}")

    def _own_messages(self) -> list[Message]:
        """Say which preferences and layers are left out, and offer the modality of the patient's file."""
        bad = [
            Message(NoteKind.ASSUMED, f"Not used: {refusal.spelled(in_preferences)}")
            for refusal in self._bad_preferences
        ]
        bad += left_out_messages(self.checklist.left_out)
        return bad + modality_messages(self._source_modality, self._options.modality)

    # --- in sight or not ---------------------------------------------------------------------------------------------

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Rest while nobody looks: planning may mean to read a hundred gigabytes."""
        super().hideEvent(event)
        if event is not None and not event.spontaneous():  # or else the window is minimized
            self._asleep, self._missed = True, self._missed or self.planner.busy
            self.planner.pause()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make up for what was missed."""
        super().showEvent(event)
        self._asleep = False
        self._make_up()

    def changeEvent(self, event: QEvent | None) -> None:
        """Look again when the user comes back, perhaps from a file manager: what was in the way may be gone."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._missed = self._missed or (self.plan is None and not self.planner.busy)
            self._make_up()

    def _make_up(self) -> None:
        if self._missed and not self.run.running:
            self._missed = False
            self._plan_anew()

    # --- while and after it runs -------------------------------------------------------------------------------------

    def _set_running(self, *, running: bool) -> None:
        for part in (self.checklist, self.form, self.target, self.preflight):
            part.setEnabled(not running)
        self.controls.show_running(running=running)

    def _staged(self, stage: str) -> None:
        self.controls.show_status(NoteKind.INFO, f"Exporting: {stage}")

    def _finished(self, report: ExportReport) -> None:
        self._set_running(running=False)
        self.form.field("overwrite").value = False  # asked for anew each time
        self._kept, self.report = True, report
        self._preflight_heading.setText("Report")
        self.preflight.show_messages(report_messages(report))
        self.report_actions.show_report(report)
        self.controls.show_status("done", f"Wrote {report.path}")
        self.target.advance()
        self._plan_anew()
        QTimer.singleShot(0, self._show_details)

    def _failed(self, error: ExportError) -> None:
        """Say why; it can be tried again, for the reason may be gone, with the layers as they are now."""
        self._set_running(running=False)
        self._show_refusals("Not written", error.refusals)
        self._kept = True
        self._missed = self._missed or isinstance(error, UnforeseenLossError)
        self.planner.forget_values()  # they may have been changed in place
        self._make_up()

    def _cancelled(self) -> None:
        self._set_running(running=False)
        self._edited()
        self.controls.show_status(NoteKind.INFO, "Cancelled, nothing was written")


class _Closing:
    """What is left to do when the panel is gone."""

    def __init__(self, planner: Planner, watch: LayerWatch, checklist: LayerChecklist) -> None:
        self._planner, self._watch, self._checklist = planner, watch, checklist

    def close(self) -> None:
        """Stop planning, and listening to the viewer."""
        self._planner.close()
        self._watch.close()
        self._checklist.disconnect_layers()
