"""How a DICOM file is built: what a walk along its elements finds, and how one element begins (PS3.5 7.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

PIXEL_DATA = 0x7FE00010
FLOATS = (0x7FE00008, 0x7FE00009)
"""Float and Double Float Pixel Data."""
PIXELS = (*FLOATS, PIXEL_DATA)


class NotDicomError(Exception):
    """No file of PS3.10: the four letters are missing."""


class Fault(NamedTuple):
    """One thing that is not as PS3.5 says: what, a stable code, and the tag where it is."""

    code: str
    what: str
    tag: int


@dataclass(slots=True)
class Structure:
    """How a file is built.

    Attributes
    ----------
    syntax : str
        Transfer Syntax UID as the file says; empty where it does not.
    meta : dict of int to bytes
        File Meta Information.
    values : dict of int to bytes
        UIDs and numbers of the instance.
    lengths : dict of int to int
        Length of every element of the data set itself; -1 where it is not defined.
    vrs : dict of int to str
        Their VRs; empty where they are implicit.
    fragments : list of (int, int)
        Where each fragment of encapsulated pixels begins (its item), counted from the first, and its length; the offset
        table is the first.
    pixels_at : int
        Where in the file (inflated, from behind its File Meta Information) the pixels' element begins; 0 without.
    faults : list of Fault
    fatal : str
        Why the walk ended before the end of the file; empty otherwise.
    """

    syntax: str = ""
    meta: dict[int, bytes] = field(default_factory=dict)
    values: dict[int, bytes] = field(default_factory=dict)
    lengths: dict[int, int] = field(default_factory=dict)
    vrs: dict[int, str] = field(default_factory=dict)
    fragments: list[tuple[int, int]] = field(default_factory=list)
    pixels_at: int = 0
    faults: list[Fault] = field(default_factory=list)
    fatal: str = ""

    def text(self, tag: int) -> str:
        """Read one of `values` as text."""
        return self.values.get(tag, b"").rstrip(b" \0").decode("ascii", "replace")

    def fault(self, code: str, what: str, tag: int = 0) -> None:
        """Add a fault."""
        self.faults.append(Fault(code, what, tag))
