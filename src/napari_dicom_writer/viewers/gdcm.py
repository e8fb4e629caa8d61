"""GDCM, and what reads with it: python-gdcm; InVesalius."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import Refusal, Viewer, no_place, not_decoded, plainly, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts

_ALMOST = 1 - 1e-6  # of the distance between planes, where they are upright


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.secondary_capture:
        return no_place(seen, "ignores spacing and place of a Secondary Capture")
    if seen.deflated:
        return not_decoded(seen)
    if not seen.even:
        return "refuses uneven planes", None
    return several_times("refuses several time points in a series") if seen.time_points > 1 else None


def _how(seen: SeriesFacts) -> str:
    return "" if seen.mapped else plainly(seen)  # it maps to real values


def _why_not_in_invesalius(seen: SeriesFacts) -> Refusal:
    if seen.secondary_capture or seen.deflated or not seen.even:
        return _why_not(seen)
    if seen.time_points > 1:
        return several_times()
    if seen.planes > 1 and seen.upright < _ALMOST:
        return "takes the distance along z for the one between planes", None
    return None


def _how_in_invesalius(seen: SeriesFacts) -> str:
    return "knows no position; rounds values to whole numbers"


GDCM = Viewer("GDCM", "3.2.6, python-gdcm", _why_not, _how)
INVESALIUS = Viewer("InVesalius", "3.1.99998", _why_not_in_invesalius, _how_in_invesalius)
