"""Elements that many instances share, encoded once by pydicom, and the few that vary spliced in between.

The result is byte for byte what pydicom writes for the same elements.
"""

from __future__ import annotations

import struct
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydicom.dataelem import DataElement

    from napari_dicom_writer.iods.modules.attributes import Attributes

_ASCII = "ISO_IR 6"
_SHORT, _LONG = struct.Struct("<H"), struct.Struct("<L")


class Splice:
    """Encodes a data set, or file meta information, of which a part varies. Safe to share between threads.

    Parameters
    ----------
    shared
        What all instances have in common.
    varying
        Keywords of what varies, none of which is in `shared`.
    """

    def __init__(self, shared: Dataset, varying: Iterable[str]) -> None:
        keywords = sorted(varying, key=tag_of)
        *before, self._last = _encode_between(shared, [tag_of(keyword) for keyword in keywords])
        # Keyword, all bytes up to its length, what encodes that.
        self._pieces = [(k, piece + _prefix(k), _length_of(k).pack) for k, piece in zip(keywords, before, strict=True)]

    def encode(self, values: Attributes) -> list[bytes]:
        """Encode all elements in tag order, in parts to be joined; `values` has every keyword that varies."""
        parts: list[bytes] = []
        for keyword, before, pack in self._pieces:
            raw = _encode_value(keyword, values[keyword])
            parts += (before, pack(len(raw)), raw)
        parts.append(self._last)
        return parts


def _encode_value(keyword: str, value: Any) -> bytes:
    if isinstance(value, str):
        raw = value.encode("ascii")
        return raw + _padding(keyword) if len(raw) % 2 else raw
    if isinstance(value, int):
        return (_LONG if dictionary_VR(keyword) == "UL" else _SHORT).pack(value)
    return _encode_items(keyword, value)


def _encode_items(keyword: str, items: Sequence[Dataset]) -> bytes:
    """Let pydicom encode a sequence, and leave out its head."""
    dataset = Dataset()
    setattr(dataset, keyword, list(items))
    return encoded(dataset, "iso8859")[len(_prefix(keyword)) + _LONG.size :]


def _encode_between(dataset: Dataset, tags: list[int]) -> list[bytes]:
    """Encode a data set in pieces, cut before each of the tags, which must not be in it."""
    encoding = convert_encodings(dataset.get("SpecificCharacterSet", _ASCII))
    # pydicom's tags compare slowly.
    pieces, elements = [], [(int(tag), tag, element) for tag, element in dataset.items()]
    for low, high in zip([0, *tags], [*tags, 0xFFFFFFFF], strict=True):
        part = Dataset()
        part.update({tag: element for number, tag, element in elements if low <= number < high})
        pieces.append(encoded(part, encoding))
    return pieces


def encoded(dataset: Dataset, encoding: str | list[str]) -> bytes:
    """Let pydicom encode a data set, little endian with explicit VRs."""
    buffer = BytesIO()
    stream = DicomFileLike(buffer)
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, dataset, encoding)
    return buffer.getvalue()


@cache
def tag_of(keyword: str) -> int:
    """Return the tag of a keyword of the standard."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword  # noqa: S101 - keywords come from our own modules
    return tag


@cache
def _prefix(keyword: str) -> bytes:
    """Tag and VR as bytes, and what is reserved before a length of four bytes (PS3.5 7.1.2)."""
    tag, vr = tag_of(keyword), dictionary_VR(keyword)
    return struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode()) + (b"\0\0" if vr == "SQ" else b"")


@cache
def _length_of(keyword: str) -> struct.Struct:
    return _LONG if dictionary_VR(keyword) == "SQ" else _SHORT


@cache
def _padding(keyword: str) -> bytes:
    return b"\0" if dictionary_VR(keyword) == "UI" else b" "


def head_of(keyword: str, length: int) -> bytes:
    """Encode tag, VR and length of an element of a short VR (PS3.5 7.1.2).

    Examples
    --------
    >>> head_of("InstanceNumber", 2).hex(" ", 2)
    '2000 1300 4953 0200'
    """
    return _prefix(keyword) + _SHORT.pack(length)


def pad_text(element: DataElement, text: str, length: int) -> None:
    """Let an element hold a text padded to a length, as PS3.5 6.2 allows; pydicom's own types would not keep it."""
    element._value = text.ljust(length, "\0" if element.VR == "UI" else " ")
