"""What lossy compression has taken from pixels before: once said, it stays said (PS3.3 C.7.6.1.1.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit

from napari_dicom_writer.reading.lenient import numbers, text

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

LOSS_TAGS = ("LossyImageCompression", "LossyImageCompressionMethod", "LossyImageCompressionRatio")
"""Keywords of the attributes that `lossy_before` reads."""

_JPEG = {JPEGBaseline8Bit: "ISO_10918_1", JPEGExtended12Bit: "ISO_10918_1"}  # never without loss


def lossy_before(header: Dataset) -> tuple[tuple[str, float], ...]:
    """Read method and ratio of each lossy compression, as a `Volume` holds them; empty where none is known."""
    own = _JPEG.get(getattr(header, "file_meta", {}).get("TransferSyntaxUID", ""), "")
    if not own and text(header, "LossyImageCompression") != "01":
        return ()
    said = [method.strip() for method in text(header, "LossyImageCompressionMethod").split("\\")]
    methods = said if all(said) else [own]
    ratios = numbers(header, "LossyImageCompressionRatio") or ()
    if len(ratios) != len(methods) or min(ratios) <= 0:
        ratios = (0.0,) * len(methods)
    return tuple(zip(methods, ratios, strict=True))
