"""dcm2niix, and NiiVue, whose loader it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import Refusal, Viewer, not_decoded, plainly
from napari_dicom_writer.viewers.single_precision import why_imprecise

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def _why_not(seen: SeriesFacts) -> Refusal:
    if not seen.even:
        return "writes an extra, resampled file", None
    if seen.deflated:
        return not_decoded(seen)
    if min(seen.rows, seen.columns) == 1:
        return "does not take planes of one row or column", None
    imprecise = why_imprecise(seen)
    return (imprecise, None) if imprecise else None


def _how(seen: SeriesFacts) -> str:
    return plainly(seen) or ("as 4-D" if seen.time_points > 1 else "")


DCM2NIIX = Viewer("dcm2niix", "1.0.20260724", _why_not, _how)
NIIVUE = Viewer("NiiVue", "0.69", _why_not, _how)
