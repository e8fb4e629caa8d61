"""Which plane of a series on disk each frame shows, by where it lies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.plan.segments import SourcePlan
from napari_dicom_writer.plan.wording import where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.origin import SourceImage, SourceSeries
    from napari_dicom_writer.plan.plan import SeriesPlan

_SAME = 0.01  # of a voxel: positions are often rounded to 0.01 mm


def with_origins(series: Sequence[SeriesPlan], origins: Mapping[int, SourceSeries]) -> list[SeriesPlan]:
    """Let every image reference the planes that it was opened from.

    Parameters
    ----------
    series
        All of an export; segmentations have their image already.
    origins
        Position of a layer → the series that it was opened from.
    """
    return [one if one.segments else _with_origin(one, origins.get(one.volume_index)) for one in series]


def _with_origin(one: SeriesPlan, origin: SourceSeries | None) -> SeriesPlan:
    if origin is None:
        return one
    found = match(one, origin)
    if isinstance(found, SourcePlan):
        return replace(one, source=found)
    text = f"Its planes do not name those of {origin.name!r}: {found}"
    return replace(one, notes=(*one.notes, Note(NoteKind.INFO, text, where(one.volume_index, one.layer))))


def match(series: SeriesPlan, source: SourceSeries) -> SourcePlan | str:
    """Find the plane of a source that each frame lies on.

    Parameters
    ----------
    series
        What is written.
    source
        Its images in the order of the layer's planes, time point by time point.

    Returns
    -------
    SourcePlan or str
        Why there is none, in words.
    """
    images = [image for image in source.images if image.size == (series.rows, series.columns)]
    if not images:
        return "its planes have another size"
    theirs = np.array([_corners(image) for image in images])
    tolerance = _SAME * min(s for s in series.spacing if s is not None)
    planes: dict[tuple[int, int], tuple[str, int]] = {}
    known: dict[int, list[SourceImage]] = {}
    for frame in (frame for instance in series.instances for frame in instance.frames):
        if frame.plane not in known:
            apart = np.linalg.norm(theirs - _own_corners(series, frame.position), axis=2).max(axis=1)
            if apart.min() > tolerance:
                return f"plane {frame.plane} lies {apart.min():.3g} mm from the nearest of its planes"
            known[frame.plane] = [image for image, near in zip(images, apart <= tolerance, strict=True) if near]
        there = known[frame.plane]
        length = series.time.length if series.time else 1
        if len(there) not in (1, length):
            return f"{len(there)} of its planes lie where plane {frame.plane} does"
        image = there[frame.time_index if len(there) > 1 else 0]
        planes[frame.time_index, frame.plane] = (image.uid, image.frame)
    return SourcePlan(source.uid, source.sop_class_uid, source.name, source.instances, planes)


def _corners(image: SourceImage) -> NDArray[np.float64]:
    return _four(np.array(image.position), np.array(image.orientation), image.spacing, image.size)


def _own_corners(series: SeriesPlan, position: tuple[str, str, str]) -> NDArray[np.float64]:
    grid = series.grid
    row, column = map(float, grid.pixel_spacing)
    orientation = np.array(grid.orientation, float)
    return _four(np.array(position, float), orientation, (row, column), (series.rows, series.columns))


def _four(
    position: NDArray[np.float64],
    orientation: NDArray[np.float64],
    spacing: tuple[float, float],
    size: tuple[int, int],
) -> NDArray[np.float64]:
    """Centers of the pixels in the four corners, LPS mm: (4, 3)."""
    along_row = orientation[:3] * spacing[1] * (size[1] - 1)
    along_column = orientation[3:] * spacing[0] * (size[0] - 1)
    corners: NDArray[np.float64] = position + np.array(
        [0 * along_row, along_row, along_column, along_row + along_column]
    )
    return corners
