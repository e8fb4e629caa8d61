"""Elements that many instances share, encoded once by pydicom, and the few that vary spliced in between.

The result is byte for byte what pydicom writes for the same elements.
"""

from __future__ import annotations

import struct
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_dicom_writer.iods.modules.attributes import Attributes

_ASCII = "ISO_IR 6"


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
        pieces = _encode_between(shared, [tag_of(keyword) for keyword in keywords])
        self._pieces = list(zip(keywords, pieces[:-1], strict=True))
        self._last = pieces[-1]

    def encode(self, values: Attributes) -> bytes:
        """Encode all elements in tag order; `values` has every keyword that varies."""
        parts: list[bytes] = []
        for keyword, shared in self._pieces:
            parts += (shared, encode_element(keyword, values[keyword]))
        parts.append(self._last)
        return b"".join(parts)


def _encode_between(dataset: Dataset, tags: list[int]) -> list[bytes]:
    """Encode a data set in pieces, cut before each of the tags, which must not be in it."""
    encoding = convert_encodings(dataset.get("SpecificCharacterSet", _ASCII))
    pieces = []
    for low, high in zip([0, *tags], [*tags, 0xFFFFFFFF], strict=True):
        part = Dataset()
        part.update({tag: element for tag, element in dataset.items() if low <= tag < high})
        buffer = BytesIO()
        stream = DicomFileLike(buffer)
        stream.is_little_endian, stream.is_implicit_VR = True, False
        write_dataset(stream, part, encoding)
        pieces.append(buffer.getvalue())
    return pieces


@cache
def tag_of(keyword: str) -> int:
    """Return the tag of a keyword of the standard."""
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword  # noqa: S101 - keywords come from our own modules
    return tag


@cache
def _prefix(keyword: str) -> tuple[bytes, bytes]:
    """Tag and VR as bytes, and the padding of the VR."""
    tag, vr = tag_of(keyword), dictionary_VR(keyword)
    return struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode()), b"\0" if vr == "UI" else b" "


def encode_element(keyword: str, value: str | int) -> bytes:
    """Encode one element of a short text VR, UL or US, in Explicit VR Little Endian (PS3.5 7.1.2).

    Examples
    --------
    >>> encode_element("InstanceNumber", "7").hex(" ", 2)
    '2000 1300 4953 0200 3720'
    """
    prefix, padding = _prefix(keyword)
    if isinstance(value, int):
        raw = struct.pack("<L" if prefix.endswith(b"UL") else "<H", value)
    else:
        raw = value.encode("ascii")
        raw += padding * (len(raw) % 2)
    return prefix + struct.pack("<H", len(raw)) + raw
