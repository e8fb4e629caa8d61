"""highdicom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import Refusal, Viewer, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def _why_not(seen: SeriesFacts) -> Refusal:
    if not seen.even:
        return "refuses uneven planes", None
    return several_times("refuses several time points in a series") if seen.time_points > 1 else None


def _how(seen: SeriesFacts) -> str:
    return "a single plane" if seen.planes == 1 else ""  # it knows the Real World Value Mapping


HIGHDICOM = Viewer("highdicom", "0.28.2", _why_not, _how)
