"""JPEG 2000 Lossless (PS3.5 8.2.4).

imagecodecs and pylibjpeg-openjpeg both bring OpenJPEG and are equally fast (18 MB/s on CT planes); imagecodecs runs in
several threads (36 MB/s in two) and chooses fewer resolutions for small frames, where pylibjpeg-openjpeg fails with
sides under 32 pixels. Signed values carry the sign in the codestream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.codecs._base import Codec, built_with

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.stored_values import StoredValues


@dataclass(frozen=True)
class JPEG2000(Codec):
    """JPEG 2000 without loss, encoded by imagecodecs (OpenJPEG)."""

    decoders = ("pylibjpeg", "gdcm")

    def installed(self) -> bool:
        """Whether imagecodecs is there, and was built with what this takes."""
        return built_with("JPEG2K")

    def why_not(self, rows: int, columns: int, stored: StoredValues) -> str | None:
        """Hold any size and type."""
        return None

    def encode(self, frame: NDArray[Any]) -> bytes:
        """Encode one frame by the reversible wavelet, RGB by the reversible color transform."""
        from imagecodecs import jpeg2k_encode

        # The bare codestream, without the boxes of a JP2 file (PS3.5 A.4.4).
        return bytes(jpeg2k_encode(frame, level=0, reversible=True, codecformat="j2k"))

    def _decode_otherwise(self, codestream: bytes) -> NDArray[Any]:
        from imagecodecs import jpeg2k_decode

        return jpeg2k_decode(codestream)


CODEC = JPEG2000
