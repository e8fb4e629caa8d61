"""An instance in another transfer syntax, for a DICOM node that does not take the one it has here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
"""Explicit and Implicit VR Little Endian."""


def transcode(source: Path, target: Path, syntax: str) -> None:
    """Write an instance uncompressed.

    Parameters
    ----------
    source
        It, in any transfer syntax.
    target
        To be made.
    syntax
        One of `PLAIN`.

    Raises
    ------
    Exception
        Whatever the parser, the decoder or the system says.
    """
    from pydicom import dcmread
    from pydicom.uid import UID

    dataset = dcmread(source)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.decompress(generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.save_as(target)
