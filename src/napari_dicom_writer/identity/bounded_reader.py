"""Attributes from the head of somebody else's DICOM file (PS3.10), read within bounds.

The file may be anything: broken off, made to be slow or to swell when it is inflated. So this is not a general parser.
It walks along the elements of the data set, keeps the few it was asked for, skips the values of all others, and stops
where the last of them would be. Whatever is in sequences is passed over without recursion. Bytes and seconds are
counted; an encoding that is not what the file says it is, or attributes that are not in their order, are refused.
"""

from __future__ import annotations

import os
import time
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.standard.elements import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    BrokenError,
    Encoding,
    read_element,
)
from napari_dicom_writer.standard.regular_file import NotAFileError, open_regular

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_BYTES = 16 * 2**20  # read; what is skipped does not count
MAX_INFLATED = 8 * 2**20  # less, because deflating makes noise longer
MAX_SECONDS = 5.0
MAX_VALUE = 4096  # bytes: a name is at most 3 × 64 characters
_MAX_DEPTH = 64
_CHUNK = 65536

_PREAMBLE, _PREFIX = 128, b"DICM"
_TRANSFER_SYNTAX = 0x00020010
# JPIP Referenced Deflate, and that of HTJ2K, deflate their data sets, too.
_DEFLATED = {DeflatedExplicitVRLittleEndian, "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"}
# What stores its pixels in big endian, but not its header.
_GE_PRIVATE = "1.2.840.113619.5.2"
_HOW = "Choose another DICOM image"


def read_attributes(path: str | os.PathLike[str], wanted: Collection[int]) -> dict[int, bytes | None]:
    """Read some attributes of the data set of a DICOM file.

    Parameters
    ----------
    path
        A regular file.
    wanted
        Their tags.

    Returns
    -------
    dict of int to bytes or None
        Those that are there: the bytes of their values; None for what is longer than 4 KiB, or has no defined length.

    Raises
    ------
    ReadError
        If it is not a file, cannot be read, is not DICOM, is broken, or costs too much. Names neither path nor values.
    """
    try:
        with open_regular(path) as file:
            return _dataset(_Stream(file, os.fstat(file.fileno()).st_size)).attributes(wanted)
    except NotAFileError as error:
        raise _refusal(str(error)) from None
    except BrokenError:
        raise _refusal("It is not encoded as it says it is") from None
    except OSError as error:
        raise _refusal(f"It cannot be read: {error.strerror or 'input or output failed'}") from None


def _refusal(what: str, remedy: str = _HOW) -> ReadError:
    return ReadError(what, remedy, "reference")


class _Stream:
    """A file of known size that counts what is read, and refuses to go on when it is too much."""

    def __init__(self, file: BinaryIO, size: int, end: str = "It breaks off in its header") -> None:
        self._file, self._end = file, end
        self.size, self.position, self._read = size, 0, 0
        self.deadline = time.monotonic() + MAX_SECONDS

    @property
    def at_end(self) -> bool:
        return self.position >= self.size

    def read(self, length: int) -> bytes:
        """Read so many bytes, and no fewer."""
        self._advance(length)
        self._read += length
        if self._read > MAX_BYTES:
            raise _refusal("Its header is too large")
        if time.monotonic() > self.deadline:
            raise _refusal("Reading its header takes too long")
        data = self._file.read(length)
        if len(data) < length:
            raise _refusal(self._end)
        return data

    def rest(self) -> bytes:
        """Read on, but not all at once; empty at the end."""
        return self.read(min(_CHUNK, self.size - self.position))

    def skip(self, length: int) -> None:
        self._advance(length)
        self._file.seek(self.position)

    def back(self, length: int) -> None:
        self.position -= length
        self._file.seek(self.position)

    def _advance(self, length: int) -> None:
        if length > self.size - self.position:
            raise _refusal(self._end)
        self.position += length


class _Elements:
    """The elements of a data set, one after the other."""

    def __init__(self, stream: _Stream, encoding: Encoding) -> None:
        self._stream, self._encoding = stream, encoding

    def attributes(self, wanted: Collection[int]) -> dict[int, bytes | None]:
        """Collect values up to the last tag wanted."""
        stream, found, last = self._stream, dict[int, bytes | None](), max(wanted)
        before = -1
        while not stream.at_end:
            tag, vr, length = read_element(stream, self._encoding)
            if tag <= before:
                raise _refusal("Its attributes are not in their order, or are there twice")
            if tag > last:
                break
            before = tag
            value = None
            if length == UNDEFINED:
                self._skip_items(vr)
            elif tag in wanted and length <= MAX_VALUE:
                value = stream.read(length)
            else:
                stream.skip(length)
            if tag in wanted:
                found[tag] = value
        return found

    def meta(self) -> bytes:
        """Read the File Meta Information (PS3.10 7.1), up to the data set; return the transfer syntax."""
        stream, syntax = self._stream, b""
        while not stream.at_end:
            group = stream.read(2)
            stream.back(2)
            if group != b"\x02\x00":
                break
            tag, _, length = read_element(stream, self._encoding)
            if tag == _TRANSFER_SYNTAX and length <= MAX_VALUE:
                syntax = stream.read(length)
            else:
                stream.skip(length)
        return syntax

    def _skip_items(self, vr: str) -> None:
        """Pass over a value of undefined length: items, which may hold more such values.

        A stack instead of recursion: whether items or elements are next, and their encoding.
        """
        stack = [(True, self._inner(vr, self._encoding))]
        while stack:
            items_next, encoding = stack[-1]
            tag, vr, length = read_element(self._stream, encoding)
            if tag == (SEQUENCE_END if items_next else ITEM_END):
                stack.pop()
            elif items_next and tag != ITEM:
                raise _refusal("It holds a broken sequence")
            elif length != UNDEFINED:
                self._stream.skip(length)
            elif len(stack) == _MAX_DEPTH:
                raise _refusal("Its sequences are nested too deeply")
            else:
                stack.append((not items_next, encoding if items_next else self._inner(vr, encoding)))

    @staticmethod
    def _inner(vr: str, encoding: Encoding) -> Encoding:
        """Encoding inside a value of undefined length; UN holds implicit VR little endian (PS3.5 6.2.2)."""
        return Encoding(implicit=True) if vr == "UN" else encoding


def _dataset(stream: _Stream) -> _Elements:
    """Pass the preamble and the File Meta Information; return what reads the data set behind them."""
    if stream.size < _PREAMBLE + len(_PREFIX) or stream.read(_PREAMBLE + len(_PREFIX))[_PREAMBLE:] != _PREFIX:
        raise _refusal("It is not a DICOM file")
    syntax = _Elements(stream, Encoding()).meta().rstrip(b" \0").decode("latin_1")
    if not syntax:
        raise _refusal("It does not say how it is encoded (Transfer Syntax UID)")
    if syntax in _DEFLATED:
        stream = _inflated(stream)
    implicit = syntax in (ImplicitVRLittleEndian, _GE_PRIVATE)
    # All others, those of compressed pixels and private ones included, are explicit VR little endian (PS3.5 A.4).
    return _Elements(stream, Encoding(implicit, "big" if syntax == ExplicitVRBigEndian else "little"))


def _inflated(stream: _Stream) -> _Stream:
    """Inflate the beginning of a deflated data set (PS3.5 A.5)."""
    inflater, data, chunk = zlib.decompressobj(-zlib.MAX_WBITS), bytearray(), b""
    try:
        while not inflater.eof and len(data) < MAX_INFLATED and (chunk := inflater.unconsumed_tail or stream.rest()):
            data += inflater.decompress(chunk, MAX_INFLATED - len(data))
    except zlib.error:
        raise _refusal("It cannot be inflated") from None
    end = "Its header is too large" if len(data) == MAX_INFLATED else "It breaks off in its header"
    inflated = _Stream(BytesIO(data), len(data), end)
    inflated.deadline = stream.deadline
    return inflated
