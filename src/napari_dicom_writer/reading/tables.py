"""Stored values that mean what a table says: colors of a palette (PS3.3 C.7.9), or real values (C.11.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.pixels.processing import apply_color_lut

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.real_values import ValueMap, real_dtype

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.real_values import StoredType

_COLORS = ("Red", "Green", "Blue")
_PALETTE = "{}PaletteColorLookupTable{}"
TABLE_TAGS = [
    "ModalityLUTSequence",
    *(_PALETTE.format(color, "Descriptor") for color in _COLORS),
    *(_PALETTE.format(f"{kind}{color}", "Data") for kind in ("", "Segmented") for color in _COLORS),
]
"""Keywords of the attributes that `table_of` reads."""

_MOST = 2**16  # entries, which a descriptor writes as 0
_REMEDY = "Ask its maker for a repaired file"


@dataclass(frozen=True, slots=True)
class Table:
    """What each stored value means.

    Attributes
    ----------
    first : int
        Stored value of the first entry; lower ones mean the same, and higher ones than the last what the last means.
    entries : bytes
        As unsigned integers.
    itemsize : int
        Bytes of an entry.
    samples : int
        1, or 3 of colors.
    """

    first: int
    entries: bytes
    itemsize: int
    samples: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of an entry."""
        return np.dtype(f"u{self.itemsize}")

    def __call__(self, stored: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """Map stored values: (*shape*) or (*shape*, 3)."""
        entries = np.frombuffer(self.entries, self.dtype)
        entries = entries.reshape(-1, self.samples) if self.samples > 1 else entries
        index = np.clip(stored.astype(np.int32) - self.first, 0, len(entries) - 1)
        return entries[index].astype(dtype, copy=False)


Values = ValueMap | Table
"""What stored values mean."""


def table_of(header: Dataset, stored: StoredType) -> Table | None:
    """Read the palette, or the Modality LUT that is a table; None where there is neither.

    Raises
    ------
    ReadError
        If it is not whole.
    Exception
        Whatever nonsense makes the parser raise.
    """
    if "SegmentSequence" in header:
        return None
    little = bool(header.original_encoding[1])
    if stored.photometric == "PALETTE COLOR":
        return _palette(header, little=little)
    items = header.get("ModalityLUTSequence")
    if not items:
        return None
    count, first, bits = _described(items[0].get("LUTDescriptor"), signed=stored.signed)
    return _table(first, (_entries(items[0].get("LUTData"), count, bits, little=little).tobytes(),), bits)


def _palette(header: Dataset, *, little: bool) -> Table:
    count, first, bits = _described(header.get(_PALETTE.format("Red", "Descriptor")), signed=True)
    if _PALETTE.format("Red", "Data") in header:
        data = [header.get(_PALETTE.format(color, "Data")) for color in _COLORS]
        colors = [_entries(each, count, bits, little=little) for each in data]
    elif bits > 8 or count <= 2**8:
        # pydicom unfolds segments; it takes them for the index that the descriptor says.
        unfolded = apply_color_lut(np.arange(first, first + count), header)
        colors = [unfolded[..., sample].astype(np.uint16) for sample in range(3)]
    else:
        raise ReadError("Its palette cannot be unfolded", _REMEDY)
    if bits > 8 and max(color.max() for color in colors) < 2**8:
        bits = 8  # some write 16 and mean 8
    return _table(first, tuple(color.tobytes() for color in colors), bits)


def _described(descriptor: Any, *, signed: bool) -> tuple[int, int, int]:
    """Return how many entries there are, the stored value of the first, and the bits of each."""
    if descriptor is None or len(descriptor) != 3:
        raise ReadError("Its lookup table is not described", _REMEDY)
    count, first, bits = (int(value) for value in descriptor)
    if not signed:
        first %= _MOST
    return count % _MOST or _MOST, first, bits


def _entries(data: Any, count: int, bits: int, *, little: bool) -> NDArray[np.uint16]:
    """Read a table: words, or bytes, two of which may be in each word (PS3.3 C.7.6.3.1.6)."""
    if data is None:
        raise ReadError("Its lookup table is missing", _REMEDY)
    if not isinstance(data, bytes):
        found = np.atleast_1d(np.asarray(data)).astype(np.uint16)
    elif bits <= 8 and len(data) in (count, count + count % 2):
        found = np.frombuffer(data, np.uint8).astype(np.uint16)
        # Bytes are in words, and swapped where words are.
        found = found if little or len(found) % 2 else found.reshape(-1, 2)[:, ::-1].ravel()
    else:
        found = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little else ">u2").astype(np.uint16)
    if len(found) < count:
        raise ReadError("Its lookup table is not whole", _REMEDY)
    return found[:count]


@lru_cache(maxsize=32)
def _table(first: int, columns: tuple[bytes, ...], bits: int) -> Table:
    """Put columns together; the same table is held once for all pictures. Colors get 8 bits, which napari shows."""
    entries = np.stack([np.frombuffer(column, np.uint16) for column in columns], axis=-1)
    if len(columns) == 1 and bits > 8:
        return Table(first, entries.tobytes(), 2, 1)
    if bits > 8:
        entries = (entries >> 8).astype(
            np.uint16
        )  # as viewers do: some leave the lower byte empty, others repeat the upper one
    return Table(first, np.minimum(entries, 255).astype(np.uint8).tobytes(), 1, len(columns))


def dtype_of(stored: StoredType, values: Collection[Values]) -> np.dtype[Any]:
    """Return the type that holds what the values of all planes mean."""
    tables = [each for each in values if isinstance(each, Table)]
    if not tables:
        return real_dtype(stored, {each for each in values if isinstance(each, ValueMap)})
    return np.result_type(*(table.dtype for table in tables))
