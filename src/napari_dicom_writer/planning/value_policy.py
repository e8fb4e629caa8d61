"""The decision how values are stored, and the notes that say what it loses."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Fix, Note, NoteKind, PixelError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import ValuePolicy
from napari_dicom_writer.plan.quantizing import single_precision_error
from napari_dicom_writer.plan.stored_values import Method, ModalityLUT, PixelRules, StoredValues
from napari_dicom_writer.standard.decimals import decimal_string, decimal_string_above, decimal_string_below, product

if TYPE_CHECKING:
    from napari_dicom_writer.model.value_range import ValueRange
    from napari_dicom_writer.options.export import ExportOptions

_TOP = 65535
# Five digits of slope times five of a stored value make ten, which a DS holds exactly with sign and exponent: the
# intercept becomes an exact multiple of the slope, and a background of 0 stays exactly 0.
_SLOPE_DIGITS = 5
# Rounded to the ten digits a DS holds, numbers near the end of double precision would read as infinite.
_HUGE = 1e300
_LEAST_STEP = 1e-30  # of a file's own; below, a DS has too few bytes for its digits
_EXACT_IN_SINGLE, _EXACT_IN_DOUBLE = 2**24, 2**53
_WHITE = 1 + 1e-5  # of float colors, rounding noise included


def needs_range(dtype: np.dtype[Any], rules: PixelRules, *, rgb: bool) -> bool:
    """Whether the values must be scanned before it can be decided how to store them."""
    if rgb:
        return dtype != np.uint8
    if dtype.kind == "f" or dtype.itemsize > 2:
        return True
    return dtype.kind == "i" and (rules.sign_by_values or not rules.signed)


def plan_values(
    dtype: np.dtype[Any],
    found: ValueRange | None,
    rules: PixelRules,
    options: ExportOptions,
    *,
    samples: int,
    steps: tuple[float, float] | None = None,
) -> tuple[StoredValues, list[Note]]:
    """Decide how values are stored.

    Parameters
    ----------
    dtype
        Of the layer.
    found
        Its range, where `needs_range` asked for one.
    rules
        Of the IOD.
    options
        `values`, `nan`.
    samples
        1, 3 or 4.
    steps
        Slope and intercept that made the values of whole numbers.

    Returns
    -------
    StoredValues, list of Note

    Raises
    ------
    PixelError
        Not finite without a fill value; colors where the IOD allows none; inexact under ``values="exact"``.
    """
    notes: list[Note] = []
    fill = None
    if found is not None and dtype.kind == "f" and not (rules.floats and options.nan is None):
        fill, found = _fill(found, options, notes)
    if samples > 1:
        stored = _plan_color(dtype, found, rules, notes, samples)
    else:
        again = _plan_steps(found, rules, steps, notes) if steps and fill is None and not rules.floats else None
        stored = again or (_plan_floats if rules.floats else _plan_gray)(dtype, found, rules, notes)
    if options.values is ValuePolicy.EXACT and (stored.largest_error or fill is not None or samples == 4):
        change = (
            "fill the NaN" if fill is not None else "drop the alpha channel" if samples == 4 else "use 16-bit integers"
        )
        raise PixelError(
            f"Its values ({dtype}) cannot be kept exactly: " + "; ".join(note.text for note in notes),
            f"Choose {mention('values', 'fit')} to accept this, or change the layer: {change}",
            fix=Fix("values", ValuePolicy.FIT, "Accept"),
        )
    mapped = rules.lut is ModalityLUT.REAL_WORLD and not stored.is_identity
    return replace(stored, fill=fill, mapped=mapped), notes


def _fill(found: ValueRange, options: ExportOptions, notes: list[Note]) -> tuple[float | None, ValueRange]:
    """Replace values that are not finite, or refuse them."""
    if not (found.nan or found.infinite):
        return None, found
    counts = [f"{n:,} {what}" for n, what in ((found.nan, "NaN"), (found.infinite, "infinite")) if n]
    what = " and ".join(counts) + (" values" if found.nan + found.infinite > 1 else " value")
    if options.nan is None:
        remedy = f"Choose a fill value, such as {mention('nan', 0)}"
        raise PixelError(f"It holds {what}, which DICOM pixels cannot", remedy, fix=Fix("nan", 0.0, "Fill with 0"))
    notes.append(Note(NoteKind.LOST, f"{what} replaced by {options.nan:g}"))
    return options.nan, found.with_fill(options.nan)


def _plan_floats(dtype: np.dtype[Any], found: ValueRange | None, rules: PixelRules, notes: list[Note]) -> StoredValues:
    """Floats as they are; integers in the smallest float that holds them exactly."""
    if found is not None and found.nan + found.infinite:
        count = found.nan + found.infinite
        padding = ", and NaN declared as padding" if found.nan else ""
        notes.append(Note(NoteKind.INFO, f"{count:,} values that are not finite are kept as they are{padding}"))
    if dtype.kind == "f":
        if dtype.itemsize > 8:
            notes.append(Note(NoteKind.LOST, f"{dtype} stored in double precision"))
            return StoredValues(Method.CAST, "<f8", largest_error=_double_error(found))
        padded = found is not None and found.nan > 0
        return StoredValues(Method.CAST, "<f4" if dtype.itemsize <= 4 else "<f8", padded=padded)
    largest = 2 ** (8 * dtype.itemsize) if found is None else max(abs(int(found.low)), abs(int(found.high)))
    if largest > _EXACT_IN_DOUBLE:
        remedy = "Subtract an offset, or save it in parts: floats hold whole numbers up to 9,007,199,254,740,992"
        raise PixelError(f"Its whole numbers go to {largest:,}, which {rules.name} cannot hold exactly", remedy)
    return StoredValues(Method.CAST, "<f4" if largest <= _EXACT_IN_SINGLE else "<f8")


def _double_error(found: ValueRange | None) -> float:
    return float(np.spacing(max(abs(float(found.low)), abs(float(found.high))))) if found else math.inf


def _plan_gray(dtype: np.dtype[Any], found: ValueRange | None, rules: PixelRules, notes: list[Note]) -> StoredValues:
    if found is None:
        if dtype.itemsize == 1 and dtype.kind in "bu":
            return StoredValues(Method.CAST, "|u1" if rules.bits_8 else "<u2")
        return StoredValues(Method.CAST, "<i2" if dtype.kind == "i" else "<u2")
    if found.integral and found.low >= 0 and found.high <= _TOP:
        return StoredValues(Method.CAST, "<u2")
    if rules.signed and found.integral and found.low >= -32768 and found.high <= 32767:
        return StoredValues(Method.CAST, "<i2")
    if found.integral and rules.lut is not ModalityLUT.SLOPE_ONLY and found.high - found.low <= _TOP:
        low = int(found.low)
        # What 16 signed bits hold, readers take for that again: the range of stored values tells them.
        offset = -32768 if low >= -32768 and found.high <= 32767 else low
        if decimal_string(offset) == str(offset):
            note = _lut_note(rules, f"Whole numbers from {low:,} stored in 16 bits, exactly, minus {offset:,}")
            notes.append(Note(NoteKind.INFO, note))
            return StoredValues(Method.OFFSET, "<u2", intercept=str(offset), offset=offset)
    return _plan_quantized(dtype, found, rules, notes)


def _plan_quantized(dtype: np.dtype[Any], found: ValueRange, rules: PixelRules, notes: list[Note]) -> StoredValues:
    """One slope and intercept for the series, formatted first, so that readers compute with the very same numbers."""
    low, high = float(found.low), float(found.high)
    if max(abs(low), abs(high)) > _HUGE:
        raise PixelError(f"Its values go to {max(low, high, key=abs):g}", f"Scale them to stay below {_HUGE:g}")
    stored_as, intercept = "<u2", "0"
    if rules.lut is ModalityLUT.SLOPE_ONLY:
        stored_as = "<i2" if low < 0 else "<u2"
        slope = _slope_above(max(abs(low), abs(high)) / (32767 if low < 0 else _TOP))
    elif low <= 0 <= high:
        slope = _slope_above(high / (_TOP - 1) - low / (_TOP - 1))
        intercept = product(slope, -math.ceil(-low / float(slope)))
        # In decimals 0 is exactly 0. In a reader's double precision it must be, too: `image > 0` would take in the
        # background. One of the next slopes does it (measured: at most 8 steps, under 0.1 %).
        while math.ceil(-low / float(slope)) * float(slope) + float(intercept) != 0:
            slope = _slope_above(float(slope) * (1 + 1e-9))
            intercept = product(slope, -math.ceil(-low / float(slope)))
    else:
        intercept = decimal_string_below(low)
        slope = _slope_above(high / (_TOP - 1) - float(intercept) / (_TOP - 1))
    single = single_precision_error(dtype, stored_as, float(slope), float(intercept))
    step = float(slope) * (0.5 * (1 + 1e-6) + (single or 0.0))
    # Plus what double precision itself cannot tell apart at this size.
    error = step + 4 * float(np.spacing(max(abs(low), abs(high))))
    kind = "Floats" if dtype.kind == "f" else "Integers wider than 16 bits"
    steps = f"in steps of {float(slope):g}; largest error {error:.3g}"
    digits = 6 if f"{low:.6g}" != f"{high:.6g}" else 15
    text = f"{kind} from {low:.{digits}g} to {high:.{digits}g} stored in 16 bits, {steps}"
    notes.append(Note(NoteKind.LOST, _lut_note(rules, text), fix=Fix("values", ValuePolicy.EXACT, "Only exact")))
    return StoredValues(
        Method.QUANTIZE, stored_as, slope=slope, intercept=intercept, largest_error=error, single_error=single
    )


def _plan_steps(
    found: ValueRange | None, rules: PixelRules, steps: tuple[float, float], notes: list[Note]
) -> StoredValues | None:
    """Store the whole numbers again that the values were made of, where they fit; nothing is rounded to other steps."""
    slope, intercept = abs(steps[0]), steps[1]
    if found is None or (found.integral and slope == int(slope)) or slope < _LEAST_STEP:
        return None  # whole numbers are stored as they are
    low, high = (round((float(end) - intercept) / slope) for end in (found.low, found.high))
    stored_as, base = "<u2", 0
    if rules.signed and low < 0 and low >= -32768 and high <= 32767:
        stored_as = "<i2"
    elif low < 0 or high > _TOP:
        base = low
    shifted = decimal_string(intercept + base * slope)
    if high - base > _TOP or (rules.lut is ModalityLUT.SLOPE_ONLY and shifted != "0"):
        return None
    written = decimal_string(slope)
    largest = max(abs(low), abs(high))
    error = abs(float(written) - slope) * (largest + abs(base)) + abs(float(shifted) - intercept - base * slope)
    error += 4 * float(np.spacing(max(abs(float(found.low)), abs(float(found.high)))))
    text = f"The whole numbers of the file are stored again, with its slope and intercept; largest error {error:.1g}"
    notes.append(Note(NoteKind.INFO, _lut_note(rules, text)))
    return StoredValues(Method.QUANTIZE, stored_as, slope=written, intercept=shifted, largest_error=error)


def _slope_above(value: float) -> str:
    # Below, a DS has too few bytes for sign, digits and exponent.
    return decimal_string_above(max(value, 1e-99), _SLOPE_DIGITS)


def _lut_note(rules: PixelRules, text: str) -> str:
    if rules.lut is not ModalityLUT.REAL_WORLD:
        return text
    why = "Without" if rules.mappable else f"{rules.name} has no"
    return (
        f"{text}. {why} Rescale Slope: the real values are in the Real World Value Mapping, "
        "and a plain viewer shows the stored ones"
    )


def _plan_color(
    dtype: np.dtype[Any], found: ValueRange | None, rules: PixelRules, notes: list[Note], samples: int
) -> StoredValues:
    if not rules.color:
        remedy = f"Choose {mention('object', 'auto')} for color layers"
        fix = Fix("object", "auto", "Object by layer")
        raise PixelError(f"It has colors, and {rules.name} images have none", remedy, fix=fix)
    if samples == 4:
        notes.append(Note(NoteKind.LOST, "The alpha channel is dropped"))
    if found is None:
        return StoredValues(Method.CAST, "|u1", samples=3)
    gain = color_gain(dtype, found)
    if gain is None:
        raise PixelError(
            f"Its colors ({dtype}) run from {found.low:.9g} to {found.high:.9g}",
            "Scale colors to 0..255 as uint8, or to 0..1 as floats",
        )
    if gain == 1:
        # napari would show them darker: it takes the whole range of the type, or 0..1, for black to white.
        notes.append(Note(NoteKind.ASSUMED, f"Colors ({dtype}) from {found.low:g} to {found.high:g} taken as 0..255"))
        return StoredValues(Method.CAST, "|u1", samples=3)
    if dtype.kind == "b":
        return StoredValues(Method.SCALE_8, "|u1", samples=3, gain=gain)
    error = max(0.5 / gain * (1 + 1e-6), float(found.high) - 1 if dtype.kind == "f" else 0)
    step = "1/255" if dtype.kind == "f" else "257"
    text = f"Colors ({dtype}) stored in 8 bits, in steps of {step}; largest error {error:.3g}"
    notes.append(Note(NoteKind.LOST, text))
    return StoredValues(Method.SCALE_8, "|u1", samples=3, gain=gain, largest_error=error)


def color_gain(dtype: np.dtype[Any], found: ValueRange) -> float | None:
    """Return what colors are multiplied by to be stored in 8 bits; None where nobody knows."""
    if dtype.kind == "b":
        return 255.0
    whole = found.integral and found.low >= 0 and found.high <= 255
    if whole and (dtype.kind in "iu" or found.high > _WHITE):
        return 1.0
    if dtype.kind == "u" and dtype.itemsize == 2:
        return 255 / _TOP
    return 255.0 if dtype.kind == "f" and found.low >= 0 and found.high <= _WHITE else None
