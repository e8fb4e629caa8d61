"""A compressed frame as the value of Pixel Data (PS3.5 A.4), and what the header must say of it."""

from __future__ import annotations

import struct

from napari_dicom_writer.writing.fault import Fault

UNDEFINED_LENGTH = 0xFFFFFFFF
"""Length of Pixel Data that holds fragments; its VR is OB, whatever the bits (PS3.5 A.4)."""


_EMPTY_OFFSET_TABLE = struct.pack("<HHL", 0xFFFE, 0xE000, 0)
_DELIMITER = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def encapsulate(codestream: bytes) -> list[bytes]:
    """Wrap one frame: an empty Basic Offset Table, one fragment of even length, the delimiter.

    The pieces follow the head of Pixel Data, whose length is `UNDEFINED_LENGTH`; the codestream is not copied.

    Examples
    --------
    >>> [len(piece) for piece in encapsulate(b"odd")]
    [16, 3, 9]
    """
    padding = len(codestream) % 2
    head = _EMPTY_OFFSET_TABLE + struct.pack("<HHL", 0xFFFE, 0xE000, len(codestream) + padding)
    return [head, codestream, b"\0" * padding + _DELIMITER]


def fragment(value: bytes) -> bytes:
    """Unwrap one frame, with its padding; the opposite of `encapsulate`.

    Raises
    ------
    Fault
        If there is anything but one fragment after an empty table.

    Examples
    --------
    >>> fragment(b"".join(encapsulate(b"even")))
    b'even'
    """
    framed = len(value) >= 24 and value.startswith(_EMPTY_OFFSET_TABLE) and value.endswith(_DELIMITER)
    if not framed or struct.unpack_from("<HHL", value, 8) != (0xFFFE, 0xE000, len(value) - 24):
        raise Fault("Pixel Data is not one fragment after an empty table")
    return value[16:-8]
