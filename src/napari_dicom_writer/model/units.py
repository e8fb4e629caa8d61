"""Lengths and durations, by pint."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import OptionsError

if TYPE_CHECKING:
    import pint


def quantity(unit: object) -> pint.Quantity[Any]:
    """Read a unit or a quantity: a `pint.Unit`, or text such as ``um``, ``micrometer`` or ``0.65 um``.

    pint is imported here, not above: with it the package would take 150 ms longer to import.

    Raises
    ------
    ValueError
        If pint does not know it.
    """
    import pint

    registry: pint.UnitRegistry[Any] = pint.get_application_registry()  # type: ignore[no-untyped-call]
    try:
        # Text may hold a number, too; a Unit may belong to another registry, and goes by its name.
        value: pint.Quantity[Any] = registry.Quantity(unit if isinstance(unit, str) else f"1 {unit}")
        return value
    except Exception as error:  # pint raises whatever its tokenizer meets
        raise ValueError(f"unit {str(unit)!r} is not known") from error


@cache
def millimeters(length: str) -> float:
    """Return the number of millimeters in a length such as ``mm``, ``um`` or ``0.65 um``.

    Raises
    ------
    OptionsError
        If the text is no finite, positive length.
    """
    if length == "mm":
        return 1.0
    remedy = "Use a length such as mm, um, nm or '0.65 um'"
    try:
        value = quantity(length)
    except ValueError as error:
        raise OptionsError(str(error), remedy, "options") from None
    if value.dimensionality != {"[length]": 1}:
        raise OptionsError(f"unit {length!r} is not a length", remedy, "options")
    in_mm = float(value.to("mm").magnitude)
    if not (math.isfinite(in_mm) and in_mm > 0):
        raise OptionsError(f"{length!r} is not a positive length", remedy, "options")
    return in_mm
