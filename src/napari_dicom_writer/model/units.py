"""Lengths and durations: read by pint, and written in the unit a person would name them in."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import OptionsError

if TYPE_CHECKING:
    import pint

# Name, mm, and from how many mm on it is used: 50 mm, but 20 cm.
_UNITS = (("m", 1e3, 1e3), ("cm", 10.0, 100.0), ("mm", 1.0, 1.0), ("µm", 1e-3, 1e-3), ("nm", 1e-6, 0.0))


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
def millimeters(length: str, name: str = "The length") -> float:
    """Return the number of millimeters in a length such as ``mm``, ``um`` or ``0.65 um``.

    Parameters
    ----------
    length
    name
        What messages call it.

    Raises
    ------
    OptionsError
        If the text is not a finite, positive length.
    """
    if length == "mm":
        return 1.0
    remedy = "Use a length such as mm, um, nm or '0.65 um'"
    try:
        value = quantity(length)
    except ValueError:
        raise OptionsError(f"{name} is {length!r}, a unit that is not known", remedy, "options") from None
    if value.dimensionality != {"[length]": 1}:
        raise OptionsError(f"{name} is {length!r}, which is not a length", remedy, "options")
    in_mm = float(value.to("mm").magnitude)
    if not (math.isfinite(in_mm) and in_mm > 0):
        raise OptionsError(f"{name} is {length!r}, which is not a positive length", remedy, "options")
    return in_mm


def round_length(most: float) -> float:
    """Return the greatest of 1, 2 and 5 times a power of ten that is not greater than `most`.

    Examples
    --------
    >>> round_length(73), round_length(0.2), round_length(0.0019)
    (50.0, 0.2, 0.001)
    """
    exponent = math.floor(math.log10(most))
    # From their decimals: 2 * 10.0**-1 is not 0.2 at every exponent. One exponent less, in case log10 rounded up.
    steps = [float(f"{digit}e{power}") for power in (exponent - 1, exponent) for digit in (1, 2, 5)]
    return max(step for step in steps if step <= most * (1 + 1e-9))


def length_text(mm: float) -> str:
    """Write a length, given in mm, in the unit that suits it.

    Examples
    --------
    >>> length_text(50), length_text(0.02), length_text(200), length_text(2e-7)
    ('50 mm', '20 µm', '20 cm', '0.2 nm')
    """
    name, size = next((name, size) for name, size, least in _UNITS if mm >= least * (1 - 1e-9))
    return f"{mm / size:.4g} {name}"
