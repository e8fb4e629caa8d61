"""Which image series of a folder a result belongs to: the one on whose grid it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.model.onto_grid import overlay
from napari_dicom_writer.reading.image_series import image_series_in, several

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_dicom_writer.model.image_series import ImageSeries
    from napari_dicom_writer.model.onto_grid import Overlay
    from napari_dicom_writer.model.volume import Volume


def series_in_folder(folder: Path, volumes: Sequence[Volume]) -> tuple[ImageSeries, list[Note]]:
    """Find the series that volumes belong to; of several the only one on whose grid all of them lie.

    Parameters
    ----------
    folder
        Holds series of one study.
    volumes
        What decides: labels, where there are any. None where their place says nothing of the series.

    Raises
    ------
    ReadError
        If there is none, or several are left, which are named.
    """
    found = image_series_in(folder)
    if len(found) == 1:
        return found[0], []
    lying = [(series, [_lies(volume, series) for volume in volumes]) for series in found]
    fitting = [(series, lies) for series, lies in lying if lies and all(one.coincides for one in lies)]
    # Voxel by voxel before parts of a larger grid.
    same = [(series, lies) for series, lies in fitting if all(one.same for one in lies)]
    left = [series for series, _ in same or fitting]
    if len(left) == 1:
        others = ", ".join(series.name for series in found if series is not left[0])
        text = f"Of the {len(found)} image series of the reference it belongs to {left[0].name}, whose grid it shares"
        return left[0], [Note(NoteKind.INFO, f"{text}; {others} was left aside")]
    named = [(series.name, series.file) for series in left or found]
    raise several(folder, named, len(found), f"and it lies on the grid of {len(left) or 'none'} of them")


def _lies(volume: Volume, series: ImageSeries) -> Overlay:
    return overlay(volume.affine, volume.shape, series.affine, series.shape)
