"""What one program makes of a series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.errors import Fix


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one program makes of a series.

    Attributes
    ----------
    software : str
    opens : bool
        Whether it shows one volume with every voxel in its place; in a program that knows no patient, in its place
        among the others.
    why : str
        What it does instead, or needs; empty when there is nothing to say.
    fix : Fix or None
        The option that makes it open the series, where there is one.
    """

    software: str
    opens: bool
    why: str = ""
    fix: Fix | None = None

    def __str__(self) -> str:
        return f"{self.software}: {'yes' if self.opens else 'no'}{f' ({self.why})' if self.why else ''}"


def remedies(verdicts: Sequence[Verdict]) -> list[tuple[Fix, str]]:
    """Each remedy by one click, with the programs it helps, and why they do not open the series without it."""
    helped: dict[Fix, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.fix and not verdict.opens:
            helped.setdefault(verdict.fix, []).append(verdict)
    return [(fix, f"{', '.join(v.software for v in found)}: {found[0].why}") for fix, found in helped.items()]


def summary(verdicts: Sequence[Verdict]) -> str:
    """Say in one line which programs open the series, or which do not, whichever are fewer.

    Examples
    --------
    >>> summary([Verdict("A", opens=True), Verdict("B", opens=True), Verdict("C", opens=False)])
    '2 of 3 programs tested, not in C'
    """
    opens = [verdict.software for verdict in verdicts if verdict.opens]
    others = [verdict.software for verdict in verdicts if not verdict.opens]
    if not verdicts:
        return "no program: pictures without a place are not a volume"
    tested = f"{len(verdicts)} programs tested"
    if not others:
        return f"all {tested}"
    if not opens:
        return f"none of {tested}"
    if len(others) <= len(opens):
        return f"{len(opens)} of {tested}, not in {', '.join(others)}"
    return f"{', '.join(opens)}, of {tested}"
