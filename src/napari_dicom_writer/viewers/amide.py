"""AMIDE."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.viewers._base import UNTESTED, Refusal, Viewer, plainly

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def _why_not(seen: SeriesFacts) -> Refusal:
    if seen.color or seen.compressed or seen.deflated:
        return "was not tested with colors, or with compression", None
    return None if seen.even else UNTESTED


def _how(seen: SeriesFacts) -> str:
    return plainly(seen) or "with a window of its own"


AMIDE = Viewer("AMIDE", "1.0.6", _why_not, _how)
