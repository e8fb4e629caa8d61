"""The inside of the dock widget "Export to DICOM…": see what will be written, then write it.

It knows no DICOM: it edits `ExportOptions`, shows the `ExportPlan`, and runs `export`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari.layers import Image
from qtpy.QtCore import QEvent

from napari_dicom_writer._napari import preferences
from napari_dicom_writer._napari.dock.axes.height_row import z_in_sight
from napari_dicom_writer._napari.dock.body import PanelBody
from napari_dicom_writer._napari.dock.checklist.layer_state import LayerWatch, is_drawn, is_written
from napari_dicom_writer._napari.dock.closing import CloseGuard, Closing, losses
from napari_dicom_writer._napari.dock.exporter import Exporter
from napari_dicom_writer._napari.dock.messages.studies import study_messages
from napari_dicom_writer._napari.dock.messages.words import becomes, own_messages, why_nothing
from napari_dicom_writer._napari.dock.own.own_editor import told_layers
from napari_dicom_writer._napari.dock.parts.later import once
from napari_dicom_writer._napari.dock.preview.placing import Places
from napari_dicom_writer._napari.dock.remedies import Remedies
from napari_dicom_writer._napari.dock.work import activity
from napari_dicom_writer._napari.dock.work.imports import Imports
from napari_dicom_writer._napari.dock.work.planning import Outcome, Planner, Wish
from napari_dicom_writer.errors import ExportCancelled, ExportError, NoteKind, UnforeseenLossError
from napari_dicom_writer.plan.sent import Resend

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer
    from qtpy.QtGui import QHideEvent, QShowEvent
    from qtpy.QtWidgets import QWidget

    from napari_dicom_writer._napari.dock.messages.preflight import Message
    from napari_dicom_writer.errors import Fix
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.report import ExportReport

_IDLE = 1000  # ms after opening, when nobody waits


class ExportPanel(PanelBody):
    """Everything in the dock widget.

    Parameters
    ----------
    viewer
        The viewer.
    parent
        The dock widget: while it is there, exports run.
    """

    def __init__(self, viewer: Viewer, parent: QWidget | None = None) -> None:
        options, bad_preferences = preferences.valid_preferences()
        super().__init__(viewer, options, parent)
        self._options = self._remembered = options
        self._bad_preferences = bad_preferences
        self.viewer = viewer
        self.plan: ExportPlan | None = None
        self._identity = self.form.identity()
        self._source_modality = ""
        self._asleep = self._missed = False
        self._exported: list[Layer] = []  # what was checked when it was last looked at
        self._gone: list[Layer] = []  # what of that was removed from the viewer
        self._make_workers(parent)
        self._connect()
        self._take_layers()

    # --- making -----------------------------------------------------------------------------------------------------

    def _make_workers(self, dock_widget: QWidget | None) -> None:
        self.places = Places(self.viewer.layers, self.preview, self.editor.edits, self.own.over)
        self.planner = Planner(self._make_wish, self)
        self._remedies = Remedies(self, self.places)
        self._exporter = Exporter(self, dock_widget)
        self.run = self._exporter.run
        self.watch = LayerWatch(self.viewer.layers)
        self._imports = Imports(self)
        self._geometry_timer, self._layers_timer = once(self), once(self)
        self._closing = Closing(self.planner, self.watch, self.checklist)
        self._close_guard = CloseGuard(self, self.losses)

    def _connect(self) -> None:
        self.checklist.changed.connect(self._layers_timer.start)
        self.checklist.chosen.connect(self.preview.choose)
        self.watch.changed.connect(self.own.forget)
        self.watch.changed.connect(self._layer_edited)
        self.watch.values_changed.connect(self._values_changed)
        self.preview.chosen.connect(self._refresh_geometry)
        self.editor.edits.changed.connect(self._layer_edited)
        self.own.changed.connect(self._layer_edited)
        self.editor.height_row.wanted.connect(self._take_z_in_sight)
        self.form.changed.connect(self._edited)
        self.copy_button.clicked.connect(self._copy_from_dicom)
        self.board.fix_wanted.connect(self.apply)
        self.board.said.connect(self.controls.show_status)
        self.target.changed.connect(self._edited)
        self.planner.started.connect(self.board.show_planning)
        self.planner.progressed.connect(self.board.show_planning)
        self.planner.planned.connect(self._planned)
        self._geometry_timer.timeout.connect(self._refresh_geometry)
        self._layers_timer.timeout.connect(self._take_layers)
        self._imports.done.connect(self._refresh_geometry)
        self.controls.status_clicked.connect(self.show_details)
        self.controls.tags_button.clicked.connect(self._show_tags)
        self.controls.export_button.clicked.connect(self.export)
        self.controls.cancel_button.clicked.connect(self._exporter.cancel)
        self._exporter.ended.connect(self._ended)
        idle = once(self, _IDLE)
        idle.timeout.connect(activity.prepare)
        idle.start()
        # A method: Qt calls a function even while Python's garbage collector is taking it apart, and crashes.
        self.destroyed.connect(self._closing.close)

    # --- what the user does ------------------------------------------------------------------------------------------

    def apply(self, fix: Fix) -> None:
        """Do what the button of a message says."""
        if isinstance(fix, Resend):
            self.planner.pause()
            self._exporter.resend(fix.value)
        else:
            self._remedies.apply(fix)

    def _take_z_in_sight(self) -> None:
        z = z_in_sight(self.viewer, self._options)
        if z is None:
            self.controls.show_status(NoteKind.ASSUMED, "The viewer shows no plane of a volume")
        elif (layer := self.preview.layer) is not None:
            self.editor.edits.say(layer, "z", z)

    def export(self) -> None:
        """Write the checked layers; layers and options are taken as they are now."""
        wish = self._make_wish()
        plan = self.plan  # another one may come while the question is open
        if wish is None or plan is None or not self.target.may_leave(plan):
            return
        self.planner.pause()
        self._exporter.start(wish, plan)

    def losses(self) -> list[str]:
        """Say what would be lost if the widget were closed now."""
        typed = self.form.identity() != self._identity
        running, sending = self.run.running, self.target.remote
        return losses(running=running, sending=sending, typed=typed, said=self.own.is_new)

    def _copy_from_dicom(self) -> None:
        from napari_dicom_writer._napari.dock.reference.copy_dialog import CopyDialog

        if copied := CopyDialog.choose(self):
            self._source_modality = copied.modality
            self.form.show_group("patient", copied.patient)
            self.form.show_group("study", copied.study)
            if copied.reference:
                for name, value in (("reference", copied.reference), ("same_study", True), ("same_space", True)):
                    self.form.field(name).value = value
            self._identity = self.form.identity()  # not typed, and easily had again

    def _show_tags(self) -> None:
        if self.plan is not None:
            self.show_tags(self.plan)

    # --- what follows from it ----------------------------------------------------------------------------------------

    def _take_layers(self) -> None:
        """Take the layers that are checked now; a moment later, for adding and selecting one changes them twice."""
        checked = self.checklist.checked
        self.preview.offer([layer for layer in self.viewer.layers if is_written(layer)], checked)
        if checked == self._exported and self.plan is not None:
            self._geometry_timer.start()
            return
        self._gone = [layer for layer in self._exported if layer not in self.viewer.layers]
        self._exported = checked
        self._edited()

    def _layer_edited(self, layer: Layer) -> None:
        self.places.forget(layer)
        if layer in self._exported:
            self._edited()
        else:
            self._geometry_timer.start()

    def _values_changed(self, layer: Layer) -> None:
        if not is_drawn(layer):  # which has no values
            self.planner.forget_values()
            self.preview.forget_values(layer)
        self._layer_edited(layer)

    def _edited(self) -> None:
        """Anything changed: what is shown is no longer true."""
        if self.run.running:
            self._missed = True
            return
        self.board.forget()
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
            tuples = told_layers(self.checklist.checked, self.editor.edits, self.own, self._options)
        except ExportError as error:
            # What the layers become stays in sight: it would come and go, and move the form, while text is typed.
            self._planned(Outcome(None, error.refusals), of_layers=False)
            return None
        preferences.remember(self._options, self._remembered)
        self._remembered = self._options
        if not tuples:
            self._take_plan(Outcome(None, ()))
            self._lay_out_scene(None)
            self.board.show_nothing(why_nothing(self._gone), self._own_messages())
            return None
        return Wish(tuples, self._options, self.target.path, self.target.to)

    def _refresh_geometry(self) -> None:
        if not self._imports.are_done:
            return
        with suppress(ExportError):
            self._options = self.form.options()
        self.checklist.show_refused(self.places.refresh(self._options))
        written = [layer for layer in self.viewer.layers if is_written(layer)]
        self.checklist.show_chosen(layer := self.preview.layer)
        self.editor.show_layer(layer, self.own.over(layer, self._options) if layer else self._options, written)
        self.show_own(self._options)

    def _planned(self, outcome: Outcome, *, of_layers: bool = True) -> None:
        if of_layers and self.checklist.checked != self._exported:
            self.plan = None  # it is of other layers, and those that are checked now are taken in a moment
            return
        self._take_plan(outcome)
        if of_layers:
            plan, checked = outcome.plan, self.checklist.checked
            self.checklist.show_told({layer: becomes(plan, i) for i, layer in enumerate(checked)} if plan else {})
            self._lay_out_scene(plan)
        several = len(self.checklist.checked) > 1
        left_out = len(self.checklist.left_out)
        self.board.show_outcome(outcome, self._own_messages(), left_out=left_out, several=several)

    def _lay_out_scene(self, plan: ExportPlan | None) -> None:
        """Show what the plan lays on the image in the preview."""
        self.places.take_plan(plan, self.checklist.checked)
        self._geometry_timer.start()

    def _take_plan(self, outcome: Outcome) -> None:
        plan = outcome.plan
        self._remedies.take_refusals(outcome.refusals)
        self.plan = None if outcome.refusals else plan
        if plan is not None:
            self.own.take_plan(plan, self.checklist.checked)
            self.show_own(self._options)
        self.target.show_space(outcome.free, plan.bytes if plan else None)
        self.controls.show_plan(self.plan)
        self.update_tags(self.plan)

    def _own_messages(self) -> list[Message]:
        images = any(isinstance(layer, Image) for layer in self.checklist.checked)
        # Of labels nobody asks; and of a reference the plan says so itself.
        source = self._source_modality if images and self._options.reference is None else ""
        said = own_messages(self._bad_preferences, self.checklist.left_out, source, self._options.modality)
        return said + study_messages(self.checklist.checked, self.viewer.layers, self._options)

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
        self._close_guard.find_doors()
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

    def _ended(self, outcome: ExportReport | ExportError) -> None:
        """Plan what is there now."""
        if isinstance(outcome, ExportCancelled):
            self._plan_anew()
        elif isinstance(outcome, ExportError):  # it can be tried again, for the reason may be gone
            self._missed = self._missed or isinstance(outcome, UnforeseenLossError)
            self.planner.forget_values()  # they may have been changed in place
            self._make_up()
        else:
            self._identity = self.form.identity()
            self.own.take_export()
            self._plan_anew()
