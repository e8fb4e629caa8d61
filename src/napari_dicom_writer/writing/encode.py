"""Plan and pixels to Part 10 bytes. What all instances of a series share is encoded once, by pydicom.

An instance then costs the few elements that vary, joined in tag order with the shared bytes between them. The result
is byte for byte what pydicom writes for the same data set.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods._base import compose
from napari_dicom_writer.iods.modules.file_meta import PREAMBLE, file_meta, file_meta_of, pixel_data_tag, pixel_data_vr
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO, compression_ratio, known_ratios
from napari_dicom_writer.standard.elements import UNDEFINED
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.deflate import deflate
from napari_dicom_writer.writing.encapsulation import encapsulate
from napari_dicom_writer.writing.frame_files import extended_table, needs_extended
from napari_dicom_writer.writing.frame_groups import encode_frame_groups
from napari_dicom_writer.writing.splice import Splice, head_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan

    _Pieces = list[bytes | memoryview]

_RATIO_BYTES = 16  # of a DS
_LONG = struct.Struct("<L")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class SeriesEncoder:
    """Encodes the instances of one series. Holds no pixels and changes nothing: safe to share between threads."""

    def __init__(self, series: SeriesPlan) -> None:
        self._series = series
        self._iod = IODS[series.iod]
        self._syntax = series.options.transfer_syntax
        self._codec = codec_of(series.options)
        first = series.instances[0]
        varying = [*self._iod.varying(series, first), *([] if self._syntax.lossless else [LOSSY_RATIO])]
        self._dataset = Splice(self._iod.shared(series), varying)
        self._meta = Splice(compose(file_meta(series, self._iod.sop_class(series))), file_meta_of(first))
        vr = pixel_data_vr(series).encode()
        tag = pixel_data_tag(series)
        self._pixel_head = struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, 0)
        self._start = PREAMBLE + head_of("FileMetaInformationGroupLength", 4)
        self._frame_bytes = series.frame_bytes + series.frame_bytes % 2

    def encode(self, instance: InstancePlan, stored: NDArray[Any]) -> _Pieces:
        """Return the file of a single-frame instance in pieces.

        Parameters
        ----------
        instance
            Which one.
        stored
            Its frame: (rows, columns) or (rows, columns, 3), contiguous, as `StoredValues.encode` returns it; native
            pixels are among the pieces without a copy.
        """
        if self._codec:
            codestream = self._codec.encode(stored)
            ratio = compression_ratio(stored.nbytes, len(codestream), self._series.lossy)
            lossy = {} if self._syntax.lossless else {LOSSY_RATIO: ratio}
            head = [*self._encode_meta(instance), *self._encode_head(instance, UNDEFINED, lossy)]
            return [b"".join(head), *encapsulate(codestream)]
        pixels = stored.data.cast("B")
        padding = b"\0" * (self._frame_bytes - len(pixels))
        meta, data = self._encode_meta(instance), self._encode_head(instance, self._frame_bytes, {})
        if self._syntax is TransferSyntax.DEFLATED:
            return [b"".join(meta), deflate([*data, pixels, padding])]
        joined = b"".join(meta + data)
        return [joined, pixels, padding] if padding else [joined, pixels]

    def encode_start(self, instance: InstancePlan, ratio: str = "1") -> bytes:
        """Return a multi-frame instance up to the value of its pixels, as long whatever `ratio` its codestreams have.

        Of compressed frames whose offsets may pass 32 bits, an extended offset table without values is the last before
        the pixels.
        """
        size = UNDEFINED if self._codec else self._series.pixel_bytes(instance)
        lossy = {}
        if not self._syntax.lossless:
            before = "".join(f"{earlier}\\" for earlier in known_ratios(self._series.lossy))
            lossy = {LOSSY_RATIO: before + ratio.ljust(_RATIO_BYTES)}
        head = b"".join(self._encode_meta(instance) + self._encode_head(instance, size, lossy))
        if not (self._codec and needs_extended(self._series.pixel_bytes(instance))):
            return head
        end = len(self._pixel_head) + 4
        return head[:-end] + extended_table(len(instance.frames)) + head[-end:]

    def _encode_head(self, instance: InstancePlan, pixel_bytes: int, lossy: dict[str, str]) -> list[bytes]:
        """Encode the data set up to the first byte of Pixel Data's value, in parts to be joined."""
        varying = self._iod.varying(self._series, instance)
        parts = self._dataset.encode(varying | lossy if lossy else varying)
        if groups := self._iod.frame_groups(self._series, instance):
            parts.append(encode_frame_groups(groups))
        parts += (self._pixel_head, _LONG.pack(pixel_bytes))
        return parts

    def _encode_meta(self, instance: InstancePlan) -> list[bytes]:
        """Encode preamble and file meta information, with the length of its group (PS3.10 7.1), likewise."""
        elements = self._meta.encode(file_meta_of(instance))
        return [self._start, _LONG.pack(sum(map(len, elements))), *elements]

    def write(self, path: str | os.PathLike[str], instance: InstancePlan, stored: NDArray[Any]) -> _Pieces:
        """Write a single-frame instance to a file that does not exist yet; arguments and result as for `encode`."""
        buffers = self.encode(instance, stored)
        size = sum(map(len, buffers))
        # Without Python's file object: for a small file it costs as much as the writing.
        descriptor = os.open(path, _NEW, 0o666)
        try:
            written = os.writev(descriptor, buffers) if hasattr(os, "writev") else 0
            if written < size:
                _write_rest(descriptor, buffers, written)
        finally:
            os.close(descriptor)
        return buffers


def _write_rest(descriptor: int, buffers: _Pieces, written: int) -> None:
    """Write what a short write left over."""
    for buffer in buffers:
        rest = memoryview(buffer)[written:]
        written = max(0, written - len(buffer))
        while rest:
            rest = rest[os.write(descriptor, rest) :]
