"""A DICOM file (PS3.10) walked along its elements, without its values: whether it is built as the standard says.

The parser that reads values afterwards forgives what others do not: odd lengths, wrong order, bytes behind the end.
This one reads no value but a few short ones, and recurses nowhere, so that a file may be broken in any way. What it
calls fatal is not to be given to a parser that trusts lengths.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, Literal

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from napari_dicom_writer.checking.file.dataset_walk import DatasetWalk
from napari_dicom_writer.checking.file.structure import NotDicomError, Structure
from napari_dicom_writer.reading.files import inflate
from napari_dicom_writer.standard.elements import VRS, BrokenError, Encoding, read_element
from napari_dicom_writer.standard.regular_file import open_regular

if TYPE_CHECKING:
    from pathlib import Path

_MAX_VALUE = 4096
_HEAD = 132  # preamble and prefix


def walk(path: Path) -> Structure:
    """Walk along a file.

    Raises
    ------
    NotDicomError
        If it does not begin as PS3.10 says.
    OSError
        If it cannot be read.
    """
    found = Structure()
    with open_regular(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        if size < _HEAD or file.read(_HEAD)[-4:] != b"DICM":
            raise NotDicomError
        try:
            _meta(file, size, found)
            _dataset(file, size, found)
        except BrokenError as broken:
            found.fatal = str(broken)
    return found


def _meta(file: BinaryIO, size: int, found: Structure) -> None:
    """Pass the File Meta Information (PS3.10 7.1)."""
    end: int | None = None
    while size - file.tell() >= 8:
        start = file.tell()
        if file.read(2) != b"\2\0":
            file.seek(start)
            break
        file.seek(start)
        tag, _, length = read_element(file, Encoding())
        if length > size - file.tell():
            raise BrokenError("It breaks off in its File Meta Information")
        found.meta[tag] = file.read(min(length, _MAX_VALUE))
        file.seek(max(0, length - _MAX_VALUE), 1)
        if tag == 0x00020000:
            end = file.tell() + int.from_bytes(found.meta[tag], "little")
    if end is None:
        found.fault("meta-length", "File Meta Information Group Length is missing", 0x00020000)
    elif end != file.tell():
        found.fault("meta-length", "File Meta Information does not have the length it says", 0x00020000)
    found.syntax = found.meta.get(0x00020010, b"").rstrip(b" \0").decode("ascii", "replace")


def _dataset(file: BinaryIO, size: int, found: Structure) -> None:
    if not found.syntax:
        found.fault("syntax-missing", "The file does not say how it is encoded", 0x00020010)
    source: BinaryIO = file
    if found.syntax == DeflatedExplicitVRLittleEndian:
        begin = file.tell()
        source = BytesIO(bytes(begin) + inflate(file.read()))
        size = source.seek(0, 2)
        source.seek(begin)
    implicit = found.syntax == ImplicitVRLittleEndian
    said = Encoding(implicit, "big" if found.syntax == ExplicitVRBigEndian else "little")
    encoding = _told_by_first(source, said)
    if encoding != said and found.syntax:
        vr = f"{'Implicit' if encoding.implicit else 'Explicit'} VR {encoding.order.title()} Endian"
        found.fault("syntax-wrong", f"The data set is {vr}, and the file says something else", 0x00020010)
    DatasetWalk(source, size, found).run(encoding)
    if encoding.order != said.order:
        raise BrokenError("Its bytes are not in the order that it says")


def _told_by_first(file: BinaryIO, said: Encoding) -> Encoding:
    """Tell the encoding from the first element: transfer syntaxes lie."""
    start = file.tell()
    head = file.read(6)
    file.seek(start)
    if len(head) < 6:
        return said
    # Groups of standard attributes are small numbers, whose upper byte is zero.
    order: Literal["little", "big"] = "big" if head[0] == 0 and head[1] else "little"
    implicit = head[4:6] not in VRS
    return Encoding(implicit, order)
