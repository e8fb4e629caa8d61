"""Items of a sequence as they must stand in a file, encoded here and not by pydicom, which encoded the file.

Of ten thousand segments pydicom would parse and write each to compare it, for most of the time of an export. The same
bytes from two encoders say as much: every element, every length and every byte between them.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from napari_dicom_writer.standard.elements import NUMBERS, item_head
from napari_dicom_writer.writing.splice import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom.dataelem import DataElement
    from pydicom.tag import BaseTag

_TEXTS = {"CS", "LO", "SH", "ST", "UC", "UI", "UT"}
_LETTERS = 1024  # of a text whose length surely fits into two bytes
_UTF_8 = "utf8"


def encode_items(items: Iterable[Dataset]) -> bytes:
    """Encode items little endian with explicit VRs, defined lengths and texts in UTF-8, without the head of a sequence.

    Examples
    --------
    >>> from pydicom import Dataset
    >>> item = Dataset()
    >>> item.SegmentNumber = 7
    >>> encode_items([item]).hex(" ", -4)
    'feff00e0 0a000000 62000400 55530200 0700'
    """
    content = bytearray()
    for item in items:
        body = b"".join(map(_encode, item))
        content += item_head(len(body)) + body
    return bytes(content)


def _encode(element: DataElement) -> bytes:
    vr, value = element.VR, element.value
    if vr == "SQ":
        content = encode_items(value)
    elif vr in NUMBERS and not element.is_empty:
        content = np.array(value, NUMBERS[vr]).tobytes()
    elif vr in _TEXTS and isinstance(value, str) and len(value) <= _LETTERS:
        content = value.encode(_UTF_8)
        content += (b"\0" if vr == "UI" else b" ") * (len(content) % 2)
    else:
        alone = Dataset()
        alone.add(element)
        return encoded(alone, _UTF_8)
    return _head_of(element.tag, vr, len(content)) + content


def _head_of(tag: BaseTag, vr: str, length: int) -> bytes:
    """Encode tag, VR and length, of two bytes or of four (PS3.5 7.1.2)."""
    start = struct.pack("<HH2s", tag.group, tag.element, vr.encode())
    return start + (struct.pack("<HL", 0, length) if vr in EXPLICIT_VR_LENGTH_32 else struct.pack("<H", length))
