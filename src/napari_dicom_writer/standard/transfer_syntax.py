"""The transfer syntaxes the writer can encode: one table, one row each. The codecs themselves are in `codecs`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom.uid import UID


class TransferSyntax(StrEnum):
    """How data sets and pixels are encoded on disk."""

    EXPLICIT_LE = "explicit-le"
    RLE = "rle"
    JPEG_LS = "jpeg-ls"
    JPEG_LS_LOSSY = "jpeg-ls-lossy"
    JPEG_2000 = "jpeg-2000"
    JPEG_2000_LOSSY = "jpeg-2000-lossy"
    HTJ2K = "htj2k"
    DEFLATED = "deflated"

    @property
    def row(self) -> Row:
        """What there is to know about it."""
        return _TABLE[self]

    @property
    def uid(self) -> UID:
        """The UID of PS3.6 table A-1."""
        # Here: with pydicom the dock widget would open later, which only wants the names.
        from pydicom import uid

        found: UID = getattr(uid, self.row.keyword)
        return found

    @property
    def encapsulated(self) -> bool:
        """Whether Pixel Data holds a compressed frame in fragments (PS3.5 A.4)."""
        return bool(self.row.codec)

    @property
    def lossless(self) -> bool:
        """Whether a reader gets every stored value back as it was."""
        return not self.row.lossy_method

    @property
    def without_loss(self) -> TransferSyntax:
        """The one of the same standard that loses nothing: itself, where it does not."""
        return TransferSyntax(self.row.without_loss or self)

    def photometric_interpretation(self, samples: int) -> str:
        """Return Photometric Interpretation (0028,0004) of images with 1 (gray) or 3 (RGB) samples.

        Examples
        --------
        >>> TransferSyntax.JPEG_2000.photometric_interpretation(3)
        'YBR_RCT'
        """
        return self.row.color if samples == 3 else "MONOCHROME2"


@dataclass(frozen=True, slots=True)
class Row:
    """One transfer syntax.

    Attributes
    ----------
    keyword : str
        Of its UID in pydicom.
    title : str
        What it is called where compression is chosen.
    codec : str
        Module of `codecs` that encodes a frame; empty where pixels are native.
    package, extra : str
        What encodes, as pip knows it, and the extra of this package that brings it; empty where nothing is needed.
    color : str
        Photometric Interpretation of RGB images: the codecs of JPEG 2000 turn RGB into YBR_RCT (reversible) or YBR_ICT
        on their way (PS3.5 8.2.4), the others leave it alone.
    lossy_method : str
        Lossy Image Compression Method (0028,2114), PS3.3 C.7.6.1.1.5.2; empty when nothing is lost.
    without_loss : str
        Of a lossy one, that of the same standard which loses nothing.
    thread_safe : bool
        Whether frames can be encoded side by side. Where it is False, the codec takes its turns behind a lock.
    """

    keyword: str
    title: str
    codec: str = ""
    package: str = ""
    extra: str = ""
    color: str = "RGB"
    lossy_method: str = ""
    without_loss: str = ""
    thread_safe: bool = True


# fmt: off
_TABLE = {
    TransferSyntax.EXPLICIT_LE: Row("ExplicitVRLittleEndian", "none"),
    TransferSyntax.RLE: Row("RLELossless", "RLE, lossless", "rle", "imagecodecs", "compression"),
    TransferSyntax.JPEG_LS: Row("JPEGLSLossless", "JPEG-LS, lossless", "jpeg_ls", "imagecodecs", "compression"),
    TransferSyntax.JPEG_LS_LOSSY: Row(
        "JPEGLSNearLossless", "JPEG-LS, lossy", "jpeg_ls", "imagecodecs", "compression",
        lossy_method="ISO_14495_1", without_loss="jpeg-ls",
    ),
    TransferSyntax.JPEG_2000: Row(
        "JPEG2000Lossless", "JPEG 2000, lossless", "jpeg_2000", "imagecodecs", "compression", color="YBR_RCT",
    ),
    TransferSyntax.JPEG_2000_LOSSY: Row(
        "JPEG2000", "JPEG 2000, lossy", "jpeg_2000_lossy", "pylibjpeg-openjpeg", "compression",
        color="YBR_ICT", lossy_method="ISO_15444_1", without_loss="jpeg-2000", thread_safe=False,
    ),
    TransferSyntax.HTJ2K: Row(
        "HTJ2KLossless", "HTJ2K, lossless", "htj2k", "imagecodecs", "compression", color="YBR_RCT",
    ),
    TransferSyntax.DEFLATED: Row("DeflatedExplicitVRLittleEndian", "deflated, lossless"),
}
# fmt: on
