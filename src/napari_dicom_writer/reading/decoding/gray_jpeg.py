"""Gray JPEG, lossless and of 12 bits too, by imagecodecs: a plug-in for pydicom, whose own need GDCM or libjpeg."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import DecodeRunner

DECODER_DEPENDENCIES = dict.fromkeys(
    (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1), ("imagecodecs",)
)
"""What pydicom says is missing."""


def is_available(uid: str) -> bool:
    """Whether pydicom may call it."""
    return find_spec("imagecodecs") is not None


def _decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    if runner.samples_per_pixel != 1:
        raise NotImplementedError("colors are for others")
    from imagecodecs import jpeg_decode

    frame = jpeg_decode(src)
    runner.set_option("bits_allocated", 8 * frame.itemsize)
    return bytes(frame.tobytes())


def plug_in() -> None:
    """Let pydicom try it, too."""
    for decoder in map(get_decoder, DECODER_DEPENDENCIES):
        if "imagecodecs" not in (*decoder.available_plugins, *decoder._unavailable):
            decoder.add_plugin("imagecodecs", (__name__, "_decode_frame"))
