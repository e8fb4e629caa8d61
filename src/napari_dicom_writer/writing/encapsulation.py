"""A compressed frame as the value of Pixel Data (PS3.5 A.4), and what the header must say of it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from pydicom.valuerep import format_number_as_ds

if TYPE_CHECKING:
    from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

UNDEFINED_LENGTH = 0xFFFFFFFF
"""Length of Pixel Data that holds fragments; its VR is OB, whatever the bits (PS3.5 A.4)."""

LOSSY_RATIO = "LossyImageCompressionRatio"
"""The one lossy attribute that is each frame's own."""

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


def compression_ratio(native: int, codestream: int) -> str:
    """Lossy Image Compression Ratio (0028,2112): native bytes over those of the fragment, with its padding.

    Examples
    --------
    >>> compression_ratio(524288, 52429)
    '9.99977'
    """
    return format_number_as_ds(float(f"{native / (codestream + codestream % 2):.6g}"))


def lossy_attributes(syntax: TransferSyntax) -> dict[str, str]:
    """Give what the header says of lossy compression (PS3.3 C.7.6.1.1.5), but for the ratio, which is each frame's.

    Images that were never compressed with loss say ``00``: this writer sees stored values, and they are new.
    """
    if syntax.lossless:
        return {"LossyImageCompression": "00"}
    return {"LossyImageCompression": "01", "LossyImageCompressionMethod": syntax.row.lossy_method}
