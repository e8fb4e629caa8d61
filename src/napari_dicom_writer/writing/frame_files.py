"""Files of multi-frame instances while they are written: frames go in whatever order they come."""

from __future__ import annotations

import os
import struct
import threading
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.standard.elements import SEQUENCE_DELIMITER, item_head
from napari_dicom_writer.writing.at_place import read_at, read_into, write_at
from napari_dicom_writer.writing.medium import forget

if TYPE_CHECKING:
    from typing import BinaryIO

    from numpy.typing import NDArray

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_LONGEST_OFFSET = 2**32 - 1


class FrameFile(ABC):
    """One file: its head is written when it begins, then its frames, then what only its end knows.

    Safe to share between threads, once it has begun. `close` may be called at any time, and again.

    Parameters
    ----------
    path
        A file that does not exist yet.
    head
        Every byte before the value of the pixels.
    """

    def __init__(self, path: str, head: bytes) -> None:
        self.path, self.head = path, head
        self._lock = threading.Lock()
        self._descriptor = -1
        self._opened: list[int] = []

    def begin(self) -> None:
        """Make the file, and write its head."""
        self._descriptor = self._make_first()
        write_at(self._descriptor, self.head, 0)

    def _make_first(self) -> int:
        """Make what frames are written to."""
        return self._make(self.path, 0o666)

    def _make(self, path: str, mode: int, flags: int = 0) -> int:
        descriptor = os.open(path, _FLAGS | flags, mode)
        self._opened.append(descriptor)
        return descriptor

    def _make_nameless(self) -> int:
        """Make a file that is gone when it is closed, even if we are killed; Windows removes none that is open."""
        path = f"{self.path}.waiting"  # which `leftovers` knows, for those who are killed right here
        temporary = getattr(os, "O_TEMPORARY", 0)
        descriptor = self._make(path, 0o600, temporary)
        if not temporary:
            os.unlink(path)  # noqa: PTH108 - strings are faster
        return descriptor

    @abstractmethod
    def write_frame(self, at: int, frame: Any) -> int:
        """Write one frame, and return how many bytes it takes."""

    @abstractmethod
    def read_frame(self, at: int) -> bytes | bytearray:
        """Read back what was written of one frame."""

    @abstractmethod
    def finish(self) -> int:
        """Write what follows the frames; return the bytes that are neither head nor frames."""

    def rewrite(self, head: bytes) -> None:
        """Put another head of the same length in the place of the first."""
        assert len(head) == len(self.head)  # noqa: S101 - the encoder's promise
        self.head = head
        write_at(self._descriptor, head, 0)

    def opened(self) -> BinaryIO:
        """Open it for reading, from its beginning."""
        return open(self.path, "rb")  # noqa: PTH123 - strings are faster; whoever asks closes it

    def check(self) -> None:  # noqa: B027 - most files are what was written
        """Raise a `Fault` where the file is not what head and frames were made into."""

    def move(self, path: str) -> None:
        """Give the file another name."""
        os.rename(self.path, path)  # noqa: PTH104 - strings are faster
        self.path = path

    def forget(self) -> bool:
        """Let the next reads come from the medium; see `medium.forget`."""
        return forget(self._descriptor)

    def close(self) -> None:
        """Let go of all that is open, of each once, whatever the system says to it."""
        with ExitStack() as every:
            while self._opened:
                every.callback(os.close, self._opened.pop())


class NativeFile(FrameFile):
    """Frames of `frame_bits` bits each, at places known beforehand."""

    def __init__(self, path: str, head: bytes, pixel_bytes: int, frame_bits: int) -> None:
        super().__init__(path, head)
        self._bits, self._start, self._pixel_bytes = frame_bits, len(head), pixel_bytes
        self._written = 0

    def begin(self) -> None:
        """Make the file as long as it will be: what no frame fills is zeros."""
        super().begin()
        os.ftruncate(self._descriptor, self._start + self._pixel_bytes)

    def write_frame(self, at: int, frame: NDArray[Any]) -> int:
        """Write the values of one frame."""
        write_at(self._descriptor, frame.reshape(-1).view(np.uint8).data, self._start + at * (self._bits // 8))
        return self._count()

    def write_mask(self, at: int, start: int, mask: NDArray[np.bool_]) -> int:
        """Write the bits of one frame from pixel `start` on, a multiple of 8; all others are zeros already."""
        if self._bits % 8 == 0:
            packed = np.packbits(mask, bitorder="little")
            write_at(self._descriptor, packed.data, self._start + (at * self._bits + start) // 8)
        else:
            # Frames of a few bits more than whole bytes follow each other without a gap (PS3.5 8.1.1).
            first, shift = divmod(at * self._bits + start, 8)
            packed = np.packbits(np.concatenate((np.zeros(shift, bool), mask)), bitorder="little")
            with self._lock:
                there = np.frombuffer(read_at(self._descriptor, len(packed), self._start + first), np.uint8)
                write_at(self._descriptor, (packed | there).data, self._start + first)
        return self._count()

    def _count(self) -> int:
        with self._lock:
            self._written += self._bits // 8
        return self._bits // 8

    def read_frame(self, at: int) -> bytearray:
        """Read its bytes back; of bits those that hold them."""
        first, end = at * self._bits // 8, -(-(at + 1) * self._bits // 8)
        content = bytearray(end - first)  # which compares with whatever holds bytes, as `bytes` do not
        read_into(self._descriptor, content, self._start + first)
        return content

    def finish(self) -> int:
        """Nothing follows but the padding, which is there already."""
        return self._pixel_bytes - self._written


class FragmentFile(FrameFile):
    """Compressed frames, a fragment each, behind a table of their offsets (PS3.5 A.4).

    Fragments stand in the order of frames: one that comes too early waits in a second file, not in memory. It has no
    name there.

    Parameters
    ----------
    path, head
        See `FrameFile`; where the table is an extended one, its two elements are the last before Pixel Data, and their
        values are zeros.
    frames
        How many.
    extended
        Whether offsets may pass 32 bits; then the basic table is empty.
    """

    def __init__(self, path: str, head: bytes, frames: int, *, extended: bool) -> None:
        super().__init__(path, head)
        self._extended = extended
        self._table = 0 if extended else 4 * frames
        self._first = self._end = len(head) + 8 + self._table
        self._spool = -1
        self._spooled = 0
        self._waiting: dict[int, tuple[int, int]] = {}  # frame → place in the spool, length
        self._places: list[tuple[int, int]] = []  # offset in the file, length

    def begin(self) -> None:
        """Leave room for the table, and make the second file."""
        super().begin()
        write_at(self._descriptor, item_head(self._table) + bytes(self._table), len(self.head))
        self._spool = self._make_nameless()

    def write_frame(self, at: int, frame: bytes) -> int:
        """Write one codestream."""
        # Padded here, so that it is read back as the same bytes from wherever it is.
        fragment = frame + b"\0" * (len(frame) % 2)
        with self._lock:
            if at != len(self._places):
                write_at(self._spool, fragment, self._spooled)
                self._waiting[at] = (self._spooled, len(fragment))
                self._spooled += len(fragment)
                return len(fragment) + 8
            self._append(fragment)
            while (following := len(self._places)) in self._waiting:
                start, length = self._waiting.pop(following)
                self._append(read_at(self._spool, length, start))
        return len(fragment) + 8

    def _append(self, fragment: bytes) -> None:
        write_at(self._descriptor, item_head(len(fragment)) + fragment, self._end)
        self._places.append((self._end, len(fragment)))
        self._end += 8 + len(fragment)

    def read_frame(self, at: int) -> bytes:
        """Read one codestream back, from where it is by now."""
        with self._lock:
            if at in self._waiting:
                start, length = self._waiting[at]
                return read_at(self._spool, length, start)
            start, length = self._places[at]
        return read_at(self._descriptor, length, start + 8)

    @property
    def codestreams(self) -> int:
        """Bytes of all codestreams."""
        return sum(length for _, length in self._places)

    def finish(self) -> int:
        """Write the table of offsets and the delimiter."""
        write_at(self._descriptor, SEQUENCE_DELIMITER, self._end)
        offsets = [place - self._first for place, _ in self._places]
        lengths = [length for _, length in self._places]
        if self._extended:
            self.rewrite(_with_extended_table(self.head, offsets, lengths))
        else:
            write_at(self._descriptor, np.array(offsets, "<u4").tobytes(), len(self.head) + 8)
        return self._first - len(self.head) + len(SEQUENCE_DELIMITER)


def extended_table(frames: int) -> bytes:
    """Extended Offset Table and its lengths (PS3.3 C.7.6.3.1.8), still without values."""
    empty = bytes(8 * frames)
    return b"".join(
        struct.pack("<HH2sHL", 0x7FE0, element, b"OV", 0, len(empty)) + empty for element in (0x0001, 0x0002)
    )


def _with_extended_table(head: bytes, offsets: list[int], lengths: list[int]) -> bytes:
    """Fill in the two elements that end 12 bytes before the pixels."""
    size = 8 * len(offsets)
    end = len(head) - 12
    second, first = end - size, end - size - 12 - size
    filled = bytearray(head)
    filled[first : first + size] = np.array(offsets, "<u8").tobytes()
    filled[second:end] = np.array(lengths, "<u8").tobytes()
    return bytes(filled)


def needs_extended(pixel_bytes: int) -> bool:
    """Whether offsets may pass 32 bits: compressed frames are hardly larger than native ones."""
    return pixel_bytes > _LONGEST_OFFSET // 2
