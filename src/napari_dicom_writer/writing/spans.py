"""Where the files of a series differ from each other, told by one of them that pydicom parsed.

Of every further file all bytes before the pixels are known then: the shared spans are those of the first, in the order
and with the tags and VRs that a parser which is not ours found; between them stand length and value of what varies,
made from the plan here, not by the encoder. One comparison of bytes looks at all of it, also at what no parser does:
preamble, reserved and padding bytes, elements that are there twice.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VR
from pydicom.multival import MultiValue

from napari_dicom_writer.standard.elements import item_head

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes

GROUP_LENGTH, META_UID = "FileMetaInformationGroupLength", "MediaStorageSOPInstanceUID"
_SHORT, _LONG = struct.Struct("<H"), struct.Struct("<L")


@dataclass(frozen=True, slots=True)
class Spans:
    """The bytes before the pixels, cut at what varies.

    Attributes
    ----------
    keywords : tuple of str
        What varies, in the order of the file.
    shared : tuple of bytes
        What stands before each of them, its own tag and VR at the end, and what stands after the last.
    group_length : int
        File Meta Information Group Length without the value of the one UID in it that varies.
    """

    keywords: tuple[str, ...]
    shared: tuple[bytes, ...]
    group_length: int

    def head(self, attributes: Attributes) -> bytes:
        """Return all bytes before the pixels as they must be.

        Parameters
        ----------
        attributes
            What varies, but for the group length.
        """
        values = {keyword: value_bytes(keyword, value) for keyword, value in attributes.items()}
        values[GROUP_LENGTH] = _LONG.pack(self.group_length + len(values[META_UID]))
        assert len(values) == len(self.keywords), values  # noqa: S101 - the same attributes vary in every instance
        parts: list[bytes] = []
        for keyword, shared in zip(self.keywords, self.shared, strict=False):
            value = values[keyword]
            parts += (shared, _length_of(keyword).pack(len(value)), value)
        parts.append(self.shared[-1])
        return b"".join(parts)


def find_spans(head: bytes, values: Mapping[str, int]) -> Spans:
    """Cut the head of a file at what varies.

    Parameters
    ----------
    head
        All bytes before the pixels.
    values
        Keyword of what varies, and where its value begins, as pydicom's parser says.
    """
    keywords = tuple(sorted(values, key=values.__getitem__))
    shared, start, sizes = [], 0, {}
    for keyword in keywords:
        at = values[keyword]
        length = _length_of(keyword)
        shared.append(head[start : at - length.size])
        (sizes[keyword],) = length.unpack_from(head, at - length.size)
        start = at + sizes[keyword]
    shared.append(head[start:])
    (group_length,) = _LONG.unpack_from(head, values[GROUP_LENGTH])
    return Spans(keywords, tuple(shared), group_length - sizes[META_UID])


def value_bytes(keyword: str, value: str | int | Sequence[Dataset]) -> bytes:
    """Encode a value of US or of a text VR, padded to an even length (PS3.5 6.2), or items.

    Examples
    --------
    >>> value_bytes("SOPInstanceUID", "2.25.1"), value_bytes("InstanceNumber", "7")
    (b'2.25.1', b'7 ')
    """
    if isinstance(value, int):
        return _SHORT.pack(value)
    if not isinstance(value, str):
        return b"".join(map(_item_bytes, value))
    raw = value.encode("ascii")
    return raw + _padding(keyword) if len(raw) % 2 else raw


def _item_bytes(item: Dataset) -> bytes:
    """Encode an item of a sequence with its length (PS3.5 7.5.1), its elements being text, US or sequences."""
    content = b""
    for element in item:
        value = element.value
        if element.VR not in ("SQ", "US"):
            value = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
        raw = value_bytes(element.keyword, value)
        head = struct.pack("<HH2s", element.tag.group, element.tag.element, element.VR.encode())
        reserved = b"\0\0" if element.VR == "SQ" else b""
        content += head + reserved + _length_of(element.keyword).pack(len(raw)) + raw
    return item_head(len(content)) + content


@cache
def _length_of(keyword: str) -> struct.Struct:
    """Length field of the element's VR (PS3.5 7.1.2), among those that vary."""
    return _LONG if dictionary_VR(keyword) == "SQ" else _SHORT


@cache
def _padding(keyword: str) -> bytes:
    return b"\0" if dictionary_VR(keyword) == "UI" else b" "
