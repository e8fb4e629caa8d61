"""nibabel's readers of DICOM, and dicom2nifti."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix
from napari_dicom_writer.viewers._base import Refusal, Viewer, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_LEAST = 4  # planes


def _why_not(seen: SeriesFacts) -> Refusal:
    if not seen.even:
        return "refuses uneven planes", None
    return several_times("refuses several time points in a series") if seen.time_points > 1 else None


def _why_not_in_dicom2nifti(seen: SeriesFacts) -> Refusal:
    if seen.modality == "MR":
        for keyword, name in (("RepetitionTime", "repetition_time"), ("EchoTime", "echo_time")):
            if keyword not in seen.known:
                return "needs Repetition and Echo Time", Fix(f"series.{name}", None, "Set times…")
    if seen.planes < _LEAST:
        return f"needs {_LEAST} planes", None
    return _why_not(seen)


NIBABEL = Viewer("nibabel", "5.4.2", _why_not)
DICOM2NIFTI = Viewer("dicom2nifti", "2.6.2", _why_not_in_dicom2nifti)
