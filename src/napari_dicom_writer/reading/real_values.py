"""What pixels mean, as their header says: stored values → real values → what of them is displayed (PS3.3 C.11).

Knows nothing of how this package writes, so that it can judge what was written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.multival import MultiValue

from napari_dicom_writer.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    Said = Dataset | Mapping[str, Any]  # of an instance, or of a frame

PIXEL_TAGS = (
    "SamplesPerPixel PhotometricInterpretation PlanarConfiguration BitsAllocated BitsStored HighBit "
    "PixelRepresentation RescaleSlope RescaleIntercept DoseGridScaling ModalityLUTSequence "
    "RealWorldValueMappingSequence WindowCenter WindowWidth VOILUTFunction ExtendedOffsetTable "
    "ExtendedOffsetTableLengths"
).split()
"""Keywords of the attributes that this module reads."""

_MOST_BITS = 64
_GRAY = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
_COLORED = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_REPAIRED = "Ask its maker for a repaired file"
_FLOATING = (32, 64)  # bits of Float and Double Float Pixel Data, which have no sign and no bits that are not stored
_LOOKUP = "Apply its lookup table with another program, and write the result"


@dataclass(frozen=True, slots=True)
class StoredType:
    """How pixels are stored (PS3.3 C.7.6.3).

    Attributes
    ----------
    samples : int
    photometric : str
    allocated, bits : int
        Bits Allocated, and Bits Stored.
    signed : bool
    floating : bool
        Whether they are floats of Parametric Maps (PS3.3 C.7.6.24).
    """

    samples: int
    photometric: str
    allocated: int
    bits: int
    signed: bool
    floating: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that a decoder returns."""
        if self.floating:
            return np.dtype(f"f{self.allocated // 8}")
        return np.dtype(f"{'i' if self.signed else 'u'}{max(1, self.allocated // 8)}")

    @property
    def limits(self) -> tuple[int, int]:
        """Least and greatest stored value."""
        return (-(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1) if self.signed else (0, 2**self.bits - 1)


def stored_type_of(header: Said) -> StoredType:
    """Read how pixels are stored.

    Raises
    ------
    ReadError
        For pixels that are neither gray nor of three colors.
    """
    floating = "PixelRepresentation" not in header and header.get("BitsAllocated") in _FLOATING
    if "BitsAllocated" not in header or ("PixelRepresentation" not in header and not floating):
        raise ReadError("Its header does not say how its pixels are stored", _REPAIRED)
    photometric = str(header.get("PhotometricInterpretation") or "")
    allocated, samples = int(header.get("BitsAllocated") or 0), int(header.get("SamplesPerPixel") or 1)
    stored = header.get("BitsStored")
    bits = allocated if stored is None else int(stored)
    if samples not in (1, 3):
        raise ReadError(f"It has {samples} samples a pixel", "Read it with a program that knows its kind")
    if photometric not in (_GRAY if samples == 1 else _COLORED):
        raise ReadError(f"Its {samples} samples a pixel are said to be {photometric!r}", _REPAIRED)
    if not 0 < bits <= allocated <= _MOST_BITS or (allocated > 1 and allocated % 8):
        raise ReadError(f"It says to store {bits} bits of {allocated} for each sample", _REPAIRED)
    return StoredType(
        samples=samples,
        photometric=photometric,
        allocated=allocated,
        bits=bits,
        signed=bool(header.get("PixelRepresentation")),
        floating=floating,
    )


@dataclass(frozen=True, slots=True)
class ValueMap:
    """Real value = stored value × slope + intercept."""

    slope: float = 1.0
    intercept: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether whole numbers stay whole."""
        return self.slope.is_integer() and self.intercept.is_integer()

    def __call__(self, stored: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Map stored values to real ones of a type from `real_dtype`."""
        if self == ValueMap():
            return stored.astype(dtype, copy=False)
        if dtype.kind == "f":
            values: NDArray[Any] = np.multiply(stored, self.slope, dtype=dtype)
            values += self.intercept
            return values
        # Integers wrap on the way, and arrive: modulo 2^n the result is right, and it fits.
        modulus = 2 ** (8 * dtype.itemsize)
        unsigned = np.dtype(f"u{dtype.itemsize}")
        values = stored.astype(unsigned)
        values *= unsigned.type(int(self.slope) % modulus)
        values += unsigned.type(int(self.intercept) % modulus)
        return values.view(dtype)


def is_rescaled(header: Said) -> bool:
    """Whether there is a Rescale Slope or Intercept, which display applies; a Real World Value Mapping it does not."""
    return any(header.get(keyword) is not None for keyword in ("RescaleSlope", "RescaleIntercept"))


def is_mapped(header: Said) -> bool:
    """Whether `value_map_of` may go by a Real World Value Mapping: a rescale that changes nothing does not hinder it.

    Enhanced objects must have a rescale, also where real values are mapped.
    """
    return "RealWorldValueMappingSequence" in header and _rescale_of(header) == ValueMap()


def is_unmapped(header: Said) -> bool:
    """Whether there is a Real World Value Mapping that nothing else says, and `value_map_of` cannot go by."""
    return is_mapped(header) and bool(header.get("RealWorldValueMappingSequence")) and _mapping_of(header) is None


def value_map_of(header: Said) -> ValueMap:
    """Read the Modality LUT or the scaling of a dose, else the one linear Real World Value Mapping, else none.

    Raises
    ------
    ReadError
        If the Modality LUT is a table, or its numbers are not finite.
    """
    if header.get("ModalityLUTSequence"):
        raise ReadError("Its real values are in a lookup table", _LOOKUP)
    found = (_mapping_of(header) if is_mapped(header) else None) or _rescale_of(header)
    if not np.isfinite((found.slope, found.intercept)).all() or found.slope == 0:
        raise ReadError("Its slope and intercept are not finite numbers, or zero", _REPAIRED)
    return found


def _rescale_of(header: Said) -> ValueMap:
    slope, intercept = header.get("RescaleSlope"), header.get("RescaleIntercept")
    if slope is None:
        slope = header.get("DoseGridScaling")
    return ValueMap(1.0 if slope is None else float(slope), 0.0 if intercept is None else float(intercept))


def _mapping_of(header: Said) -> ValueMap | None:
    items = header.get("RealWorldValueMappingSequence") or ()
    linear = [item for item in items if "RealWorldValueSlope" in item and "RealWorldValueIntercept" in item]
    if len(items) != 1 or not linear:
        return None
    return ValueMap(float(linear[0].RealWorldValueSlope), float(linear[0].RealWorldValueIntercept))


def unit_of(header: Said) -> str:
    """Read the unit of the values that a Real World Value Mapping makes, in UCUM; empty where there is none."""
    if not is_mapped(header) or _mapping_of(header) is None:
        return ""
    mappings: Any = header.get("RealWorldValueMappingSequence")
    units = mappings[0].get("MeasurementUnitsCodeSequence") or ()
    code = str(units[0].get("CodeValue") or "") if units else ""
    return "" if code == "1" or re.fullmatch(r"\{.*\}", code) else code


def real_dtype(stored: StoredType, maps: Collection[ValueMap]) -> np.dtype[Any]:
    """Return the type that holds the real values of all planes.

    The stored one where they are the same; the smallest integer that holds every possible value where slope and
    intercept are whole; else double precision.
    """
    if all(each == ValueMap() for each in maps):
        return stored.dtype
    if not stored.floating and all(each.whole for each in maps):
        ends = [int(each.slope) * limit + int(each.intercept) for each in maps for limit in stored.limits]
        for name in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"):
            if np.iinfo(name).min <= min(ends) and max(ends) <= np.iinfo(name).max:
                return np.dtype(name)
    return np.dtype(np.float64)


def window_of(header: Said, values: ValueMap) -> tuple[float, float] | None:
    """Read the first window as the least and greatest real value it shows (inverse of PS3.3 C.11.2.1.2).

    Where values are mapped by Real World Value Mapping, the window is one of stored values, and is mapped like them.

    Returns
    -------
    tuple of float or None
        None where there is none, or a sigmoid, which has no ends.
    """
    center, width = (first_number(header.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    function = str(header.get("VOILUTFunction") or "LINEAR")
    if center is None or width is None or not np.isfinite((center, width)).all():
        return None
    if function == "LINEAR" and width >= 1:
        low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
    elif function == "LINEAR_EXACT" and width > 0:
        low, high = center - width / 2, center + width / 2
    else:
        return None
    if is_mapped(header) or not is_rescaled(header):
        low, high = sorted(values.slope * end + values.intercept for end in (low, high))
    return low, high


def first_number(value: Any) -> float | None:
    """Return the first of one or several numbers; None where there is none."""
    values = value if isinstance(value, MultiValue | np.ndarray) else [value]
    return next((float(number) for number in values if number not in (None, "")), None)
