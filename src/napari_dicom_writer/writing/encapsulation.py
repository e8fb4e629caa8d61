"""Compressed frames as the value of Pixel Data (PS3.5 A.4): made of one, and read of one or of several."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from napari_dicom_writer.standard.elements import SEQUENCE_DELIMITER, item_head
from napari_dicom_writer.writing.fault import Fault

if TYPE_CHECKING:
    from typing import BinaryIO

_EMPTY_OFFSET_TABLE = item_head(0)


def encapsulate(codestream: bytes) -> list[bytes]:
    """Wrap one frame: an empty Basic Offset Table, one fragment of even length, the delimiter.

    The pieces follow the head of Pixel Data, whose length is undefined; the codestream is not copied.

    Examples
    --------
    >>> [len(piece) for piece in encapsulate(b"odd")]
    [16, 3, 9]
    """
    padding = len(codestream) % 2
    head = _EMPTY_OFFSET_TABLE + item_head(len(codestream) + padding)
    return [head, codestream, b"\0" * padding + SEQUENCE_DELIMITER]


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
    framed = value.startswith(_EMPTY_OFFSET_TABLE) and value.endswith(SEQUENCE_DELIMITER)
    if not framed or value[8:16] != item_head(len(value) - 24):
        raise Fault("Pixel Data is not one fragment after an empty table")
    return value[16:-8]


class Fragment(NamedTuple):
    """One fragment, where it stands.

    Attributes
    ----------
    offset : int
        From the first one, as tables of offsets count.
    length : int
        In bytes, with padding.
    checksum : int
        CRC-32 of these.
    """

    offset: int
    length: int
    checksum: int


def read_fragments(stream: BinaryIO) -> tuple[bytes, list[Fragment]]:
    """Read the value of Pixel Data to the end of its file.

    Returns
    -------
    bytes, list of Fragment
        The Basic Offset Table, and what follows it.

    Raises
    ------
    Fault
        If there is anything but whole items and a delimiter, which ends the file.
    """
    table, fragments, offset = _item(stream), [], 0
    while (content := _item(stream)) is not None:
        fragments.append(Fragment(offset, len(content), zlib.crc32(content)))
        offset += 8 + len(content)
    if table is None or stream.read(1):
        raise Fault("something follows the fragments, or their table is missing")
    return table, fragments


def _item(stream: BinaryIO) -> bytes | None:
    """Read one item; None of the delimiter."""
    head = stream.read(8)
    if head == SEQUENCE_DELIMITER:
        return None
    length = int.from_bytes(head[4:], "little")
    content = stream.read(length) if head == item_head(length) else b""
    if len(content) != length or head != item_head(length):
        raise Fault("a fragment is not where it should be, or breaks off")
    return content
