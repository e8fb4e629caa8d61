"""Which image series of a folder a result belongs to: the one on whose grid it lies."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.contours import POINT
from napari_dicom_writer.model.onto_grid import APART, overlay
from napari_dicom_writer.reading.image_series import image_series_in, several

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_dicom_writer.model.image_series import ImageSeries
    from napari_dicom_writer.model.volume import Volume


class _Lies(IntEnum):
    """How a layer lies on the grid of a series."""

    APART = 0
    PART = 1
    WHOLE = 2


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
    found, others = image_series_in(folder)
    count = len(found) + len(others)
    if count == 1:
        return part_of(found[0], volumes)
    lying = [(parts, [_lies(volume, part_of(parts, volumes)[0]) for volume in volumes]) for parts in found]
    fitting = [(parts, lies) for parts, lies in lying if lies and all(lies)]
    # Voxel by voxel before parts of a larger grid.
    same = [(parts, lies) for parts, lies in fitting if all(how is _Lies.WHOLE for how in lies)]
    left = [parts for parts, _ in same or fitting]
    if len(left) == 1:
        series, notes = part_of(left[0], volumes)
        others += [parts[0].name for parts in found if parts is not left[0]]
        text = f"Of the {count} image series of the reference it belongs to {series.name}, on whose grid it lies"
        return series, [Note(NoteKind.INFO, f"{text}; left aside: {', '.join(others)}"), *notes]
    named = [(parts[0].name, parts[0].file) for parts in left or found]
    raise several(folder, named, count, f"and it lies on the grid of {len(left) or 'none'} of them")


def part_of(parts: Sequence[ImageSeries], volumes: Sequence[Volume]) -> tuple[ImageSeries, list[Note]]:
    """Choose the part of a series on whose grid volumes lie, voxel by voxel if there is one; the first of equals.

    What decides is said where there are several.
    """
    lying = [min((_lies(volume, part) for volume in volumes), default=_Lies.APART) for part in parts]
    best, equals = parts[lying.index(max(lying))], lying.count(max(lying))
    if len(parts) == 1:
        return best, []
    is_on_grid = any(_lies(volume, best) for volume in volumes)
    on_grid = f"{f'the first of {equals} ' if equals > 1 else ''}on whose grid it lies"
    why = on_grid if is_on_grid else "the first of them"
    others = ", ".join(part.name for part in parts if part is not best)
    text = f"The series of the reference has {len(parts)} parts: it belongs to {best.name}, {why}"
    known = is_on_grid and equals == 1
    hint = "" if known else f"if it belongs to another one, name a file of that by {mention('reference')}"
    return best, [Note(NoteKind.INFO if known else NoteKind.ASSUMED, f"{text}; left aside: {others}", hint=hint)]


def _lies(volume: Volume, series: ImageSeries) -> _Lies:
    try:
        if volume.drawn is not None:
            return _Lies.PART if _is_drawn_on(volume, series) else _Lies.APART
        lies = overlay(volume.affine, volume.shape, series.affine, series.shape)
    except np.linalg.LinAlgError:  # one of them has no grid, which is refused by its own name
        return _Lies.APART
    if not lies.coincides:
        return _Lies.APART
    return _Lies.WHOLE if lies.same else _Lies.PART


def _is_drawn_on(volume: Volume, series: ImageSeries) -> bool:
    """Whether the middle of each outline lies in the series, and all of it on one plane; points lie near to some."""
    inverse = np.linalg.inv(series.affine)
    drawn = volume.drawn if "plane" in volume.axes else ()
    for outline in drawn or ():
        index = outline.points @ inverse[:3, :3].T + inverse[:3, 3]
        middle = np.rint(index.mean(axis=0))
        beside = 0.0 if outline.kind == POINT else float(np.abs(index[:, 0] - middle[0]).max())
        if beside > APART or (middle < 0).any() or (middle >= series.shape).any():
            return False
    return bool(drawn)
