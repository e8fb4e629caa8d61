"""Round lengths for scale bars, and lengths in the unit a person would name them in."""

from __future__ import annotations

import math

# Name, mm, and from how many mm on it is used: 50 mm, but 20 cm.
_UNITS = (("m", 1e3, 1e3), ("cm", 10.0, 100.0), ("mm", 1.0, 1.0), ("µm", 1e-3, 1e-3), ("nm", 1e-6, 0.0))


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
