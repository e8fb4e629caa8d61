"""Codecs: one frame of stored values in, one codestream out, and back by another library to prove it.

The table of `transfer_syntax` names the module of each; the packages they need are imported when they are used.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Fix, OptionsError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.stored_values import Method, StoredValues
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from napari_dicom_writer.codecs._base import Codec
    from napari_dicom_writer.options.export import ExportOptions


def codec_of(options: ExportOptions) -> Codec | None:
    """Return the codec that the options ask for, or None where pixels are native; raises as `open_codec` does."""
    return open_codec(options.transfer_syntax, lossy_error=options.lossy_error, lossy_ratio=options.lossy_ratio)


def open_codec(syntax: TransferSyntax, *, lossy_error: int = 1, lossy_ratio: float = 10.0) -> Codec | None:
    """Return the codec of a transfer syntax, or None where pixels are native.

    Parameters
    ----------
    syntax
    lossy_error, lossy_ratio
        The options of those names; each counts for its own lossy transfer syntax only.

    Raises
    ------
    OptionsError
        When the package that encodes is not installed, naming the line that installs it.

    Examples
    --------
    >>> open_codec(TransferSyntax.EXPLICIT_LE) is None
    True
    """
    row = syntax.row
    if not row.codec:
        return None
    module = import_module(f"napari_dicom_writer.codecs.{row.codec}")
    if syntax is TransferSyntax.JPEG_LS_LOSSY:
        codec: Codec = module.CODEC(syntax, error=lossy_error)
    elif syntax is TransferSyntax.JPEG_2000_LOSSY:
        codec = module.CODEC(syntax, ratio=lossy_ratio)
    else:
        codec = module.CODEC(syntax)
    if not codec.installed():
        raise OptionsError(
            f"{mention('transfer_syntax', syntax)} needs {row.package}, which is not installed or lacks this codec",
            f'pip install "napari-dicom-writer[{row.extra}]", or choose another transfer syntax',
            "options",
            fix=Fix("transfer_syntax", TransferSyntax.EXPLICIT_LE, "Uncompressed"),
        )
    _warm_up(codec)
    return codec


@cache
def _warm_up(codec: Codec) -> None:
    """Encode and decode one frame, before threads do: libraries fill tables when they are first used.

    Measured with HTJ2K: of 24 processes that began with two threads at once, one could not decode its first frame.
    """
    frame = np.arange(1024, dtype="<i2").reshape(32, 32)
    codec.decode(codec.encode(frame), 32, 32, StoredValues(Method.CAST, "<i2"))
