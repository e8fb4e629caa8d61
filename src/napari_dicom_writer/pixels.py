"""How values are stored: dtype, Modality LUT, window, and what each choice loses.

The chain of PS3.3 C.11: stored values → Modality LUT (slope, intercept) → real values → VOI LUT (window) → display.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind, PixelError
from napari_dicom_writer.options import ExportOptions, ValuePolicy
from napari_dicom_writer.text import decimal_string, decimal_string_above, decimal_string_below, product

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOP = 65535
# Five digits of slope times five of a stored value make ten, which a DS holds exactly with sign and exponent: the
# intercept becomes an exact multiple of the slope, and a background of 0 stays exactly 0.
_SLOPE_DIGITS = 5


class ModalityLUT(StrEnum):
    """What an IOD allows between stored and real values."""

    FULL = "full"  # slope and intercept
    SLOPE_ONLY = "slope-only"  # intercept 0 (PET, PS3.3 C.8.9.4)
    REAL_WORLD = "real-world"  # none; Real World Value Mapping instead (MR)


@dataclass(frozen=True, slots=True)
class PixelRules:
    """What pixels an IOD allows.

    Attributes
    ----------
    name : str
        The IOD, for messages.
    bits_8 : bool
        Whether 8-bit pixels are allowed; otherwise they are stored in 16.
    color : bool
        Whether RGB is allowed.
    lut : ModalityLUT
    """

    name: str
    bits_8: bool
    color: bool
    lut: ModalityLUT


@dataclass(slots=True)
class ValueRange:
    """What a scan of the values found; grows slab by slab.

    Attributes
    ----------
    low, high : int or float
        Over the finite values; `low` > `high` when there are none.
    nan, infinite : int
        Number of values that are not finite.
    integral : bool
        Whether all finite values are whole numbers.
    """

    low: float = math.inf
    high: float = -math.inf
    nan: int = 0
    infinite: int = 0
    integral: bool = True

    def add(self, values: NDArray[Any]) -> None:
        """Take in one slab."""
        low, high = values.min(), values.max()
        if values.dtype.kind == "f":
            if not (np.isfinite(low) and np.isfinite(high)):
                finite = np.isfinite(values)
                nan = int(np.isnan(values).sum())
                self.nan += nan
                self.infinite += int(finite.size - finite.sum()) - nan
                values = values[finite]
                if not values.size:
                    return
                low, high = values.min(), values.max()
            self.integral = self.integral and bool(np.array_equal(values, np.rint(values)))
            low, high = float(low), float(high)
        self._widen(*(low, high) if isinstance(low, float) else (low.item(), high.item()))

    def with_fill(self, fill: float) -> ValueRange:
        """Return the range after values that are not finite were replaced by `fill`."""
        filled = ValueRange(self.low, self.high, integral=self.integral and fill == int(fill))
        filled._widen(fill, fill)
        return filled

    def merge(self, other: ValueRange) -> None:
        """Take in what another scan found."""
        self._widen(other.low, other.high)
        self.nan += other.nan
        self.infinite += other.infinite
        self.integral = self.integral and other.integral

    def _widen(self, low: float, high: float) -> None:
        # Integers stay Python integers: a float would lose the last digits of int64.
        self.low = low if low < self.low else self.low
        self.high = high if high > self.high else self.high


class Method(StrEnum):
    """How values become stored values."""

    CAST = "cast"  # exact, the same numbers in another type
    OFFSET = "offset"  # exact, minus an integer
    QUANTISE = "quantise"  # rounded to the nearest step
    SCALE_8 = "scale-8"  # colours, multiplied and rounded to 0..255


@dataclass(frozen=True, slots=True)
class StoredValues:
    """How the values of one series are stored.

    Attributes
    ----------
    method : Method
    dtype : str
        ``|u1``, ``<u2`` or ``<i2``.
    samples : int
        1 or 3.
    slope, intercept : str
        DS: real value = stored value × slope + intercept. ``1`` and ``0`` when stored values are the real ones.
    offset : int
        Subtracted in integers, for `Method.OFFSET`.
    gain : float
        Multiplied, for `Method.SCALE_8`.
    fill : float or None
        Replaces values that are not finite.
    largest_error : float
        Largest difference between a real value read back and the layer's, in the layer's units; 0 when exact.
    """

    method: Method
    dtype: str
    samples: int = 1
    slope: str = "1"
    intercept: str = "0"
    offset: int = 0
    gain: float = 1.0
    fill: float | None = None
    largest_error: float = 0.0

    @property
    def bits(self) -> int:
        """Bits Allocated."""
        return np.dtype(self.dtype).itemsize * 8

    @property
    def signed(self) -> bool:
        """Pixel Representation."""
        return np.dtype(self.dtype).kind == "i"

    @property
    def is_identity(self) -> bool:
        """Whether stored values are the real values."""
        return self.slope == "1" and self.intercept == "0"

    def encode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn values of the layer into stored values, contiguous and little-endian; no copy where none is needed."""
        if self.samples == 3:
            values = values[..., :3]
        if self.fill is not None:
            # In double precision: a float16 might not hold the fill value.
            values = np.where(np.isfinite(values), values.astype(np.float64), self.fill)
        if self.method is Method.OFFSET:
            values = _exact_integers(values) - np.asarray(self.offset, values.dtype if values.dtype.kind in "iu" else "i8")
        elif self.method is Method.QUANTISE:
            values = self._quantise(values)
        elif self.method is Method.SCALE_8:
            values = np.clip(np.rint(values * self.gain), 0, 255)
        return np.ascontiguousarray(values, dtype=self.dtype)

    def _quantise(self, values: NDArray[Any]) -> NDArray[Any]:
        limits = np.iinfo(self.dtype)
        codes = np.subtract(values, float(self.intercept), dtype=np.float64)
        codes /= float(self.slope)
        np.rint(codes, out=codes)
        # The slope was rounded up, so nothing is clipped but the last bit's rounding; a wrap would be a silent error.
        return np.clip(codes, limits.min, limits.max, out=codes)

    def decode(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """What a reader that applies the Modality LUT (or the Real World Value Mapping) sees, in the layer's units."""
        if self.method is Method.SCALE_8:
            return np.divide(stored, self.gain, dtype=np.float64)
        real: NDArray[np.float64] = np.multiply(stored, float(self.slope), dtype=np.float64) + float(self.intercept)
        return real


def _exact_integers(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.int64) if values.dtype.kind == "f" else values


def needs_range(dtype: np.dtype[Any], rules: PixelRules, *, rgb: bool) -> bool:
    """Whether the values must be scanned before it can be decided how to store them."""
    if rgb:
        return dtype != np.uint8
    if dtype.kind == "f" or dtype.itemsize > 2:
        return True
    # PET: signed pixels only where negative values exist (PS3.3 C.8.9.1.1.1).
    return rules.lut is ModalityLUT.SLOPE_ONLY and dtype.kind == "i"


def plan_values(
    dtype: np.dtype[Any], found: ValueRange | None, rules: PixelRules, options: ExportOptions, *, samples: int
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

    Returns
    -------
    StoredValues, list of Note

    Raises
    ------
    PixelError
        Not finite without a fill value; colours where the IOD allows none; inexact under ``values="exact"``.
    """
    notes: list[Note] = []
    fill = None
    if found is not None and dtype.kind == "f":
        fill, found = _fill(found, options, notes)
    stored = _plan_color(dtype, found, rules, notes, samples) if samples > 1 else _plan_grey(dtype, found, rules, notes)
    if options.values is ValuePolicy.EXACT and (stored.largest_error or fill is not None or samples == 4):
        raise PixelError(
            f"Its values ({dtype}) cannot be kept exactly: " + "; ".join(note.text for note in notes),
            "Choose values='fit' to accept this, or convert the layer to 16-bit integers",
        )
    return replace(stored, fill=fill), notes


def _fill(found: ValueRange, options: ExportOptions, notes: list[Note]) -> tuple[float | None, ValueRange]:
    """Replace values that are not finite, or refuse them."""
    if not (found.nan or found.infinite):
        return None, found
    counts = [f"{n:,} {what}" for n, what in ((found.nan, "NaN"), (found.infinite, "infinite")) if n]
    what = " and ".join(counts) + (" values" if found.nan + found.infinite > 1 else " value")
    if options.nan is None:
        raise PixelError(f"It holds {what}, which DICOM pixels cannot", "Choose a fill value, such as nan=0 (--nan 0)")
    notes.append(Note(NoteKind.LOST, f"{what} replaced by {options.nan:g}"))
    return options.nan, found.with_fill(options.nan)


def _plan_grey(dtype: np.dtype[Any], found: ValueRange | None, rules: PixelRules, notes: list[Note]) -> StoredValues:
    if found is None:
        if dtype.itemsize == 1 and dtype.kind in "bu":
            return StoredValues(Method.CAST, "|u1" if rules.bits_8 else "<u2")
        return StoredValues(Method.CAST, "<i2" if dtype.kind == "i" else "<u2")
    if found.integral and found.low >= 0 and found.high <= _TOP:
        return StoredValues(Method.CAST, "<u2")
    if found.integral and found.low >= -32768 and found.high <= 32767:
        return StoredValues(Method.CAST, "<i2")
    if found.integral and rules.lut is not ModalityLUT.SLOPE_ONLY and found.high - found.low <= _TOP:
        offset = int(found.low)
        if decimal_string(offset) == str(offset):
            note = _lut_note(rules, f"Whole numbers from {offset:,} stored in 16 bits, exactly, minus {offset:,}")
            notes.append(Note(NoteKind.INFO, note))
            return StoredValues(Method.OFFSET, "<u2", intercept=str(offset), offset=offset)
    return _plan_quantised(dtype, found, rules, notes)


def _plan_quantised(
    dtype: np.dtype[Any], found: ValueRange, rules: PixelRules, notes: list[Note]
) -> StoredValues:
    """One slope and intercept for the series, formatted first, so that readers compute with the very same numbers."""
    low, high = float(found.low), float(found.high)
    stored_as, intercept, error = "<u2", "0", 0.0
    if rules.lut is ModalityLUT.SLOPE_ONLY:
        stored_as = "<i2" if low < 0 else "<u2"
        slope = _slope_above(max(abs(low), abs(high)) / (32767 if low < 0 else _TOP))
    elif low == high:  # any slope will do, and zero is forbidden (PS3.3 C.11.1.1)
        slope, intercept = "1", decimal_string(low)
        error = abs(float(intercept) - low)
    elif low <= 0 <= high:
        slope = _slope_above(high / (_TOP - 1) - low / (_TOP - 1))
        intercept = product(slope, -math.ceil(-low / float(slope)))
    else:
        intercept = decimal_string_below(low)
        slope = _slope_above(high / (_TOP - 1) - float(intercept) / (_TOP - 1))
    # Half a step, plus what double precision itself cannot tell apart at this size.
    error = (error if low == high else float(slope) / 2 * (1 + 1e-6)) + 4 * float(np.spacing(max(abs(low), abs(high))))
    kind = "Floats" if dtype.kind == "f" else "Integers wider than 16 bits"
    text = f"{kind} from {low:.6g} to {high:.6g} stored in 16 bits, in steps of {float(slope):g}; largest error {error:.3g}"
    notes.append(Note(NoteKind.LOST, _lut_note(rules, text)))
    return StoredValues(Method.QUANTISE, stored_as, slope=slope, intercept=intercept, largest_error=error)


def _slope_above(value: float) -> str:
    if not math.isfinite(value):
        raise PixelError("Its values span more than double precision holds", "Scale the layer's values down")
    # Below, a DS has too few bytes for sign, digits and exponent.
    return decimal_string_above(max(value, 1e-99), _SLOPE_DIGITS)


def _lut_note(rules: PixelRules, text: str) -> str:
    if rules.lut is not ModalityLUT.REAL_WORLD:
        return text
    return f"{text}. {rules.name} has no Rescale Slope: the real values are in the Real World Value Mapping, and a plain viewer shows the stored ones"


def _plan_color(
    dtype: np.dtype[Any], found: ValueRange | None, rules: PixelRules, notes: list[Note], samples: int
) -> StoredValues:
    if not rules.color:
        raise PixelError(f"It has colours, and {rules.name} images have none", "Choose modality='OT' for colour layers")
    if samples == 4:
        notes.append(Note(NoteKind.LOST, "The alpha channel is dropped"))
    whole = found is not None and found.integral and 0 <= found.low and found.high <= 255
    if found is None or (whole and (dtype.kind in "iu" or found.high > 1)):
        return StoredValues(Method.CAST, "|u1", samples=3)
    if dtype == np.uint16:
        gain, step = 255 / _TOP, "257"
    elif dtype.kind == "f" and found.low >= 0 and found.high <= 1:
        gain, step = 255.0, "1/255"
    else:
        raise PixelError(
            f"Its colours ({dtype}) run from {found.low:g} to {found.high:g}",
            "Scale colours to 0..255 as uint8, or to 0..1 as floats",
        )
    error = 0.5 / gain * (1 + 1e-6)
    notes.append(Note(NoteKind.LOST, f"Colours ({dtype}) stored in 8 bits, in steps of {step}; largest error {error:.3g}"))
    return StoredValues(Method.SCALE_8, "|u1", samples=3, gain=gain, largest_error=error)


@dataclass(frozen=True, slots=True)
class Window:
    """Which values to display (VOI LUT module, PS3.3 C.11.2)."""

    center: str
    width: str
    exact: bool = field(default=False)

    @property
    def function(self) -> str:
        """VOI LUT Function."""
        return "LINEAR_EXACT" if self.exact else "LINEAR"


def plan_window(limits: tuple[float, float] | None, stored: StoredValues, rules: PixelRules) -> Window | None:
    """Turn display limits (real values) into a window.

    LINEAR for whole numbers: width = high - low + 1 (PS3.3 C.11.2.1.2.1). LINEAR_EXACT otherwise: width = high - low.
    Where the IOD has no Modality LUT the window applies to stored values.

    Returns
    -------
    Window or None
        None for colours, and for limits that are not given, not finite, or upside down.
    """
    if limits is None or stored.samples > 1:
        return None
    low, high = (float(limit) for limit in limits)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        return None
    quantised = stored.method is Method.QUANTISE
    if rules.lut is ModalityLUT.REAL_WORLD and not stored.is_identity:
        low, high = ((limit - float(stored.intercept)) / float(stored.slope) for limit in (low, high))
        quantised = False
    if quantised and high > low:
        return Window(decimal_string((low + high) / 2), decimal_string(high - low), exact=True)
    return Window(decimal_string((low + high + 1) / 2), decimal_string(high - low + 1))
