"""The way along the elements of a data set, and of the sequences in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from pydicom.datadict import dictionary_has_tag, dictionary_VR

from napari_dicom_writer.checking.file.structure import PIXEL_DATA, PIXELS, Structure
from napari_dicom_writer.standard.elements import (
    ITEM,
    ITEM_END,
    SEQUENCE_END,
    UNDEFINED,
    BrokenError,
    Encoding,
    read_element,
)

_MAX_ELEMENTS = 1_000_000
_MAX_DEPTH = 64
_MAX_VALUE = 4096
# What tells to which series a broken file belongs.
_KEPT = {0x00080016, 0x00080018, 0x00080060, 0x0008103E, 0x0020000D, 0x0020000E, 0x00200011, 0x00200013}


@dataclass(slots=True)
class _Level:
    """A data set, or the items of a sequence, that the walk is in."""

    items: bool
    end: int | None  # None until a delimiter comes
    encoding: Encoding
    last: int = -1  # tag


class DatasetWalk:
    """The way along the elements of one data set."""

    def __init__(self, file: BinaryIO, size: int, found: Structure) -> None:
        self._file, self._size, self._found = file, size, found
        self._at = file.tell()
        self._elements = 0

    def run(self, encoding: Encoding) -> None:
        """Walk to the end, with a stack instead of recursion."""
        stack = [_Level(items=False, end=self._size, encoding=encoding)]
        while stack:
            level = stack[-1]
            if level.end is not None and self._at >= level.end:
                if self._at > level.end:
                    raise BrokenError("An item is longer than what holds it")
                stack.pop()
                continue
            pixels = len(stack) == 1 and not self._found.lengths.keys().isdisjoint(PIXELS)
            if pixels and self._trailing(level):
                return
            inner = self._item(level) if level.items else self._next(level, top=len(stack) == 1)
            if inner == "end":
                stack.pop()
            elif isinstance(inner, _Level):
                if len(stack) == _MAX_DEPTH:
                    raise BrokenError("Its sequences are nested too deeply")
                if (inner.end or 0) > (level.end or self._size):
                    raise BrokenError("A sequence is longer than what holds it")
                stack.append(inner)

    def _trailing(self, level: _Level) -> bool:
        """Whether what follows the pixels is not an element, but bytes that were left behind."""
        left = self._size - self._at
        start = self._at
        try:
            tag, _, length = read_element(self._seek(start), level.encoding)
            fits = tag > level.last and (length == UNDEFINED or length <= self._size - self._file.tell())
        except BrokenError:
            fits = False
        if not fits:
            zero = not any(self._seek(start).read(min(left, 2**20)))
            code = "trailing-zeros" if zero else "trailing-bytes"
            self._found.fault(code, f"{left:,} bytes{' of zeros' if zero else ''} follow the end of the data set")
        return not fits

    def _seek(self, position: int) -> BinaryIO:
        self._at = position
        self._file.seek(position)
        return self._file

    def _read_element(self, encoding: Encoding) -> tuple[int, str, int]:
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise BrokenError(f"It holds more than {_MAX_ELEMENTS:,} elements")
        element = read_element(self._seek(self._at), encoding)
        self._at = self._file.tell()
        return element

    def _item(self, level: _Level) -> _Level | str | None:
        tag, _, length = self._read_element(level.encoding)
        if tag == SEQUENCE_END and level.end is None:
            return "end"
        if tag != ITEM:
            raise BrokenError("It holds a broken sequence")
        return _Level(False, None if length == UNDEFINED else self._at + length, level.encoding)

    def _next(self, level: _Level, *, top: bool) -> _Level | str | None:
        """Pass one element; return the level that its value opens."""
        found, start = self._found, self._at
        tag, vr, length = self._read_element(level.encoding)
        if tag == ITEM_END and level.end is None:
            return "end"
        if tag >> 16 == 0xFFFE:
            raise BrokenError("An item begins or ends where none is")
        if tag == level.last:
            found.fault("element-twice", "An element is there twice", tag)
        elif tag < level.last:
            found.fault("element-order", "Elements are not in the order of their tags", tag)
        level.last = max(tag, level.last)
        if top:
            found.lengths[tag], found.vrs[tag] = (-1 if length == UNDEFINED else length), vr
            if tag in PIXELS:
                found.pixels_at = start
        if length == UNDEFINED:
            return self._undefined(tag, vr, level.encoding, top=top)
        end = self._at + length
        if end > (level.end if level.end is not None else self._size):
            raise BrokenError(f"An element of {length:,} bytes is longer than what holds it")
        if length % 2:
            found.fault("odd-length", "A value has an odd number of bytes", tag)
        if vr == "SQ" or (not vr and dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ"):
            return _Level(True, end, level.encoding)
        if top:
            self._keep(tag, length)
        self._at = end
        return None

    def _keep(self, tag: int, length: int) -> None:
        if tag in _KEPT and length <= _MAX_VALUE:
            self._found.values[tag] = self._seek(self._at).read(length)

    def _undefined(self, tag: int, vr: str, encoding: Encoding, *, top: bool) -> _Level | None:
        if tag == PIXEL_DATA and top:
            self._fragments(encoding)
            return None
        # UN of undefined length holds implicit VR little endian (PS3.5 6.2.2).
        return _Level(True, None, Encoding(implicit=True) if vr == "UN" else encoding)

    def _fragments(self, encoding: Encoding) -> None:
        """Pass the items of encapsulated pixels (PS3.5 A.4)."""
        start = 0
        while self._size - self._at >= 8:
            begin = self._at
            tag, _, length = self._read_element(encoding)
            if tag == SEQUENCE_END:
                return
            if tag != ITEM or length > self._size - self._at:
                raise BrokenError("Its compressed pixels break off, or are not in items")
            if length % 2:
                self._found.fault("odd-fragment", "A fragment of compressed pixels has an odd length", PIXEL_DATA)
            self._at += length
            start = start or self._at  # offsets count from behind the offset table
            self._found.fragments.append((begin - start, length))
        self._found.fault("delimiter-missing", "The end of its compressed pixels is not marked", PIXEL_DATA)
        self._at = self._size
