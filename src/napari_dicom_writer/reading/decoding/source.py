"""The pixels of one file, frame by frame: native ones read here, compressed ones decoded elsewhere (see `pool`).

What the header says is compared with what the frame itself says before any decoder sees it.
"""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
from pydicom.encaps import generate_frames, get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from napari_dicom_writer.reading.decoding.codestreams import expected_kind, is_native, read_head
from napari_dicom_writer.reading.decoding.pool import decoders
from napari_dicom_writer.reading.decoding.process import DecodingError
from napari_dicom_writer.reading.files import opened
from napari_dicom_writer.reading.shared import shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

MAX_FRAME_BYTES = 2**30
_KEYWORDS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_VRS = (b"OB", b"OW", b"OF", b"OD", b"UN")
NUMBERS = ("rows", "columns", "samples_per_pixel", "bits_allocated", "number_of_frames")
_MOST_EXPANDED = {"RLE": 64}  # two bytes of a run become 128


class ChangedError(DecodingError):
    """The file is not the one whose header was read."""


@dataclass(frozen=True, slots=True)
class PixelSource:
    """Where the pixels of a file are, and how they are stored.

    Attributes
    ----------
    path : str
    syntax : str
        Transfer Syntax UID.
    at : int
        Where their element begins.
    options : dict
        What the header says of them, as pydicom's decoders name it.
    stamp : tuple of int
        Size and time of the file when its header was read.
    high : int or None
        High Bit, where values lie higher than in the lowest bits, as old objects may have it.
    """

    path: str
    syntax: str
    at: int
    options: dict[str, Any]
    stamp: tuple[int, int]
    high: int | None = None

    @property
    def count(self) -> int:
        """How many frames there should be."""
        return int(self.options["number_of_frames"])

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one frame: (rows, columns) or (rows, columns, samples)."""
        rows, columns, samples = (self.options[key] for key in NUMBERS[:3])
        return (rows, columns, samples) if samples > 1 else (rows, columns)

    @property
    def frame_bytes(self) -> int:
        """Of one frame, decoded."""
        rows, columns, samples, bits = (self.options[key] for key in NUMBERS[:4])
        return int(rows * columns * samples * max(1, bits // 8))

    @property
    def is_moved(self) -> bool:
        """Whether values are moved down from `high`; codestreams that know of bits hold values and nothing else."""
        return self.high is not None and (is_native(self.syntax) or expected_kind(self.syntax) == "RLE")

    def part_of(self, whole: NDArray[Any]) -> NDArray[Any]:
        """Return what belongs to it of a picture as large as a frame: all."""
        return whole

    def frame(self, index: int, *, raw: bool = False) -> NDArray[Any]:
        """Read one frame.

        Parameters
        ----------
        index
            From 0.
        raw
            Whether pixels stay as they are stored: colors in their space, unused bits as they are.

        Returns
        -------
        numpy.ndarray
            (rows, columns) or (rows, columns, samples).

        Raises
        ------
        DecodingError
            If it cannot be decoded, or the file holds something else at this place.
        OSError
            If the file cannot be read.
        """
        with self._failures(), opened(self.path) as file:
            options = self._enter(file)
            if is_native(self.syntax):
                return self._native(file, index, options, raw=raw)
            codestream = get_frame(
                file, index, number_of_frames=self.count, extended_offsets=self.options.get("extended_offsets")
            )
            return self._decoded(codestream, raw=raw)

    def frames(self, *, raw: bool = False) -> Iterator[NDArray[Any]]:
        """Read all frames, one after the other; for parameters and errors see `frame`."""
        with self._failures(), opened(self.path) as file:
            options = self._enter(file)
            if is_native(self.syntax):
                begin = file.tell()
                for index in range(self.count):
                    file.seek(begin)
                    yield self._native(file, index, options, raw=raw)
                return
            offsets = self.options.get("extended_offsets")
            for codestream in generate_frames(file, number_of_frames=self.count, extended_offsets=offsets):
                yield self._decoded(codestream, raw=raw)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Give every failure but that of the file one kind; decoders raise whatever they like."""
        try:
            yield
        except (DecodingError, OSError, GeneratorExit):
            raise
        except Exception as error:
            raise DecodingError(" ".join(str(error).split()) or type(error).__name__) from error

    def _enter(self, file: BinaryIO) -> dict[str, Any]:
        """Go to where the pixels begin, unless the file has become another since its header was read."""
        if self.frame_bytes > MAX_FRAME_BYTES:
            raise DecodingError(f"a frame of {self.frame_bytes / 2**30:.3g} GiB is not decoded")
        file.seek(self.at)
        head = file.read(12)
        order: Literal["little", "big"] = "little" if UID(self.syntax).is_little_endian else "big"
        tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
        if tag not in _KEYWORDS or _stamp(self.path) != self.stamp:
            raise ChangedError("the file changed meanwhile")
        # The transfer syntax may lie. In implicit VR, these bytes are of a length, and that of pixels is even.
        explicit = head[4:6] in _VRS
        file.seek(self.at + (12 if explicit else 8))
        return {**self.options, "pixel_keyword": _KEYWORDS[tag], "pixel_vr": head[4:6].decode() if explicit else "OW"}

    def _native(self, file: BinaryIO, index: int, options: dict[str, Any], *, raw: bool) -> NDArray[Any]:
        if options["bits_allocated"] == 1 and UID(self.syntax).is_little_endian:
            return self._bits(file, index)
        # It was inflated already.
        syntax = ExplicitVRLittleEndian if self.syntax == DeflatedExplicitVRLittleEndian else self.syntax
        options = {**options, "correct_unused_bits": not raw and self.high is None}
        frame, _ = get_decoder(syntax).as_array(file, index=index, raw=raw, **options)
        return frame if raw else self._moved_down(frame)

    def _bits(self, file: BinaryIO, index: int) -> NDArray[Any]:
        """Read a frame of single bits, which need not begin with a byte (PS3.5 8.1.1)."""
        count = math.prod(self.shape)
        begin, skipped = divmod(index * count, 8)
        length = (skipped + count + 7) // 8
        file.seek(begin, os.SEEK_CUR)
        packed = file.read(length)
        if index >= self.count or len(packed) < length:
            raise DecodingError("the file ends before it")
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little", count=skipped + count)
        return bits[skipped:].reshape(self.shape)

    def _decoded(self, codestream: bytes, *, raw: bool) -> NDArray[Any]:
        """Have a compressed frame decoded, if it is what the header says."""
        head, kind = read_head(codestream), expected_kind(self.syntax)
        if kind and (head is None or head.kind != kind):
            raise DecodingError(f"it is {head.kind if head else 'of no known kind'}, and its transfer syntax {kind}")
        rows, columns = self.shape[:2]
        if head and head.rows and (head.rows, head.columns) != (rows, columns):
            raise DecodingError(f"it is {head.rows} × {head.columns}, and its header says {rows} × {columns}")
        samples = self.options["samples_per_pixel"]
        if head and head.samples not in (0, 1, samples):
            raise DecodingError(f"it has {head.samples} samples a pixel, and its header says {samples}")
        if kind in _MOST_EXPANDED and self.frame_bytes > _MOST_EXPANDED[kind] * len(codestream):
            raise DecodingError(f"{len(codestream):,} bytes cannot hold a frame of {self.frame_bytes:,}")
        if self.high is not None and head and head.bits > self.options["bits_stored"]:
            raise DecodingError(f"its {head.bits} bits are more than its values have, and High Bit is {self.high}")
        options = {**self.options, "number_of_frames": 1, "pixel_keyword": "PixelData"}
        options["correct_unused_bits"] = not raw and not self.is_moved
        options.pop("extended_offsets", None)
        frame = decoders().decode(codestream, self.syntax, self.shape, options, raw=raw)
        return frame if raw else self._moved_down(frame)

    def _moved_down(self, frame: NDArray[Any]) -> NDArray[Any]:
        """Take values out of the bits that end with High Bit; what lies above and below is none of them."""
        if self.high is None or not self.is_moved:
            return frame
        allocated, unsigned = 8 * frame.itemsize, f"u{frame.itemsize}"
        top = frame.view(unsigned) << np.array(allocated - 1 - self.high, unsigned)
        moved: NDArray[Any] = top.view(frame.dtype) >> np.array(allocated - self.options["bits_stored"], frame.dtype)
        return moved


def pixel_source(path: str | os.PathLike[str], header: Dataset, syntax: str, at: int) -> PixelSource:
    """Say where the pixels of a file are.

    Parameters
    ----------
    path, syntax, at
        As in `PixelSource`.
    header
        What describes the pixels; may hold anything.

    Raises
    ------
    DecodingError
        If the header does not say how they are stored.
    """
    try:
        given = as_pixel_options(header)
        # NumPy's where `pydicom.config.use_IS_numpy` is set, and an IS of pydicom's else.
        options = {key: int(value) if isinstance(value, Integral) else value for key, value in given.items()}
        options.setdefault("samples_per_pixel", 1)
        numbers = [options[key] for key in NUMBERS]
        options = options if "extended_offsets" in options else _kept(tuple(options.items()))
    except Exception:  # noqa: BLE001 - whatever is missing, or makes the parser raise
        raise DecodingError("its header does not say how they are stored") from None
    if not all(isinstance(number, int) and number > 0 for number in numbers):
        raise DecodingError("its header says nonsense of how they are stored")
    return PixelSource(str(path), shared(str(syntax)), at, options, _stamp(path), _high_bit(header, options))


@lru_cache
def _kept(options: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    """Return one dictionary for all files that say the same; nobody changes it."""
    return dict(options)


def _high_bit(header: Dataset, options: dict[str, Any]) -> int | None:
    """Return High Bit where it is not the usual one, and makes sense."""
    try:
        high = int(header.get("HighBit", 0))
    except (TypeError, ValueError):
        return None
    stored = options.get("bits_stored", options["bits_allocated"])
    return high if stored - 1 < high < options["bits_allocated"] else None


def _stamp(path: str | os.PathLike[str]) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - for every plane
    return found.st_size, found.st_mtime_ns
