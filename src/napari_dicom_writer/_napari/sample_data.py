"""The orientation phantom in napari's File › Open Sample menu."""

from __future__ import annotations

from typing import Any

from napari_dicom_writer._napari.to_layer import to_layer
from napari_dicom_writer.phantom import orientation_phantom


def phantom_layers() -> list[tuple[Any, dict[str, Any], str]]:
    """Return the phantom as a layer tuple that is exported with exactly the phantom's geometry."""
    return [to_layer(orientation_phantom())]
