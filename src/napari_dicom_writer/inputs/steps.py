"""Lengths and durations as microscopy files write them: a number, and a unit that may be none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.units import quantity

if TYPE_CHECKING:
    from napari_dicom_writer.inputs.image import Image

_ALONG = {"column": (1.0, 0.0, 0.0), "row": (0.0, 1.0, 0.0), "plane": (0.0, 0.0, 1.0)}


def length_in_mm(value: float, unit: str | None) -> tuple[float, bool]:
    """Return a length in mm and True; or the bare number and False, where its unit is none, or no length.

    Examples
    --------
    >>> length_in_mm(0.5, "µm"), length_in_mm(0.5, "pixel")
    ((0.0005, True), (0.5, False))
    """
    factor = _factor(unit, "[length]", "mm")
    return (value, False) if factor is None else (value * factor, True)


def seconds_in(value: float, unit: str | None) -> float | None:
    """Return a duration in seconds; None where its unit is none.

    Examples
    --------
    >>> seconds_in(200, "ms"), seconds_in(1, "")
    (0.2, None)
    """
    factor = _factor(unit, "[time]", "s")
    return None if factor is None else value * factor


def _factor(unit: str | None, dimension: str, to: str) -> float | None:
    if not unit or unit.lower() in ("pixel", "pixels", "px", "reference frame"):
        return None
    try:
        value = quantity({"sec": "s", "seconds": "s", "Å": "angstrom"}.get(unit, unit))
    except ValueError:
        return None
    return float(value.to(to).magnitude) if value.dimensionality == {dimension: 1} else None


def with_length(image: Image, kind: str, length: float, known: bool) -> Image:
    """Give the axis of one kind the length of its step, along x, y or z as columns, rows and planes lie."""
    if kind not in image.kinds:
        return image
    return image.with_axis(image.kinds.index(kind), step=np.array(_ALONG[kind]) * length, known=known)


def pixel_step(tags: Any, name: str, unit: str = "") -> float | None:
    """Size of a pixel in the unit of a TIFF's resolution tag.

    Writers that know no resolution put 1 there: it counts only where a unit stands beside it.
    """
    if name not in tags:
        return None
    pixels, units = tags[name].value
    counts = pixels and units and (pixels != units or unit not in ("", "pixel", "pixels"))
    return units / pixels if counts else None
