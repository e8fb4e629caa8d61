"""What the exports of a run were: a property that refuses everything would hold, and say nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import event

from fuzz.arrays import COLOR, GRAY, HOLDERS
from fuzz.cases import SYNTAXES
from judges.tables import MODALITIES
from napari_dicom_writer import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuzz.cases import Case
    from napari_dicom_writer import ExportReport

_SHARE = 0.4


class Census:
    """Counts the exports of one run."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, case: Case, outcome: ExportError | ExportReport) -> None:
        """Count one export, also in Hypothesis's statistics."""
        refused = isinstance(outcome, ExportError)
        keys = ["exports"]
        if isinstance(outcome, ExportError):
            keys += ["refused", f"refused: {type(outcome).__name__}"]
        else:
            keys += ["written", *(f"written: {what}" for what in dict.fromkeys(_traits(case)))]
        self.counts.update(keys)
        event("refused" if refused else "written")

    def missing(self) -> list[str]:
        """Name what was never written."""
        wanted = [f"{kind} gray" for kind in GRAY] + [f"{kind} color" for kind in COLOR]
        wanted += [*MODALITIES, *SYNTAXES, *(f"held by {holder}" for holder in HOLDERS)]
        return [what for what in wanted if not self.counts[f"written: {what}"]]

    def too_few(self) -> bool:
        """Whether so much was refused that little was judged."""
        return self.counts["written"] < _SHARE * self.counts["exports"]


def _traits(case: Case) -> Iterator[str]:
    yield case.get("modality")
    yield case.get("transfer_syntax")
    if len(case.layers) > 1:
        yield "several layers"
    for layer in case.layers:
        pixels = layer.pixels
        yield f"{pixels.dtype.lstrip('>')} {'gray' if pixels.samples == 1 else 'color'}"
        yield f"held by {pixels.holder}"
        yield f"given as {layer.form}"
        if pixels.dtype.startswith(">"):
            yield "big-endian"
        for axis in layer.leading:
            yield f"axis {axis.role}"
