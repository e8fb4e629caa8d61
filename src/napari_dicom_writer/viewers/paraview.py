"""VTK's own reader of DICOM, which is ParaView's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import UNTESTED, Refusal, Viewer, not_decoded, plainly, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.compressed:
        return not_decoded(seen, "shows noise for compressed planes, without an error")
    if seen.deflated:
        return not_decoded(seen)
    if seen.modality == "PT" and seen.rescaled:
        return "wraps rescaled values of PET", None
    if seen.time_points > 1:
        return several_times()
    return None if seen.even else UNTESTED


def _how(seen: SeriesFacts) -> str:
    return plainly(seen) or "spacing only: it knows no directions"


PARAVIEW = Viewer("ParaView", "VTK 9.7.2", _why_not, _how)
