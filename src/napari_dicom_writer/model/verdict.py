"""What one program makes of a series."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one program makes of a series.

    Attributes
    ----------
    software : str
    opens : bool
        Whether it shows one volume with every voxel in its place.
    why : str
        What it does instead, or needs; empty when there is nothing to say.
    """

    software: str
    opens: bool
    why: str = ""

    def __str__(self) -> str:
        return f"{self.software}: {'yes' if self.opens else 'no'}{f' ({self.why})' if self.why else ''}"


def summary(verdicts: tuple[Verdict, ...]) -> str:
    """Name the software that opens the series, in one line."""
    return ", ".join(v.software for v in verdicts if v.opens) or "none that was tested"
