"""Where the layers of a viewer lie, worked out anew only where something changed: it is done while the user types."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_dicom_writer._napari.dock.checklist.layer_state import is_drawn
from napari_dicom_writer._napari.dock.preview.scenes import Scenes
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.groups import Patient, Series, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import LayerList
    from napari.layers import Layer

    from napari_dicom_writer._napari.dock.axes.edits import LayerEdits
    from napari_dicom_writer._napari.dock.preview.preview_panel import PreviewPanel
    from napari_dicom_writer.errors import Fix, Refusal
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.grid import Grid
    from napari_dicom_writer.plan.plan import ExportPlan


_DRAWN = "What is drawn is shown on its image, when both are checked and can be exported."


class Places:
    """Places layers, and shows one of them.

    Parameters
    ----------
    layers
        The viewer's.
    preview
        Shows where its layer lies, or why it cannot be placed.
    edits
        What is said of the layers for the export.
    options_of
        Returns the options of a layer, of its own and of all; by default those of all.
    """

    def __init__(
        self,
        layers: LayerList,
        preview: PreviewPanel,
        edits: LayerEdits,
        options_of: Callable[[Layer, ExportOptions], ExportOptions] = lambda _, common: common,
    ) -> None:
        self._options_of = options_of
        self._layers, self._preview, self._edits = layers, preview, edits
        self._options: ExportOptions | None = None
        self._known: WeakKeyDictionary[Layer, Refusal | None] = WeakKeyDictionary()
        self._beside: WeakKeyDictionary[Layer, tuple[Volume, Grid]] = WeakKeyDictionary()  # others than that in sight
        self._scenes = Scenes(self._placed)

    def forget(self, layer: Layer) -> None:
        """Place a layer anew the next time: it was edited."""
        self._known.pop(layer, None)
        self._beside.pop(layer, None)

    def take_plan(self, plan: ExportPlan | None, layers: Sequence[Layer]) -> None:
        """Take the latest plan, with the layers that it is of: it says what lies on which image."""
        self._scenes.take(plan, layers)

    def refresh(self, options: ExportOptions) -> dict[Layer, Refusal]:
        """Place what is not known, and the layer in the preview; return why some cannot be exported at all.

        A refusal that an option settles, or an edit of the layer, is none of these. No pixel is read: it is done at
        once, 2 ms a layer (measured).
        """
        # No place depends on these, and they change with every key stroke.
        options = replace(options, patient=Patient(), study=Study(), series=Series())
        if options != self._options:
            self._known.clear()
            self._beside.clear()
            self._options = options
        for layer in self._layers:
            if layer not in self._known or layer is self._preview.layer:
                self._known[layer] = self._place(layer, options)
        self._preview.show_names()
        refusals = ((layer, self._known[layer]) for layer in self._layers)
        return {layer: refusal for layer, refusal in refusals if refusal is not None and refusal.fix is None}

    def refused_for(self, fix: Fix) -> Layer | None:
        """Return the first layer that a remedy is for."""
        refusals = ((layer, self._known.get(layer)) for layer in self._layers)
        return next((layer for layer, refusal in refusals if refusal is not None and refusal.fix == fix), None)

    def _place(self, layer: Layer, options: ExportOptions) -> Refusal | None:
        from napari_dicom_writer.exporting import place_layer
        from napari_dicom_writer.layers.inputs import as_volume

        options = self._options_of(layer, options)
        shown, typed, view = layer is self._preview.layer, True, None
        try:
            with faults_as_export_errors("Placing it"):
                edited = self._edits.tuple_of(layer, options)
                typed = False
                own = place_layer(edited, options) if not is_drawn(layer) else None
                if own is None:
                    as_volume(edited, options)
                if shown:
                    view = self._scenes.view(layer, own, options.reference)
        except ExportError as error:
            refusal = error.refusals[0].spelled(in_form)
            # A wrong edit is said where it is typed; what was there before stays in sight, or all would jump.
            if shown and not (typed and refusal.fix):
                self._preview.preview.show_refusal(refusal.what)
            return refusal
        if shown and view is None:
            self._preview.preview.show_hint(_DRAWN)
        elif view is not None:
            self._preview.preview.show_view(view)
        return None

    def _placed(self, layer: Layer) -> tuple[Volume, Grid]:
        from napari_dicom_writer.exporting import place_layer

        if layer not in self._beside:
            options = self._options_of(layer, self._options or ExportOptions())
            self._beside[layer] = place_layer(self._edits.tuple_of(layer, options), options)
        return self._beside[layer]
