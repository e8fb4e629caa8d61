"""DICOM files put together byte by byte, so that they may be wrong in any way. Shares no code with the reader."""

from __future__ import annotations

import struct

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

UNDEFINED = 0xFFFFFFFF
_LONG = {"OB", "OW", "SQ", "UN", "UT"}
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


def element(tag: int | str, value: bytes, vr: str = "", length: int | None = None, syntax: str = "") -> bytes:
    """Encode one element; `length` may lie about the value's."""
    number = tag if isinstance(tag, int) else tag_for_keyword(tag)
    vr = vr or dictionary_VR(number)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    value += (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    length = len(value) if length is None else length
    head = struct.pack(f"{order}HH", number >> 16, number & 0xFFFF)
    if syntax == ImplicitVRLittleEndian:
        return head + struct.pack("<L", length) + value
    if vr in _LONG:
        return head + vr.encode() + b"\0\0" + struct.pack(f"{order}L", length) + value
    return head + vr.encode() + struct.pack(f"{order}H", length) + value


def item(tag: int, content: bytes = b"", length: int | None = None, order: str = "<") -> bytes:
    """Encode an item or a delimiter."""
    length = len(content) if length is None else length
    return struct.pack(f"{order}HHL", tag >> 16, tag & 0xFFFF, length) + content


def part10(dataset: bytes, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Put preamble and File Meta Information before a data set."""
    meta = element(0x00020001, b"\0\1", "OB") + element(0x00020010, syntax.encode(), "UI")
    return bytes(128) + b"DICM" + element(0x00020000, struct.pack("<L", len(meta)), "UL") + meta + dataset


def dataset(values: dict[str, bytes], syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Encode values by keyword, in the order of their tags."""
    ordered = sorted(values.items(), key=lambda pair: tag_for_keyword(pair[0]))
    return b"".join(element(keyword, value, syntax=syntax) for keyword, value in ordered)
