"""DICOM files of anyone's making: found in a folder, their headers read one by one."""

from __future__ import annotations

import warnings
import zlib
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from napari_dicom_writer.standard.elements import BrokenError, Encoding, read_element
from napari_dicom_writer.standard.regular_file import open_regular

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom.dataset import Dataset

MAX_INFLATED = 512 * 2**20
_HEAD = 132  # preamble and prefix
_TRANSFER_SYNTAX = 0x00020010
_PLAIN = ExplicitVRLittleEndian.encode().ljust(len(DeflatedExplicitVRLittleEndian), b"\0")


def files_in(folder: Path) -> list[Path] | None:
    """List the files in a folder and below, in the order of their names; a file is a folder of one.

    Returns
    -------
    list of Path or None
        Without hidden files, and what is in hidden folders; None where there is neither folder nor file.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        return None
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(f for f in files if not any(part.startswith(".") for part in f.relative_to(folder).parts))


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
        If it is no regular file, or cannot be opened.
    BrokenError
        If it cannot be inflated, or swells beyond 512 MiB.
    """
    with open_regular(path) as file:
        at = _deflated_syntax_at(file)
        if at is None:
            file.seek(0)
            yield file
            return
        begin = file.tell()
        file.seek(0)
        head = bytearray(file.read(begin))
        head[at : at + len(DeflatedExplicitVRLittleEndian)] = _PLAIN
        yield BytesIO(head + inflate(file.read()))


def _deflated_syntax_at(file: BinaryIO) -> int | None:
    """Return where the transfer syntax is if it deflates, and leave the file where the data set begins; else None."""
    if len(start := file.read(_HEAD)) < _HEAD or start[-4:] != b"DICM":
        return None
    at = None
    try:
        while file.peek(2)[:2] == b"\2\0":  # type: ignore[attr-defined]  # a BufferedReader
            tag, _, length = read_element(file, Encoding())
            value = file.tell()
            if tag == _TRANSFER_SYNTAX and file.read(length).rstrip(b" \0") == DeflatedExplicitVRLittleEndian.encode():
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


def read_header(path: str | os.PathLike[str], tags: list[str] | None = None) -> Header | None:
    """Read a header, or some of its attributes.

    Parameters
    ----------
    path
        Any file.
    tags
        Keywords of the attributes that are kept; None keeps all.

    Returns
    -------
    Header or None
        None for what is no DICOM file. Whatever a damaged one makes the parser raise is raised.
    """
    with opened(path) as file:
        try:
            dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags)
        except InvalidDicomError:
            return None
        if isinstance(file, BytesIO):
            dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        return Header(dataset, file.tell())


@contextmanager
def as_they_are() -> Iterator[None]:
    """Silence warnings about other people's files, which are what they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
