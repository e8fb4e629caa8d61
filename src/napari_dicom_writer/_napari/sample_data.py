"""The orientation phantom in napari's File › Open Sample menu."""

from __future__ import annotations

from typing import Any

from napari_dicom_writer.phantom import orientation_phantom


def phantom_layers() -> list[tuple[Any, dict[str, Any], str]]:
    """Return the phantom as a layer tuple that is exported with exactly the phantom's geometry."""
    phantom = orientation_phantom()
    # LPS (x, y, z) is napari's world (z, y, x) reversed.
    affine = phantom.affine[[2, 1, 0, 3]]
    attributes = {
        "name": phantom.name,
        "affine": affine,
        "units": ("mm", "mm", "mm"),
        "axis_labels": ("z", "y", "x"),
        "contrast_limits": phantom.window,
    }
    return [(phantom.array, attributes, "image")]
