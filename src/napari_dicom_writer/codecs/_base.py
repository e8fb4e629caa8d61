"""What a codec is, and how frames are read back by a library that did not encode them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydicom.encaps import encapsulate as _pydicom_encapsulate
from pydicom.pixels.decoders.base import get_decoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.stored_values import StoredValues
    from napari_dicom_writer.standard.transfer_syntax import TransferSyntax


@dataclass(frozen=True)
class Codec(ABC):
    """Turns frames into codestreams, one at a time.

    Frozen, picklable and shared by threads: a codec whose library cannot bear them keeps a lock of its own. Planning
    asks `why_not` once a series, and a series it lets pass never fails for its size, its type or its values. Writing
    calls `encode` once a plane, verifying `decode` once a plane, in any order and from any thread.

    Attributes
    ----------
    syntax : TransferSyntax
    decoders : tuple of str
        pydicom's names of the plugins that decode with a library that is not the encoder's, the fastest first.
    """

    syntax: TransferSyntax
    decoders: ClassVar[tuple[str, ...]]

    @abstractmethod
    def installed(self) -> bool:
        """Whether the package that encodes can be imported, and holds this codec."""

    @abstractmethod
    def why_not(self, rows: int, columns: int, stored: StoredValues) -> str | None:
        """Say why frames of this kind cannot be encoded, or read by common readers; None if they can."""

    @abstractmethod
    def encode(self, frame: NDArray[Any]) -> bytes:
        """Encode one frame.

        Parameters
        ----------
        frame
            (rows, columns) or (rows, columns, 3), C-contiguous, of a type that `StoredValues` has: ``|u1``, ``<u2`` or
            ``<i2``.

        Returns
        -------
        bytes
            The codestream, not padded: `encapsulation.encapsulate` pads.
        """

    @abstractmethod
    def _decode_otherwise(self, codestream: bytes) -> NDArray[Any]:
        """Decode without pydicom's plugins: any shape and sign, pixels in the right order."""

    def largest_error(self) -> float | None:
        """Return the largest error in stored values: 0 when lossless, None when it is not known beforehand."""
        return 0 if self.syntax.lossless else None

    def decoder(self) -> str | None:
        """Name the plugin of pydicom that `decode` uses, if there is one."""
        return _first_available(self.syntax, self.decoders)

    def decode(self, codestream: bytes, rows: int, columns: int, stored: StoredValues) -> NDArray[Any]:
        """Decode a frame, by another library than the one that encoded it where one is installed.

        Parameters
        ----------
        codestream
            As `encode` returned it, or with its padding.
        rows, columns, stored
            What the header says of the frame.

        Returns
        -------
        ndarray
            (rows, columns) or (rows, columns, 3), of the type `stored` names.
        """
        shape = (rows, columns, 3) if stored.samples == 3 else (rows, columns)
        plugin = self.decoder()
        if plugin is None:
            # The sign may be lost on the way, never the bits.
            frame = np.ascontiguousarray(self._decode_otherwise(codestream))
            return frame.reshape(-1).view(stored.dtype).reshape(shape)
        attributes: dict[str, Any] = {
            "rows": rows,
            "columns": columns,
            "number_of_frames": 1,
            "samples_per_pixel": stored.samples,
            "photometric_interpretation": self.syntax.photometric_interpretation(stored.samples),
            "bits_allocated": stored.bits,
            "bits_stored": stored.bits,
            "pixel_representation": int(stored.signed),
            "pixel_keyword": "PixelData",
        }
        if stored.samples == 3:
            attributes["planar_configuration"] = 0
        padded = codestream + b"\0" * (len(codestream) % 2)
        encapsulated = _pydicom_encapsulate([padded], has_bot=False)
        # Validating would warn of codestreams that happen to be as long as the pixels.
        frame, _ = get_decoder(self.syntax.uid).as_array(
            encapsulated, index=0, decoding_plugin=plugin, validate=False, **attributes
        )
        return frame.reshape(shape)


@cache
def _first_available(syntax: TransferSyntax, plugins: tuple[str, ...]) -> str | None:
    available = get_decoder(syntax.uid).available_plugins
    return next((plugin for plugin in plugins if plugin in available), None)


def built_with(codec: str) -> bool:
    """Whether imagecodecs is installed with a codec; some builds lack some, and old releases lack HTJ2K."""
    try:
        import imagecodecs
    except ImportError:
        return False
    return bool(getattr(getattr(imagecodecs, codec, None), "available", False))
