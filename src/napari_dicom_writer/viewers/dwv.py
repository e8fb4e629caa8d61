"""dwv, a viewer in the web browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import HTJ2KLossless, JPEGLSLossless, JPEGLSNearLossless

from napari_dicom_writer.viewers._base import UNTESTED, Refusal, Viewer, not_decoded, plainly

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_REFUSED = (HTJ2KLossless, JPEGLSLossless, JPEGLSNearLossless)


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.modality == "PT":
        return "fails on PET without all of a radiopharmaceutical", None
    if seen.deflated or seen.syntax in _REFUSED:
        return not_decoded(seen)
    return None if seen.even else UNTESTED


def _how(seen: SeriesFacts) -> str:
    return plainly(seen) or ("as 4-D" if seen.time_points > 1 else "")


DWV = Viewer("dwv", "0.36.4", _why_not, _how)
