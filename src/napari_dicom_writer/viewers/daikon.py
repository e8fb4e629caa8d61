"""Daikon, with which Papaya and Mango read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import UNTESTED, Refusal, Viewer, not_decoded, several_times

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.htj2k:
        return not_decoded(seen, "shows noise for HTJ2K, without an error")
    if seen.time_points > 1:
        return several_times()
    return None if seen.even else UNTESTED


DAIKON = Viewer("Daikon (Papaya, Mango)", "1.2.46", _why_not)
