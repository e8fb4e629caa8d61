"""Elements as bytes (PS3.5 7.1)."""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple, Protocol

from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, VR

UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
NUMBERS = {"US": "<u2", "UL": "<u4", "FD": "<f8"}
"""VRs of binary numbers, and how NumPy holds them."""
MOST_BYTES = 2**16 - 2
"""Of a value with an explicit VR whose length has 16 bits (PS3.5 7.1.2): an even number."""
VRS = {vr.encode() for vr in VR}
_LONG_VRS = {vr.encode() for vr in EXPLICIT_VR_LENGTH_32}


class BrokenError(Exception):
    """The walk cannot go on."""


class Encoding(NamedTuple):
    """How elements are written."""

    implicit: bool = False
    order: Literal["little", "big"] = "little"


class Readable(Protocol):
    """What bytes are read from, one after the other."""

    def read(self, length: int, /) -> bytes:
        """Read so many bytes; fewer at the end."""


def read_element(file: Readable, encoding: Encoding) -> tuple[int, str, int]:
    """Read tag, VR (empty where it is implicit) and length of one element.

    Raises
    ------
    BrokenError
        If there is none.
    """
    head, order = file.read(8), encoding.order
    if len(head) < 8:
        raise BrokenError("It breaks off in an element")
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
    if encoding.implicit or tag in (ITEM, ITEM_END, SEQUENCE_END):
        return tag, "", int.from_bytes(head[4:], order)
    vr = head[4:6]
    if vr not in VRS:
        raise BrokenError(
            f"No element follows where one should: the VR behind tag ({tag >> 16:04X},{tag & 0xFFFF:04X}) is none"
        )
    return tag, vr.decode(), int.from_bytes(file.read(4) if vr in _LONG_VRS else head[6:], order)


def element_head(tag: int, vr: str, length: int, encoding: Encoding) -> bytes:
    """Encode the head of an element, little endian, whose value has so many bytes.

    Examples
    --------
    >>> element_head(0x30060048, "IS", 2, Encoding()).hex(" ", 2)
    '0630 4800 4953 0200'
    """
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if encoding.implicit:
        return head + struct.pack("<L", length)
    packed = struct.pack("<HL", 0, length) if vr.encode() in _LONG_VRS else struct.pack("<H", length)
    return head + vr.encode() + packed


def item_head(length: int) -> bytes:
    """Encode the head of an item, or of a fragment, of so many bytes (PS3.5 7.5, A.4).

    Examples
    --------
    >>> item_head(258).hex(" ", 2)
    'feff 00e0 0201 0000'
    """
    return struct.pack("<HHL", ITEM >> 16, ITEM & 0xFFFF, length)


SEQUENCE_DELIMITER = struct.pack("<HHL", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)
"""Ends the fragments of Pixel Data (PS3.5 A.4)."""
