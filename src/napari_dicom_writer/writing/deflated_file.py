"""A multi-frame file whose data set is one deflated stream: made when all frames are there, since it has an order."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING

from napari_dicom_writer.iods.modules.file_meta import end_of_meta
from napari_dicom_writer.writing.at_place import read_at, write_at
from napari_dicom_writer.writing.deflate import deflated
from napari_dicom_writer.writing.fault import Fault
from napari_dicom_writer.writing.frame_files import NativeFile
from napari_dicom_writer.writing.medium import forget

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_BLOCK = 2**20


class DeflatedFile(NativeFile):
    """Frames at places known beforehand, of a file without a name; in the end a stream of all of them has it.

    What it was made of stays open until the file is closed, for whoever reads it back.
    """

    _stream = -1

    def _make_first(self) -> int:
        return self._make_nameless()

    def finish(self) -> int:
        """Deflate all that follows the file meta information; memory stays at a block."""
        rest = super().finish()
        self._stream = self._make(self.path, 0o666)
        start = end = end_of_meta(self.head)
        write_at(self._stream, self.head[:start], 0)
        for piece in deflated(_blocks(self._descriptor, start)):
            write_at(self._stream, piece, end)
            end += len(piece)
        return rest + end - os.fstat(self._descriptor).st_size

    def opened(self) -> BinaryIO:
        """Open what was deflated."""
        file = os.fdopen(os.dup(self._descriptor), "rb")
        file.seek(0)
        return file

    def check(self) -> None:
        """Inflate the file, and compare it with what was deflated, byte by byte."""
        start = end_of_meta(self.head)
        if read_at(self._stream, start, 0) != self.head[:start]:
            raise Fault("the file meta information is not what the plan says")
        inflater, place = zlib.decompressobj(-zlib.MAX_WBITS), start
        for block in _blocks(self._stream, start):
            while block:
                piece = inflater.decompress(block, _BLOCK)
                if piece != read_at(self._descriptor, len(piece), place):
                    raise Fault("it does not inflate to what was deflated")
                block, place = inflater.unconsumed_tail, place + len(piece)
        if not inflater.eof or place != os.fstat(self._descriptor).st_size or inflater.unused_data.strip(b"\0"):
            raise Fault("its deflated data break off, or do not end where they should")

    def forget(self) -> bool:
        """Let the next check come from the medium; see `medium.forget`."""
        return forget(self._stream)


def _blocks(descriptor: int, start: int) -> Iterator[bytes]:
    while block := read_at(descriptor, _BLOCK, start):
        yield block
        start += len(block)
