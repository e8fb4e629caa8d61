"""JPEG 2000 with loss (PS3.5 8.2.4), to a ratio.

pylibjpeg-openjpeg aims at a ratio of bytes, which is what radiology thinks in: 10 asked for gave 9.9 to 10.0 on
images, and more on labels, which need fewer bytes than that. imagecodecs aims at a signal to noise ratio of the whole
16 bits, which says little of an image that fills twelve; it decodes, from a build of its own, at twice GDCM's speed
and from several threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.codecs._base import Codec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.stored_values import StoredValues

_SMALLEST = 32  # pixels: six resolutions, which the package fixes, halve a side five times
# Without it, eight threads that encode end the process within seconds.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True)
class LossyJPEG2000(Codec):
    """JPEG 2000 with loss, encoded by pylibjpeg-openjpeg.

    Attributes
    ----------
    ratio : float
        Native bytes over encoded bytes to aim at; frames that are smaller without it come out smaller.
    """

    ratio: float = 10.0
    decoders = ()

    def installed(self) -> bool:
        """Whether pylibjpeg-openjpeg is there."""
        try:
            import openjpeg.utils  # noqa: F401 - only asks whether it is there
        except ImportError:
            return False
        return True

    def why_not(self, rows: int, columns: int, stored: StoredValues) -> str | None:
        """Sides of at least 32 pixels."""
        if min(rows, columns) >= _SMALLEST:
            return None
        return f"lossy JPEG 2000 holds sides of {_SMALLEST} pixels or more, and planes have {rows} × {columns}"

    def encode(self, frame: NDArray[Any]) -> bytes:
        """Encode one frame by the irreversible wavelet, RGB by the irreversible color transform."""
        from openjpeg.utils import encode_array

        color = frame.ndim == 3
        with _ONE_AT_A_TIME:
            return bytes(
                encode_array(
                    frame,
                    bits_stored=frame.dtype.itemsize * 8,
                    photometric_interpretation=1 if color else 2,
                    use_mct=color,
                    compression_ratios=[self.ratio],
                )
            )

    def _decode_otherwise(self, codestream: bytes) -> NDArray[Any]:
        try:
            from imagecodecs import jpeg2k_decode
        except ImportError:
            from openjpeg.utils import decode

            with _ONE_AT_A_TIME:
                return decode(codestream)
        return jpeg2k_decode(codestream)


CODEC = LossyJPEG2000
