"""The transfer syntaxes the writer can encode: one table, one row each."""

from __future__ import annotations

from enum import StrEnum

from pydicom.uid import UID, ExplicitVRLittleEndian


class TransferSyntax(StrEnum):
    """How data sets and pixels are encoded on disk."""

    EXPLICIT_LE = "explicit-le"

    @property
    def uid(self) -> UID:
        """The UID of PS3.6 table A-1."""
        return _UIDS[self]


_UIDS = {TransferSyntax.EXPLICIT_LE: ExplicitVRLittleEndian}
