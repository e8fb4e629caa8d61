"""Deflated Explicit VR Little Endian (PS3.5 A.5): all that follows the file meta information, as one raw stream."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RAW = -15  # window of 32 kB, and neither the header nor the checksum of zlib (RFC 1951)
# Measured on CT planes, MB/s and ratio: isal 2 340, 1.55; isal 1 410, 1.49; zlib 1 70, 1.55; zlib 6 20, 1.59.
_ISAL_LEVEL = 2
_ZLIB_LEVEL = 1


def deflate(parts: Iterable[bytes | bytearray | memoryview]) -> bytes:
    """Compress a data set; isal does it five times as fast as zlib, where it is installed.

    Parameters
    ----------
    parts
        The data set in pieces, everything after the file meta information, which stays as it is.

    Returns
    -------
    bytes
        The stream, padded to an even length.

    Examples
    --------
    >>> import zlib
    >>> zlib.decompress(deflate([b"head", b"pixels"]), -15)
    b'headpixels'
    """
    return b"".join(deflated(parts))


def deflated(parts: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Yield the same piece by piece."""
    compressor, size = _compressor(), 0
    for part in parts:
        piece: bytes = compressor.compress(part)
        size += len(piece)
        yield piece
    last: bytes = compressor.flush()
    yield last + b"\0" * ((size + len(last)) % 2)


def _compressor() -> Any:
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj(_ZLIB_LEVEL, zlib.DEFLATED, _RAW)
    return isal_zlib.compressobj(_ISAL_LEVEL, isal_zlib.DEFLATED, _RAW)
