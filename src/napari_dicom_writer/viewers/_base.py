"""What a program is to the table of viewers, and the remedies that several share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix
from napari_dicom_writer.model.verdict import Verdict
from napari_dicom_writer.options.choices import TimeLayout
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer.viewers.seen import SeriesFacts

UNCOMPRESSED = Fix("transfer_syntax", TransferSyntax.EXPLICIT_LE, "Uncompressed")
COMPANION = Fix("companion", True, "Copy in 16 bits")
SERIES_EACH = Fix("time", TimeLayout.SERIES_PER_POINT, "Split time points")
_OBJECTS = {"OT": "ct", "CT": "ct", "MR": "mr", "PT": "pet"}  # by modality, with a place that all programs know


Refusal = tuple[str, Fix | None] | None
"""Why not, and the remedy by one click, if there is one; None if the program shows the series."""
UNTESTED: Refusal = ("was not tested with uneven planes", None)


def plainly(seen: SeriesFacts) -> str:
    """Say that a single plane is none more, and that real values are not those shown."""
    if seen.mapped:
        return "stored values: it does not know the Real World Value Mapping"
    return "a single plane" if seen.planes == 1 else ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """One program, or what several versions of it have in common.

    Attributes
    ----------
    name : str
        With the versions where they differ.
    tested : str
        Which version was tested.
    why_not : callable
        Says why it does not show a series as one volume, with the remedy by one click or None; None if it shows it.
    how : callable
        Says how it shows the series, where there is something to say.
    """

    name: str
    tested: str
    why_not: Callable[[SeriesFacts], Refusal]
    how: Callable[[SeriesFacts], str] = plainly

    def judge(self, seen: SeriesFacts) -> Verdict:
        """Say what it makes of a series."""
        refusal = self.why_not(seen)
        if refusal is None:
            return Verdict(self.name, opens=True, why=self.how(seen))
        why, fix = refusal
        return Verdict(self.name, opens=False, why=why, fix=fix)


def no_place(seen: SeriesFacts, why: str) -> Refusal:
    """Refuse a Secondary Capture, and offer the object that has a place."""
    key = "" if seen.color else _OBJECTS.get(seen.modality, "")
    return why, Fix("object", key, f"Write as {'PET' if key == 'pet' else key.upper()}") if key else None


def several_times(why: str = "one long stack of all time points") -> Refusal:
    """Refuse several time points in a series."""
    return why, SERIES_EACH


def not_decoded(seen: SeriesFacts, why: str = "") -> Refusal:
    """Refuse a transfer syntax."""
    return why or f"does not read {'deflated files' if seen.deflated else 'this compression'}", UNCOMPRESSED
