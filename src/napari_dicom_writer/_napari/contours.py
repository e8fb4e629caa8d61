"""Polygons that napari cannot show: it parts each into triangles, and fails at some that touch themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.read import LayerTuple


def showable(layer: LayerTuple) -> LayerTuple:
    """Make closed paths of the polygons of a layer that napari refuses; others, and other layers, stay as they are."""
    data, attributes, kind = layer
    if kind != "shapes":
        return layer
    types = list(attributes["shape_type"])
    refused = _refused(data, [number for number, name in enumerate(types) if name == "polygon"])
    if not refused:
        return layer
    data = list(data)
    for number in refused:
        types[number], data[number] = "path", np.vstack([data[number], data[number][:1]])
    return data, {**attributes, "shape_type": types}, kind


def _refused(data: Sequence[NDArray[Any]], numbers: list[int]) -> list[int]:
    """Which of some polygons napari refuses: all are tried at once, and halves where that fails."""
    from napari.layers import Shapes

    try:
        Shapes([data[number] for number in numbers] or None, shape_type="polygon")
    except Exception:  # noqa: BLE001 - each of the libraries that it may use raises its own
        if len(numbers) == 1:
            return numbers
        half = len(numbers) // 2
        return _refused(data, numbers[:half]) + _refused(data, numbers[half:])
    return []
