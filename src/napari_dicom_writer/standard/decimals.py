"""Numbers as Decimal Strings (DS, PS3.5 6.2): the best of at most 16 bytes."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from functools import lru_cache


@lru_cache(4096)
def decimal_string(value: float) -> str:
    """Format a number as a DS of at most 16 bytes, with the most digits that fit.

    Examples
    --------
    >>> decimal_string(-1 / 3), decimal_string(2.0), decimal_string(-0.0)
    ('-0.3333333333333', '2', '0')

    What lies beyond its digits leaves no zeros behind: the last bit of a sum, in which libraries differ, does not show.

    >>> decimal_string(0.7000000000000001), decimal_string(0.7)
    ('0.7', '0.7')
    """
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    from pydicom.valuerep import format_number_as_ds

    text = str(format_number_as_ds(float(value)))
    # 9.999999999999998 comes out as 10.00000000000000, a byte too long: the rounding carried to another digit.
    if len(text) > 16:
        return decimal_string(float(text))
    return text.rstrip("0").removesuffix(".") if "." in text and "e" not in text else text


def decimal_string_above(value: float, digits: int) -> str:
    """Round a number up to a DS of `digits` significant digits."""
    return _rounded(value, digits, ROUND_CEILING)


def decimal_string_below(value: float) -> str:
    """Round a number down to a DS with the most digits that fit (9 always do: ``-1.23456789e-150``)."""
    texts = (_rounded(value, digits, ROUND_FLOOR) for digits in range(15, 8, -1))
    return next(text for text in texts if len(text) <= 16)


def _rounded(value: float, digits: int, rounding: str) -> str:
    number = Decimal(value)
    text = decimal_string(value)
    if Decimal(text) == number and len(number.as_tuple().digits) <= digits:
        return text
    return _shortest(Context(prec=digits, rounding=rounding).plus(number))


def _shortest(number: Decimal) -> str:
    """Write a decimal exactly in at most 16 bytes: fixed point where it fits, else scientific."""
    fixed = format(number.normalize(), "f")
    if len(fixed) <= 16:
        return fixed
    digits = len(number.normalize().as_tuple().digits)
    return format(number, f".{digits - 1}e")


def product(text: str, factor: int) -> str:
    """Multiply a short DS by an integer, exactly where 16 bytes suffice.

    Examples
    --------
    >>> product("1.2346e-05", -65535)
    '-0.80909511'
    """
    exact = _shortest(Decimal(text) * factor)
    return exact if len(exact) <= 16 else decimal_string(float(exact))
