"""The orientation phantom in napari's File › Open Sample menu."""

from __future__ import annotations

from typing import Any

from napari_dicom_writer.demo.phantom import orientation_phantom
from napari_dicom_writer.layers.from_volume import to_layer


def phantom_layers() -> list[tuple[Any, dict[str, Any], str]]:
    """Return the phantom as a layer tuple that is exported with exactly the phantom's geometry."""
    return [to_layer(orientation_phantom())]
