"""plastimatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import Refusal, Viewer, not_decoded, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.color:
        return "does not read colors", None
    if seen.compressed:
        return not_decoded(seen)
    if seen.planes == 1:
        return "does not take a single plane", None
    if not seen.even:
        return "refuses uneven planes", None
    return several_times("refuses several time points in a series") if seen.time_points > 1 else None


PLASTIMATCH = Viewer("plastimatch", "1.9.4", _why_not)
