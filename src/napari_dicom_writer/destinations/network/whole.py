"""Whether a file that is to be sent holds all of its pixels: a copy may have broken off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from napari_dicom_writer.standard.elements import ITEM, UNDEFINED, BrokenError, Encoding, read_element

if TYPE_CHECKING:
    from typing import BinaryIO


def pixels_are_whole(file: BinaryIO, size: int, syntax: str) -> bool:
    """Pass the pixel data without reading it.

    Parameters
    ----------
    file
        Read up to the pixel data, or to its end where there is none.
    size
        Bytes of the file.
    syntax
        Transfer Syntax UID.
    """
    if file.tell() >= size:
        return file.tell() == size
    encoding = Encoding(syntax == ImplicitVRLittleEndian, "big" if syntax == ExplicitVRBigEndian else "little")
    try:
        tag, _, length = read_element(file, encoding)
        while length == UNDEFINED or tag == ITEM:  # fragments (PS3.5 A.4), until their sequence ends
            if length != UNDEFINED:
                file.seek(length, 1)
            tag, _, length = read_element(file, encoding)
    except BrokenError:
        return False
    return size - file.tell() >= length
