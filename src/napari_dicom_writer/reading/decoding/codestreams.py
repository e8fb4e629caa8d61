"""The heads of compressed frames: what kind they are, and how large, before a decoder believes them."""

from __future__ import annotations

import struct
from typing import NamedTuple

from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

_J2K = {JPEG2000, JPEG2000Lossless, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL}
_KINDS = {
    **dict.fromkeys(_J2K, "JPEG 2000"),
    JPEGBaseline8Bit: "JPEG",
    JPEGExtended12Bit: "JPEG",
    JPEGLossless: "lossless JPEG",
    JPEGLosslessSV1: "lossless JPEG",
    JPEGLSLossless: "JPEG-LS",
    JPEGLSNearLossless: "JPEG-LS",
    RLELossless: "RLE",
}
_NATIVE = "1.2.840.10008.1.2"
# Some put the codestream into the boxes of a file, against PS3.5 A.4.4; decoders take it.
_JP2 = b"\0\0\0\x0cjP  \r\n\x87\n"
_NO_LENGTH = {0x01, *range(0xD0, 0xD9)}
_FRAME_HEADS = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xF7}


class CodestreamHead(NamedTuple):
    """What the head of a compressed frame says.

    Attributes
    ----------
    kind : str
        ``JPEG 2000``, ``JPEG-LS``, ``lossless JPEG``, ``JPEG`` or ``RLE``.
    rows, columns, samples, bits : int
        0 where the head does not say it, as RLE's.
    lossy : bool
        Whether it lost something, as far as its head tells.
    """

    kind: str
    rows: int = 0
    columns: int = 0
    samples: int = 0
    bits: int = 0
    lossy: bool = False


def expected_kind(syntax: str) -> str | None:
    """Return the kind of codestream of a transfer syntax; None where its frames are not judged here."""
    return _KINDS.get(UID(syntax))


def is_native(syntax: str) -> bool:
    """Whether pixels are stored as they are."""
    return syntax in (_NATIVE, f"{_NATIVE}.1", f"{_NATIVE}.2", DeflatedExplicitVRLittleEndian)


def is_decoded(syntax: str) -> bool:
    """Whether there are decoders of a transfer syntax, installed or not: there are none of movies."""
    return is_native(syntax) or UID(syntax) in _KINDS


def read_head(frame: bytes) -> CodestreamHead | None:
    """Read the head of a compressed frame; None if it is none that is known."""
    try:
        if frame[:12] == _JP2:
            frame = frame[frame.index(b"jp2c") + 4 :]
        if frame[:4] == b"\xff\x4f\xff\x51":
            return _jpeg_2000(frame)
        if frame[:2] == b"\xff\xd8":
            return _jpeg(frame)
        count = struct.unpack_from("<16L", frame)
    except (IndexError, ValueError, struct.error):
        return None
    # The first segment begins behind the head (PS3.5 G.5).
    return CodestreamHead("RLE") if 1 <= count[0] <= 15 and count[1] == 64 else None


def _jpeg_2000(frame: bytes) -> CodestreamHead:
    """SIZ (ISO 15444-1 A.5.1), and the wavelet that COD names: 0 is the irreversible one."""
    width, height, left, top = struct.unpack_from(">4L", frame, 8)
    samples = struct.unpack_from(">H", frame, 40)[0]
    bits = (frame[42] & 0x7F) + 1
    at = 4 + struct.unpack_from(">H", frame, 4)[0]
    lossy = False
    while frame[at] == 0xFF and frame[at + 1] not in (0x90, 0x93):
        if frame[at + 1] == 0x52:
            lossy = frame[at + 13] == 0
        at += 2 + struct.unpack_from(">H", frame, at + 2)[0]
    return CodestreamHead("JPEG 2000", height - top, width - left, samples, bits, lossy)


def _jpeg(frame: bytes) -> CodestreamHead | None:
    """Frame header of ISO 10918-1 B.2.2, or of JPEG-LS (ISO 14495-1 C.2.2), and NEAR of its scan."""
    at, head = 2, None
    while frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker == 0xFF or marker in _NO_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        length = struct.unpack_from(">H", frame, at + 2)[0]
        if marker in _FRAME_HEADS:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", frame, at + 4)
            kind = {0xF7: "JPEG-LS", 0xC3: "lossless JPEG"}.get(marker, "JPEG")
            head = CodestreamHead(kind, rows, columns, samples, bits, kind == "JPEG")
        if marker == 0xDA:
            near = frame[at + 5 + 2 * frame[at + 4]]
            return head._replace(lossy=near > 0) if head and head.kind == "JPEG-LS" else head
        at += 2 + length
    return head
