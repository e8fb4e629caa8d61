"""What the buttons of messages do: they set an option, or lead to where it is said, of the layer that it is about."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_dicom_writer._napari.dock.axes.layer_editor import NAMES
from napari_dicom_writer._napari.dock.own.own_editor import SEGMENTS
from napari_dicom_writer._napari.dock.parts.later import soon
from napari_dicom_writer.plan.wording import where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from qtpy.QtWidgets import QWidget

    from napari_dicom_writer._napari.dock.body import PanelBody
    from napari_dicom_writer._napari.dock.preview.placing import Places
    from napari_dicom_writer.errors import Fix, Refusal


class Remedies:
    """Applies remedies.

    Parameters
    ----------
    body
        Where options are said.
    places
        Knows which layers cannot be placed, and why.
    """

    def __init__(self, body: PanelBody, places: Places) -> None:
        self._body, self._places = body, places
        self._refusals: tuple[Refusal, ...] = ()

    def take_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Take what planning refused."""
        self._refusals = tuple(refusals)

    def apply(self, fix: Fix) -> None:
        """Set the option that a message names, or lead the user to its field."""
        own = self._body.own
        layer = self._refused_for(fix) or own.noted_with(fix) or self._places.refused_for(fix)
        if layer is not None and fix.option in (*NAMES, SEGMENTS):
            self._body.preview.choose(layer)
        if layer is not None and own.apply(layer, fix):
            return
        if fix.value is not None:
            self._body.form.field(fix.option).value = fix.value
        else:
            soon(self._body, partial(self._body.scroll_to, self._reveal(fix.option)))

    def _refused_for(self, fix: Fix) -> Layer | None:
        """Return the first layer that planning refused with a remedy."""
        places = {refusal.where for refusal in self._refusals if refusal.fix == fix}
        layers = enumerate(self._body.checklist.checked)
        return next((layer for index, layer in layers if where(index, layer.name) in places), None)

    def _reveal(self, option: str) -> QWidget:
        if option == SEGMENTS:
            return self._body.own.reveal_segments()
        return (self._body.editor if option in NAMES else self._body.form).reveal(option)
