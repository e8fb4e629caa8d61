"""How values are stored: dtype and Modality LUT.

The chain of PS3.3 C.11: stored values → Modality LUT (slope, intercept) → real values → VOI LUT (window) → display.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.blocks import row_blocks
from napari_dicom_writer.plan.quantizing import are_nearest, quantize

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ModalityLUT(StrEnum):
    """What an IOD allows between stored and real values."""

    FULL = "full"  # slope and intercept
    SLOPE_ONLY = "slope-only"  # intercept 0
    REAL_WORLD = "real-world"  # none; Real World Value Mapping instead


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
    signed : bool
        Whether pixels may be signed; otherwise an intercept carries what is below 0.
    floats : bool
        Whether pixels are floats themselves, at home with NaN.
    sign_by_values : bool
        Whether pixels may be signed only where negative values exist, so that these must be looked for.
    mappable : bool
        Whether it may go without its Modality LUT, with a Real World Value Mapping instead.
    """

    name: str
    bits_8: bool
    color: bool
    lut: ModalityLUT
    signed: bool = True
    floats: bool = False
    sign_by_values: bool = False
    mappable: bool = False


class Method(StrEnum):
    """How values become stored values."""

    CAST = "cast"  # exact, the same numbers in another type
    OFFSET = "offset"  # exact, minus an integer
    QUANTIZE = "quantize"  # rounded to the nearest step
    SCALE_8 = "scale-8"  # colors, multiplied and rounded to 0..255


@dataclass(frozen=True, slots=True)
class StoredValues:
    """How the values of one series are stored.

    Attributes
    ----------
    method : Method
    dtype : str
        ``|u1``, ``<u2`` or ``<i2``; ``<f4`` or ``<f8`` of floats that are stored as such.
    samples : int
        1 or 3.
    slope, intercept : str
        DS: real value = stored value × slope + intercept. ``1`` and ``0`` when stored values are the real ones.
    mapped : bool
        Whether slope and intercept are those of a Real World Value Mapping, and display goes by stored values.
    offset : int
        Subtracted in integers, for `Method.OFFSET`.
    gain : float
        Multiplied, for `Method.SCALE_8`.
    fill : float or None
        Replaces values that are not finite.
    padded : bool
        Whether NaN is among floats that are stored as such: it is declared as padding.
    largest_error : float
        Largest difference between a real value read back and the layer's, in the layer's units; 0 when exact.
    single_error : float or None
        For `Method.QUANTIZE`: how much of a step single precision rounds, which is in `largest_error`, too; None where
        double precision is needed.
    """

    method: Method
    dtype: str
    samples: int = 1
    slope: str = "1"
    intercept: str = "0"
    mapped: bool = False
    offset: int = 0
    gain: float = 1.0
    fill: float | None = None
    padded: bool = False
    largest_error: float = 0.0
    single_error: float | None = None

    @property
    def bits(self) -> int:
        """Bits Allocated."""
        return np.dtype(self.dtype).itemsize * 8

    @property
    def signed(self) -> bool:
        """Pixel Representation."""
        return np.dtype(self.dtype).kind == "i"

    @property
    def is_float(self) -> bool:
        """Whether they are floats themselves."""
        return np.dtype(self.dtype).kind == "f"

    @property
    def is_identity(self) -> bool:
        """Whether stored values are the real values."""
        return self.slope == "1" and self.intercept == "0"

    def encode(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn values of the layer into stored values, contiguous and little-endian; no copy where none is needed."""
        if self.method is Method.QUANTIZE:
            return quantize(self, values)
        values = self.finite(values)
        if self.method is Method.OFFSET:
            whole = values.astype(_wide(values.dtype), copy=False)
            values = whole - np.asarray(self.offset, whole.dtype)
        elif self.method is Method.SCALE_8:
            values = np.clip(np.rint(np.multiply(values, self.gain, dtype=np.float64)), 0, 255)
        return np.ascontiguousarray(values, dtype=self.dtype)

    def encode_part(self, values: NDArray[Any], part: int | None) -> NDArray[Any]:
        """Turn the values of a plane into the stored values of one frame of it; `part` is that of its `FramePlan`."""
        return self.encode(values)

    def matches_part(self, stored: NDArray[Any], values: NDArray[Any], part: int | None) -> bool:
        """Tell whether one frame of a plane is what the layer holds, as `matches` does."""
        return self.matches(stored, values)

    def matches(self, stored: NDArray[Any], values: NDArray[Any]) -> bool:
        """Tell whether stored values, as read, are those of the layer: exactly, or within the largest error.

        Parameters
        ----------
        stored
            (rows, columns) or (rows, columns, 3).
        values
            What the layer holds there, with as many samples or one more.
        """
        if self.method is Method.QUANTIZE and self.single_error is not None and are_nearest(self, stored, values):
            return True
        values = self.finite(values)
        if not self.largest_error and self.method is Method.CAST:
            return bool(np.array_equal(stored, values, equal_nan=self.is_float and values.dtype.kind == "f"))
        if not self.largest_error and self.method is Method.OFFSET and values.dtype.kind in "iu":
            # In integers: the real values of int64 pass what a float holds.
            wide = _wide(values.dtype)
            return bool(np.array_equal(stored.astype(wide) + np.asarray(self.offset, wide), values))
        return all(self._within(stored[rows], values[rows]) for rows in row_blocks(values))

    def _within(self, stored: NDArray[Any], values: NDArray[Any]) -> bool:
        difference = self.decode(stored)
        difference -= values
        # NaN compares false, and so is caught, too.
        return bool(difference.min() >= -self.largest_error and difference.max() <= self.largest_error)

    def finite(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values without alpha, and with the fill value instead of NaN and infinity."""
        if self.samples == 3:
            values = values[..., :3]
        # In double precision: a float16 might not hold the fill value.
        return values if self.fill is None else np.where(np.isfinite(values), values.astype(np.float64), self.fill)

    def decode(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """What a reader that applies the Modality LUT (or the Real World Value Mapping) sees, in the layer's units."""
        if self.method is Method.SCALE_8:
            colors: NDArray[np.float64] = np.divide(stored, self.gain, dtype=np.float64)
            return colors
        real: NDArray[np.float64] = np.multiply(stored, float(self.slope), dtype=np.float64) + float(self.intercept)
        return real


def _wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Integers in which values of a type and their offset do not wrap."""
    return dtype if dtype.kind in "iu" and dtype.itemsize >= 4 else np.dtype(np.int64)


@dataclass(frozen=True, slots=True)
class Window:
    """Which values to display: a LINEAR window (VOI LUT module, PS3.3 C.11.2.1.2.1).

    Floats have one, too, and VOI LUT Function is left out, because LINEAR is its default: OHIF 3.13 shows nothing but
    black where the attribute is present, and where LINEAR_EXACT numbers are taken for LINEAR ones.
    """

    center: str
    width: str
