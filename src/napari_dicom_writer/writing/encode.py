"""Plan and pixels to Part 10 bytes. What all instances of a series share is encoded once, by pydicom.

An instance then costs the few elements that vary, joined in tag order with the shared bytes between them. The result
is byte for byte what pydicom writes for the same data set.
"""

from __future__ import annotations

import os
import struct
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_dataset

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO, compression_ratio
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.standard.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from napari_dicom_writer.writing.deflate import deflate
from napari_dicom_writer.writing.encapsulation import UNDEFINED_LENGTH, encapsulate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.plan import InstancePlan, SeriesPlan

_PREAMBLE = b"\0" * 128 + b"DICM"
_PIXEL_DATA = 0x7FE00010


class SeriesEncoder:
    """Encodes the instances of one series. Holds no pixels and changes nothing: safe to share between threads."""

    def __init__(self, series: SeriesPlan) -> None:
        self._series = series
        self._iod = IODS[series.iod]
        self._syntax = series.options.transfer_syntax
        self._codec = codec_of(series.options)
        vr = b"OB" if series.stored.bits == 8 or self._codec else b"OW"
        self._pixel_head = struct.pack("<HH2sH", _PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF, vr, 0)
        # What varies, in tag order, each with the shared bytes before it.
        varying = [*self._iod.varying(series, series.instances[0]), *([] if self._syntax.lossless else [LOSSY_RATIO])]
        keywords = sorted(varying, key=_tag)
        shared = _encode_between(self._iod.shared(series), [_tag(keyword) for keyword in keywords])
        self._pieces = list(zip(keywords, shared[:-1], strict=True))
        self._last = shared[-1]
        self._meta_before = struct.pack("<HH2sHL", 2, 1, b"OB", 0, 2) + b"\0\1"
        self._meta_before += _element("MediaStorageSOPClassUID", self._iod.sop_class_uid)
        self._meta_after = b"".join(
            (
                _element("TransferSyntaxUID", self._syntax.uid),
                _element("ImplementationClassUID", IMPLEMENTATION_CLASS_UID),
                _element("ImplementationVersionName", IMPLEMENTATION_VERSION_NAME),
            )
        )

    def encode(self, instance: InstancePlan, stored: NDArray[Any]) -> list[bytes | memoryview]:
        """Return the file of one instance in pieces.

        Parameters
        ----------
        instance
            Which one.
        stored
            (rows, columns) or (rows, columns, 3), contiguous, as `StoredValues.encode` returns it; native pixels are
            among the pieces without a copy.
        """
        meta = self._meta(instance.uid)
        if self._codec:
            codestream = self._codec.encode(stored)
            lossy = {} if self._syntax.lossless else {LOSSY_RATIO: compression_ratio(stored.nbytes, len(codestream))}
            return [meta + self._dataset(instance, UNDEFINED_LENGTH, lossy), *encapsulate(codestream)]
        pixels: memoryview = stored.reshape(-1).view(np.uint8).data
        padding = b"\0" * (len(pixels) % 2)
        dataset = self._dataset(instance, len(pixels) + len(padding), {})
        if self._syntax is TransferSyntax.DEFLATED:
            return [meta, deflate([dataset, pixels, padding])]
        return [meta + dataset, pixels, padding] if padding else [meta + dataset, pixels]

    def _dataset(self, instance: InstancePlan, pixel_bytes: int, lossy: dict[str, str]) -> bytes:
        """Encode the data set up to the head of Pixel Data."""
        varying = self._iod.varying(self._series, instance) | lossy
        parts: list[bytes] = []
        for keyword, shared in self._pieces:
            parts += (shared, _element(keyword, varying[keyword]))
        parts += (self._last, self._pixel_head, struct.pack("<L", pixel_bytes))
        return b"".join(parts)

    def _meta(self, uid: str) -> bytes:
        """Encode preamble and file meta information (PS3.10 7.1)."""
        elements = self._meta_before + _element("MediaStorageSOPInstanceUID", uid) + self._meta_after
        return _PREAMBLE + struct.pack("<HH2sHL", 2, 0, b"UL", 4, len(elements)) + elements

    def write(self, path: str | os.PathLike[str], instance: InstancePlan, stored: NDArray[Any]) -> int:
        """Write one instance to a file that does not exist yet; `instance` and `stored` as for `encode`.

        Returns
        -------
        int
            Bytes written.
        """
        buffers = self.encode(instance, stored)
        size = sum(map(len, buffers))
        # Without Python's file object: for a small file it costs as much as the writing.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            written = os.writev(descriptor, buffers) if hasattr(os, "writev") else 0
            if written < size:
                _write_rest(descriptor, buffers, written)
        finally:
            os.close(descriptor)
        return size


def _write_rest(descriptor: int, buffers: list[bytes | memoryview], written: int) -> None:
    """Write what a short write left over."""
    for buffer in buffers:
        rest = memoryview(buffer)[written:]
        written = max(0, written - len(buffer))
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _encode_between(dataset: Dataset, tags: list[int]) -> list[bytes]:
    """Encode a data set in pieces, cut before each of the tags, which must not be in it."""
    encoding = convert_encodings(dataset.SpecificCharacterSet)
    pieces = []
    for low, high in zip([0, *tags], [*tags, 0xFFFFFFFF], strict=True):
        part = Dataset()
        part.update({tag: element for tag, element in dataset.items() if low <= tag < high})
        buffer = BytesIO()
        stream = DicomFileLike(buffer)
        stream.is_little_endian, stream.is_implicit_VR = True, False
        write_dataset(stream, part, encoding)
        pieces.append(buffer.getvalue())
    return pieces


@cache
def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword  # noqa: S101 - keywords come from our own modules
    return tag


@cache
def _prefix(keyword: str) -> tuple[bytes, bytes]:
    """Tag and VR as bytes, and the padding of the VR."""
    tag, vr = _tag(keyword), dictionary_VR(keyword)
    return struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode()), b"\0" if vr == "UI" else b" "


def _element(keyword: str, value: str | int) -> bytes:
    """Encode one element of a short text VR, or US, in Explicit VR Little Endian (PS3.5 7.1.2)."""
    prefix, padding = _prefix(keyword)
    if isinstance(value, int):
        return prefix + struct.pack("<HH", 2, value)
    raw = value.encode("ascii")
    raw += padding * (len(raw) % 2)
    return prefix + struct.pack("<H", len(raw)) + raw
