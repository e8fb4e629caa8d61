"""What files of this package begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.standard.uids import IMPLEMENTATION_CLASS_UID

if TYPE_CHECKING:
    import os

_STARTS = (bytes(128) + b"DICM", b"PK\3\4", b"PK\5\6")
"""Of a DICOM file, of a zip file, which holds one of those first, as it is, and of one that came to hold nothing."""
_HEAD, _META = 1024, 400
"""Bytes of a file that are looked at; its meta information ends before the second number."""


def begins_like_ours(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as this package begins one, be it that it breaks off.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - of thousands, by their strings
        head = file.read(_HEAD)
    if not head.strip(b"\0"):
        return True  # what was being written when the power went
    whole = IMPLEMENTATION_CLASS_UID.encode() in head or len(head) < _META  # it breaks off where the process died
    return whole and any(head[: len(start)] == start[: len(head)] for start in _STARTS)
