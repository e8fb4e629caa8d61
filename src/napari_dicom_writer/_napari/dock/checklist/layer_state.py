"""A viewer's layers as they are now, and a word when they are no longer so."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from napari import layers
from qtpy.QtCore import QObject, Signal

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.layers.inputs import tuple_of

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Layer
    from napari.utils.events import Event

# What an export depends on. Others (slicing, opacity, the cursor …) come by the dozen a second.
_TRANSFORMS = ("name", "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
_VALUES = ("data", "paint")
_DISPLAY = ("contrast_limits", "colormap", "gamma", "features", "edge_color", "face_color")


def layer_tuple(layer: Layer) -> Any:
    """Return (data, attributes, type) as napari hands it to a writer; only what can be written is asked for all."""
    if is_drawn(layer):
        data, attributes, kind = tuple_of(layer)
        return [np.array(one) for one in data], attributes, kind  # which is edited in place
    if is_written(layer):
        return tuple_of(layer)
    return (layer.data, {"name": layer.name}, type(layer).__name__)


def is_written(layer: Layer) -> bool:
    """Whether an object is made of such layers; subclasses count."""
    return isinstance(layer, _written_types())


def is_drawn(layer: Layer) -> bool:
    """Whether a layer holds no array, but what is drawn on the planes of an image."""
    return isinstance(layer, layers.Shapes | layers.Points)


@cache
def _written_types() -> tuple[type[Layer], ...]:
    kinds = sorted({kind for row in IODS.rows for kind in row.layers})
    return tuple(getattr(layers, kind.capitalize()) for kind in kinds)


class LayerWatch(QObject):
    """Tells of changes to the layers of a viewer.

    Attributes
    ----------
    changed : Signal
        (Layer): its name, transform, units, display limits, colors or features.
    values_changed : Signal
        (Layer): its data, or it was removed.
    """

    changed = Signal(object)
    values_changed = Signal(object)

    def __init__(self, layers: LayerList) -> None:
        super().__init__()
        self._layers = layers
        layers.events.inserted.connect(self._inserted)
        layers.events.removed.connect(self._removed)
        for layer in layers:
            self._listen(layer)

    def close(self) -> None:
        """Stop listening."""
        self._layers.events.inserted.disconnect(self._inserted)
        self._layers.events.removed.disconnect(self._removed)
        for layer in self._layers:
            self._ignore(layer)

    def _inserted(self, event: Event) -> None:
        self._listen(event.value)

    def _removed(self, event: Event) -> None:
        self._ignore(event.value)
        self.values_changed.emit(event.value)  # its array need not be held any longer

    def _listen(self, layer: Layer) -> None:
        for name in (*_TRANSFORMS, *_DISPLAY):
            if name in layer.events.emitters:
                layer.events[name].connect(self._tell)
        for name in _VALUES:
            if name in layer.events.emitters:
                layer.events[name].connect(self._tell_values)

    def _ignore(self, layer: Layer) -> None:
        for name in (*_TRANSFORMS, *_DISPLAY):
            if name in layer.events.emitters:
                layer.events[name].disconnect(self._tell)
        for name in _VALUES:
            if name in layer.events.emitters:
                layer.events[name].disconnect(self._tell_values)

    def _tell(self, event: Event) -> None:
        self.changed.emit(event.source)

    def _tell_values(self, event: Event) -> None:
        self.values_changed.emit(event.source)
