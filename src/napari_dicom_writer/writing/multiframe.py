"""A multi-frame series: the header first, then frames at their places, in whatever order they are read.

Every frame's offset is known from the plan: nothing is gathered in memory, an instance never, a frame never twice.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.writing.encode import SeriesEncoder
from napari_dicom_writer.writing.read_back_frames import FramesVerifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan


class MultiFrameWriter:
    """Writes the multi-frame instances of one series, and reads each frame back. Safe to share between threads.

    Parameters
    ----------
    series
        The plan; its pixels are native.
    folder
        Where its files go.
    level
        How much is read back.
    """

    def __init__(self, series: SeriesPlan, folder: str, level: VerifyLevel) -> None:
        self._series, self._folder = series, folder
        self._encoder = SeriesEncoder(series)
        self._open: dict[str, _File] = {}
        self._lock = threading.Lock()
        self._verifier = None if level is VerifyLevel.OFF else FramesVerifier(series, level)

    def write(self, place: Place, values: NDArray[Any]) -> int:
        """Write one frame and read it back.

        Parameters
        ----------
        place
            Which frame of which instance.
        values
            The layer's values of its plane: (rows, columns) or (rows, columns, samples).

        Returns
        -------
        int
            Bytes of the frame; with the first one of an instance, those of its header and padding, too.

        Raises
        ------
        DestinationError
            If the system refuses to write.
        VerificationError
            If what is read back is not what was planned.
        """
        instance, at = place.instance, place.at
        stored = self._series.stored.encode_part(values, instance.frames[at].part)
        try:
            file, size = self._file(instance)
            file.write_frame(at, stored)
            if self._verifier:
                self._verifier.frame(instance, at, file.read_frame(at), values)
        except OSError as error:
            raise DestinationError(
                f"Writing failed: {error.strerror}", "Check space and permissions; nothing was written"
            ) from error
        return size + self._series.frame_bytes

    def _file(self, instance: InstancePlan) -> tuple[_File, int]:
        """Open an instance's file; the first time, with its header, and return how long it is without frames."""
        with self._lock:
            if instance.filename in self._open:
                return self._open[instance.filename], 0
            head = self._encoder.encode_start(instance)
            pixels = self._series.pixel_bytes(instance)
            path = f"{self._folder}{os.sep}{instance.filename}"
            file = self._open[instance.filename] = _File(path, head, pixels, self._series.frame_bits)
            return file, len(head) + pixels - len(instance.frames) * self._series.frame_bytes

    def finish(self) -> None:
        """Read the headers back, and check the series as a whole, after its last frame.

        Raises
        ------
        VerificationError
            If a header is not what was planned.
        """
        for instance in self._series.instances:
            file = self._open[instance.filename]
            if self._verifier:
                self._verifier.header(instance, file.path, file.head)
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        for file in self._open.values():
            file.close()


class _File:
    """One file that is being written: frames of `frame_bits` bits each behind its head."""

    def __init__(self, path: str, head: bytes, pixel_bytes: int, frame_bits: int) -> None:
        self.path, self.head, self._bits = path, head, frame_bits
        self._start = len(head)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o666)
        self._lock = threading.Lock()  # for frames that begin within a byte
        self._closed = False
        os.ftruncate(self._descriptor, len(head) + pixel_bytes)
        self._write(head, 0)

    def write_frame(self, at: int, frame: NDArray[Any]) -> None:
        """Write one frame: its bytes, or its bits as bool."""
        if self._bits % 8 == 0:
            packed = np.packbits(frame, bitorder="little") if frame.dtype.kind == "b" else frame
            self._write(packed.reshape(-1).view(np.uint8).data, self._start + at * (self._bits // 8))
            return
        # Frames of a few bits more than whole bytes follow each other without a gap (PS3.5 8.1.1).
        first, shift = divmod(at * self._bits, 8)
        packed = np.packbits(np.concatenate((np.zeros(shift, bool), frame.reshape(-1))), bitorder="little")
        with self._lock:
            there = np.frombuffer(os.pread(self._descriptor, len(packed), self._start + first), np.uint8)
            self._write((packed | there).data, self._start + first)

    def read_frame(self, at: int) -> bytes:
        """Read one frame back: its bytes, or for frames of bits those that hold them."""
        first, end = at * self._bits // 8, -(-(at + 1) * self._bits // 8)
        return os.pread(self._descriptor, end - first, self._start + first)

    def _write(self, content: bytes | memoryview, offset: int) -> None:
        rest = memoryview(content)
        while rest:
            written = os.pwrite(self._descriptor, rest, offset)
            rest, offset = rest[written:], offset + written

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            os.close(self._descriptor)
