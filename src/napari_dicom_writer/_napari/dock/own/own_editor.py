"""What the layer of the selected line has for itself: what its labels mean, and other options."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.layers import Labels as LabelsLayer
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.checklist.layer_state import is_written, layer_tuple
from napari_dicom_writer._napari.dock.own.own_options import OwnOptionsForm
from napari_dicom_writer._napari.dock.parts.fold import Fold
from napari_dicom_writer._napari.dock.parts.plain import shown_name
from napari_dicom_writer._napari.dock.segments.segments_editor import SegmentsEditor
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.errors import ExportError, Refusals
from napari_dicom_writer.layers.inputs import as_volume
from napari_dicom_writer.options.layer import LayerOptions
from napari_dicom_writer.plan.wording import where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_dicom_writer._napari.dock.axes.edits import LayerEdits
    from napari_dicom_writer.errors import Fix
    from napari_dicom_writer.model.segments import Labels
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import ExportPlan

SEGMENTS = "segments"
"""The option that has a table here."""


class OwnEditor(QWidget):
    """Edits options of single layers.

    Attributes
    ----------
    changed : Signal(object)
        (Layer): it has other options of its own.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.segments, self.options = SegmentsEditor(), OwnOptionsForm()
        self._layer: Layer | None = None
        self._new = False
        self._in_use: WeakKeyDictionary[Layer, list[int]] = WeakKeyDictionary()
        self._read: WeakKeyDictionary[Layer, tuple[Any, Any, Labels | None]] = WeakKeyDictionary()
        self._fixes: WeakKeyDictionary[Layer, set[Fix]] = WeakKeyDictionary()  # of what was noted of it
        self.segments_fold = Fold("Segments", self.segments)
        self.options_fold = Fold("Only this layer", self.options)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        for fold in (self.segments_fold, self.options_fold):
            column.addWidget(fold)
        for part in (self.segments, self.options):
            part.changed.connect(self._tell)

    def _tell(self, layer: Layer) -> None:
        self._new = True
        self.changed.emit(layer)

    @property
    def is_new(self) -> bool:
        """Whether anything is said that was not exported."""
        return self._new and (self.segments.are_said or self.options.are_given)

    def take_export(self) -> None:
        """Take that what is said was exported."""
        self._new = False

    def show_layer(self, layer: Layer | None, common: ExportOptions) -> None:
        """Show a layer; `common` are the options of all."""
        self._layer = layer = layer if layer is not None and is_written(layer) else None
        self.setVisible(layer is not None)
        self.options.show_layer(layer, common)
        if layer is None:
            return
        own = self.over(layer, common)
        labels, in_use = self._labels(layer, own), self._in_use.get(layer)
        self.segments_fold.setVisible(labels is not None or bool(in_use))
        self.segments.show_layer(layer, labels, in_use, own)
        self.segments_fold.set_summary(self.segments.summary)
        self.options_fold.set_summary(self.options.summary(layer) or "all options as below")

    def forget(self, layer: Layer) -> None:
        """Read anew what a layer says of its labels: its table may have been edited in place."""
        self._read.pop(layer, None)

    def _labels(self, layer: Layer, own: ExportOptions) -> Labels | None:
        """What a layer says of its labels; a table of many cells is read once."""
        if not isinstance(layer, LabelsLayer):
            return _said_by(layer_tuple(layer), own)
        table, colors, labels = self._read.get(layer, (None, None, None))
        if table is not layer.features or colors is not layer.colormap:
            labels = _said_by(layer_tuple(layer), own)
            self._read[layer] = layer.features, layer.colormap, labels
        return labels

    def take_plan(self, plan: ExportPlan, layers: Sequence[Layer]) -> None:
        """Take what planning found in the exported layers: their labels, and remedies."""
        self._fixes.clear()
        for index, layer in enumerate(layers):
            series = plan.of_layer(index)
            found = sorted({segment.label for one in series for segment in one.segments})
            self._fixes[layer] = {note.fix for one in series for note in one.notes if note.fix}
            if found:
                self._in_use[layer] = found
            else:
                self._in_use.pop(layer, None)

    def over(self, layer: Layer, common: ExportOptions) -> ExportOptions:
        """Return the options of a layer, but for what its labels mean; those of all while its own are not valid."""
        with suppress(ExportError):
            if given := self.options.given(layer):
                return LayerOptions(**given).over(common)
        return common

    def beside(self, layer: Layer, told: Any, common: ExportOptions) -> Any:
        """Put a layer's own options beside it, where it has any.

        Parameters
        ----------
        layer
        told
            Its layer tuple, as edited.
        common
            The options of all layers.

        Returns
        -------
        tuple
            What `export` takes: the layer tuple, or that with `LayerOptions`.

        Raises
        ------
        OptionsError
            If they are not valid.
        """
        given = self.options.given(layer)
        segments = self.segments.own(layer, lambda: _said_by(told, self.over(layer, common)), common.segments)
        if segments is not None:
            given[SEGMENTS] = segments
        return (told, LayerOptions(**given)) if given else told

    def noted_with(self, fix: Fix) -> Layer | None:
        """Return a layer that a remedy is for: the one in sight before others."""
        layers = [layer for layer, fixes in self._fixes.items() if fix in fixes]
        return next((layer for layer in layers if layer is self._layer), next(iter(layers), None))

    def apply(self, layer: Layer, fix: Fix) -> bool:
        """Set an option, or lead to it, where a layer has it for itself; return whether it has."""
        has = fix.option in self.options.names(layer)
        if has and fix.value is None:
            self.options_fold.open()
            self.options.field(layer, fix.option).setFocus()
        elif has:
            self.options.field(layer, fix.option).value = fix.value
        return has

    def owned(self, layers: Sequence[Layer]) -> dict[str, str]:
        """Say which options any of these have for themselves, and which layers."""
        found: dict[str, list[str]] = {}
        for layer in layers:
            for name in self.options.names(layer):
                found.setdefault(name, []).append(f"“{shown_name(layer.name)}”")
        return {name: ", ".join(names) for name, names in found.items()}

    def reveal_segments(self) -> QWidget:
        """Bring the table of segments in sight, and give it the focus."""
        self.segments_fold.open()
        return self.segments.reveal()


def told_layers(layers: Sequence[Layer], edits: LayerEdits, own: OwnEditor, common: ExportOptions) -> list[Any]:
    """Take layers with all that is said of them, as `export` does.

    Raises
    ------
    ExportError
        With all of it that is not valid.
    """
    refusals = Refusals()
    told = []
    for index, layer in enumerate(layers):
        with refusals.collect(where(index, layer.name)):
            edited = edits.tuple_of(layer, own.over(layer, common))
            told.append(own.beside(layer, edited, common))
    refusals.raise_if_any()
    return told


def _said_by(told: Any, options: ExportOptions) -> Labels | None:
    """What a layer says of its labels; None of one that has none, or cannot be understood."""
    with suppress(ExportError), faults_as_export_errors():
        return as_volume(told, options, check=False).labels
    return None
