"""DICOM files of anyone's making: opened within bounds, and what they say before their pixels."""

from __future__ import annotations

import os
import warnings
import zlib
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import pydicom
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from napari_dicom_writer.standard.elements import VRS, BrokenError, Encoding, read_element
from napari_dicom_writer.standard.regular_file import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

MAX_INFLATED = 512 * 2**20
HEAD = 132  # preamble and prefix
_FIRST_VALUE = 4096  # bytes of the first value of a data set without preamble: a length, a character set, a type
_TRANSFER_SYNTAX = 0x00020010
_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
_PLAIN = ExplicitVRLittleEndian.encode().ljust(len(_DEFLATED), b"\0")


class Header(NamedTuple):
    """What a file says before its pixels.

    Attributes
    ----------
    dataset : Dataset
        With its File Meta Information.
    pixels_at : int
        Where the element of the pixels begins in what `opened` gives, if there are any.
    """

    dataset: Dataset
    pixels_at: int


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a DICOM file; a deflated one comes inflated, as one of explicit VR (PS3.5 A.5).

    Raises
    ------
    OSError
        If it is not a regular file, or cannot be opened.
    BrokenError
        If it cannot be inflated, or swells beyond 512 MiB.
    """
    with open_regular(path) as file:
        at = _deflated_syntax_at(file)
        if at is None:
            file.seek(0)
            yield file
            return
        found = os.fstat(file.fileno())
        yield BytesIO(_inflated(str(path), (found.st_size, found.st_mtime_ns), at, file.tell()))


@lru_cache(maxsize=1)
def _inflated(path: str, stamp: tuple[int, int], at: int, begin: int) -> bytes:
    """Inflate a file, kept until another one is asked for: frame by frame, the same one is, again and again."""
    with open_regular(path) as file:
        head = bytearray(file.read(begin))
        head[at : at + len(_DEFLATED)] = _PLAIN
        return bytes(head) + inflate(file.read())


def _deflated_syntax_at(file: BinaryIO) -> int | None:
    """Return where the transfer syntax is if it deflates, and leave the file where the data set begins; else None."""
    if len(start := file.read(HEAD)) < HEAD or start[-4:] != b"DICM":
        return None
    at = None
    try:
        while file.peek(2)[:2] == b"\2\0":  # type: ignore[attr-defined]  # a BufferedReader
            tag, _, length = read_element(file, Encoding())
            value = file.tell()
            if tag == _TRANSFER_SYNTAX and file.read(length).rstrip(b" \0") == _DEFLATED:
                at = value
            file.seek(value + length)
    except BrokenError:
        return None
    return at


def inflate(data: bytes) -> bytes:
    """Inflate a data set.

    Raises
    ------
    BrokenError
        If it cannot be inflated, or swells beyond 512 MiB.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(data, MAX_INFLATED)
    except zlib.error:
        raise BrokenError("It cannot be inflated") from None
    if not inflater.eof:
        what = "It inflates to more than 512 MiB" if len(inflated) == MAX_INFLATED else "Its deflated data break off"
        raise BrokenError(what)
    return inflated


def read_header(path: str | os.PathLike[str], tags: list[str] | list[BaseTag] | None = None) -> Header | None:
    """Read a header, or some of its attributes.

    Parameters
    ----------
    path
        Any file.
    tags
        Tags or keywords of the attributes that are kept, SOPInstanceUID among them; None keeps all.

    Returns
    -------
    Header or None
        None for what is not a DICOM file, with or without preamble.

    Raises
    ------
    Exception
        Whatever a damaged file makes the parser raise.
    """
    with opened(path) as file:
        head = file.read(HEAD)
        file.seek(0)
        bare = not _has_mark(head)
        if bare and not _begins_as_data_set(head):
            return None
        dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags, force=bare)
        if bare and "SOPInstanceUID" not in dataset:
            return None
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = _encoding_of(dataset)
        if isinstance(file, BytesIO):
            dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        return Header(dataset, file.tell())


def begins_as_dicom(head: bytes) -> bool:
    """Whether a file that begins so may be DICOM, with or without preamble."""
    return _has_mark(head) or _begins_as_data_set(head)


def _has_mark(head: bytes) -> bool:
    return len(head) >= HEAD and head[HEAD - 4 : HEAD] == b"DICM"


def _begins_as_data_set(head: bytes) -> bool:
    """Whether a file without preamble begins with an element of a small group, as data sets do."""
    if len(head) < 8:
        return False
    if head[4:6] in VRS:  # explicit
        return head[:2] in (b"\2\0", b"\x08\0", b"\0\x08")
    return head[:2] == b"\x08\0" and head[3] == 0 and int.from_bytes(head[4:8], "little") <= _FIRST_VALUE


def _encoding_of(dataset: Dataset) -> UID:
    """Return the transfer syntax of a file that does not say it, as the parser understood it: not a compressed one."""
    implicit, little = dataset.original_encoding
    if not little:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


@contextmanager
def as_they_are() -> Iterator[None]:
    """Silence warnings about other people's files, which are what they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
