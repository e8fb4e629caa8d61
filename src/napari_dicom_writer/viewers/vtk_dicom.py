"""vtk-dicom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import UNTESTED, Refusal, Viewer, not_decoded, plainly

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_SHORT = 0.01  # mm


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.deflated or seen.htj2k:
        return not_decoded(seen)
    if seen.planes > 1 and seen.spacing[0] < _SHORT and "SpacingBetweenSlices" not in seen.known:
        return "takes such gaps for 1 mm where Spacing Between Slices is missing", None
    return None if seen.even else UNTESTED


def _how(seen: SeriesFacts) -> str:
    return plainly(seen) or ("as 4-D" if seen.time_points > 1 else "")


VTK_DICOM = Viewer("vtk-dicom", "0.8.14", _why_not, _how)
