"""MRtrix3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import UNTESTED, Refusal, Viewer, not_decoded, plainly

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_SQUARE = 1e-6  # relative


def _why_not(seen: SeriesFacts) -> Refusal:
    _, row, column = seen.spacing
    if seen.compressed or seen.deflated:
        return not_decoded(seen)
    if abs(row - column) > _SQUARE * row:
        return "swaps the spacing of rows and columns, where they differ", None
    if seen.signed:
        return "reads negative values as large ones", None
    return None if seen.even else UNTESTED


def _how(seen: SeriesFacts) -> str:
    return plainly(seen) or ("as 4-D" if seen.time_points > 1 else "")


MRTRIX = Viewer("MRtrix3", "3.0.3", _why_not, _how)
