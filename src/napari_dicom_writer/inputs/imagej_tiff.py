"""What ImageJ says of its TIFFs: size of a pixel (as a resolution), spacing, unit, frame interval, display range.

As ij.io.TiffDecoder and ij.io.FileOpener read them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.inputs.steps import length_in_mm, pixel_step, seconds_in, with_length
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dicom_writer.inputs.image import Image

_UNITS_OF_TIFF = {2: "inch", 3: "cm"}
_UNIT_KEYS = {"column": "unit", "row": "yunit", "plane": "zunit"}
_ORIGIN_KEYS = (("column", "xorigin"), ("row", "yorigin"), ("plane", "zorigin"))


def measured(image: Image, tif: Any) -> Image:
    """Give an image what ImageJ says of it."""
    said: Mapping[str, Any] = tif.imagej_metadata or {}
    tags = tif.pages[0].tags
    fallback = _UNITS_OF_TIFF.get(int(tags["ResolutionUnit"].value), "") if "ResolutionUnit" in tags else ""
    unit = _unit(said, "unit") or fallback
    spacing = abs(float(said.get("spacing") or 0)) or None
    sizes = {
        "column": pixel_step(tags, "XResolution", unit),
        "row": pixel_step(tags, "YResolution", unit),
        "plane": spacing,
    }
    for kind, size in sizes.items():
        if size is not None:
            image = with_length(image, kind, *length_in_mm(size, _unit(said, _UNIT_KEYS[kind]) or unit))
    image = _timed(image, said)
    return replace(image, origin=_origin(image, said), windows=_windows(image, said))


def _unit(said: Mapping[str, Any], key: str) -> str:
    """Return a unit, which may be written as Java escapes it."""
    return str(said.get(key) or "").replace("\\u00B5", "µ").replace("\\u00b5", "µ").strip()


def _timed(image: Image, said: Mapping[str, Any]) -> Image:
    interval = float(said.get("finterval") or 0)
    if interval <= 0:
        return image
    if "time" in image.kinds:
        seconds = seconds_in(interval, _unit(said, "tunit") or "s")
        return image.with_axis(image.kinds.index("time"), seconds=seconds)
    if "plane" in image.kinds and not said.get("spacing"):
        text = "Taken as planes, as the file says; but it holds a frame interval and no spacing, as a movie would"
        return replace(image, notes=(*image.notes, Note(NoteKind.ASSUMED, text, hint=f"else {mention('axes', 'TYX')}")))
    return image


def _origin(image: Image, said: Mapping[str, Any]) -> tuple[float, float, float] | None:
    """Where the first pixel is: ImageJ's origin is the pixel at (0, 0, 0)."""
    if not any(said.get(key) for _, key in _ORIGIN_KEYS):
        return None
    steps = {axis.kind: axis.length or 1.0 for axis in image.axes}
    x, y, z = (-float(said.get(key) or 0) * steps.get(kind, 1.0) for kind, key in _ORIGIN_KEYS)
    return (x, y, z)


def _windows(image: Image, said: Mapping[str, Any]) -> tuple[tuple[float, float], ...]:
    """Display range of each channel, or of all."""
    ranges = said.get("Ranges")
    if ranges is not None and len(ranges) > 2:
        return ()  # one for each channel, and a volume has one for all
    low, high = ranges if ranges is not None and len(ranges) == 2 else (said.get("min"), said.get("max"))
    if low is None or high is None or not np.isfinite([low, high]).all() or not low < high:
        return ()
    return ((float(low), float(high)),)
