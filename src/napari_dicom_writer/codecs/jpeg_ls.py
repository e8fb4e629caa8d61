"""JPEG-LS (PS3.5 8.2.3), lossless and near-lossless.

imagecodecs and pyjpegls both bring CharLS and are equally fast (100 MB/s on CT planes); imagecodecs lets other threads
run meanwhile (190 MB/s from two), pyjpegls does not. The codestream has no sign: signed values go in as their bits,
and GDCM, SimpleITK and pydicom take them out again by Pixel Representation, 1 × 1 pixels included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.codecs._base import Codec, built_with
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.stored_values import StoredValues


@dataclass(frozen=True)
class JPEGLS(Codec):
    """JPEG-LS, encoded by imagecodecs (CharLS).

    Attributes
    ----------
    error : int
        NEAR of ISO 14495-1: no stored value changes by more; 0 is lossless.
    """

    error: int = 0
    decoders = ("pyjpegls", "gdcm", "pylibjpeg")

    def installed(self) -> bool:
        """Whether imagecodecs is there, and was built with what this takes."""
        return built_with("JPEGLS")

    def why_not(self, rows: int, columns: int, stored: StoredValues) -> str | None:
        """Hold any size and type; NEAR ends at half the range of 8 bits."""
        limit = min(255, (2**stored.bits - 1) // 2)
        if self.error <= limit:
            return None
        return (
            f"{mention('lossy_error', self.error)} is more than JPEG-LS can lose of {stored.bits}-bit values, {limit}"
        )

    def encode(self, frame: NDArray[Any]) -> bytes:
        """Encode one frame.

        Where near-lossless could carry a signed value over the edge of its type, from 32767 to −32768 (it moves bits,
        and knows no sign), the frame is encoded without loss, which the same transfer syntax allows.
        """
        error = self.error
        if error and frame.dtype.kind == "i":
            limits = np.iinfo(frame.dtype)
            if frame.min() < limits.min + error or frame.max() > limits.max - error:
                error = 0
        # imagecodecs does not take NumPy's free strides of axes with length 1, which reshaping renews.
        bits = frame.reshape(-1).view(f"<u{frame.dtype.itemsize}").reshape(frame.shape)
        return _encode(bits, error)

    def largest_error(self) -> float:
        """Return the largest error in stored values."""
        return self.error

    def _decode_otherwise(self, codestream: bytes) -> NDArray[Any]:
        from imagecodecs import jpegls_decode

        return jpegls_decode(codestream)


def _encode(bits: NDArray[Any], error: int) -> bytes:
    from imagecodecs import JpeglsError, jpegls_encode

    try:
        return bytes(jpegls_encode(bits, error))
    except JpeglsError:
        # The buffer imagecodecs takes by itself is too small for noise, which grows by up to a tenth. A larger one
        # from the start would cost every other frame a third of its speed.
        return bytes(jpegls_encode(bits, error, out=2 * bits.nbytes + 1024))


CODEC = JPEGLS
