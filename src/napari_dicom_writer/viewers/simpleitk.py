"""ITK and what reads with it, version 5.4 and later: SimpleITK, MONAI's ITKReader, TorchIO; and the versions before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import Refusal, Viewer, no_place, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def _why_not(seen: SeriesFacts) -> Refusal:
    if not seen.even:
        return "averages the gaps silently", None
    if seen.time_points > 1:
        return several_times()
    if seen.rows == 1 and seen.planes > 1:
        return "takes planes of one row for rows", None
    return None


def _why_not_before(seen: SeriesFacts) -> Refusal:
    """Measured with SimpleITK 2.3.1: spacing 1 and position 0, which ITK 5.4 mended (ITK#4109)."""
    if seen.secondary_capture:
        return no_place(seen, "ignores spacing and place of a Secondary Capture")
    return _why_not(seen)


SIMPLEITK = Viewer("SimpleITK", "2.5.7", _why_not)
BEFORE = Viewer("SimpleITK before 2.4", "2.3.1", _why_not_before)
MONAI = Viewer("MONAI", "1.6.1, ITKReader", _why_not)
TORCHIO = Viewer("TorchIO", "1.2.1", _why_not)
