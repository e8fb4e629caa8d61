"""Which image a segmentation belongs to: one of the same export, on the same grid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import GeometryError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.segmentation import note_alone
from napari_dicom_writer.plan.segments import SourcePlan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.plan.plan import SeriesPlan


def with_sources(series: Sequence[SeriesPlan]) -> list[SeriesPlan]:
    """Let every segmentation reference its image; a segmentation alone is legal, with a note.

    Raises
    ------
    GeometryError
        If there are images, and none lies on the segmentation's grid.
    """
    images = [one for one in series if not one.segments]
    return [_with_source(one, images) if one.segments else one for one in series]


def _with_source(one: SeriesPlan, images: Sequence[SeriesPlan]) -> SeriesPlan:
    if not images:
        return replace(one, notes=(*one.notes, replace(note_alone(), where=f"layer {one.layer!r}")))
    # Of several on the grid the first one, whose time points are as many.
    fitting = sorted((i for i in images if _same_grid(one, i)), key=lambda i: i.time_points != one.time_points)
    if not fitting:
        first = images[0]
        raise GeometryError(
            f"It lies on another grid ({_grid(one)}) than the image {first.layer!r} ({_grid(first)})",
            "Draw it on the image, resample it to the image's grid, or export it alone",
            f"layer {one.layer!r}",
        )
    return replace(one, source=_source(fitting[0], one))


def _same_grid(one: SeriesPlan, other: SeriesPlan) -> bool:
    sizes = [(s.planes, s.rows, s.columns) for s in (one, other)]
    return sizes[0] == sizes[1] and one.grid == other.grid


def _grid(series: SeriesPlan) -> str:
    size = " × ".join(map(str, (series.planes, series.rows, series.columns)))
    spacing = " × ".join(f"{s:.4g}" for s in series.spacing if s is not None)
    return f"{size} voxels of {spacing} mm"


def _source(image: SeriesPlan, labels: SeriesPlan) -> SourcePlan:
    """Look up the instance, or frame, of each plane; of one time point where the image has only one."""
    iod = IODS[image.iod]
    planes = {
        (frame.time_index, frame.plane): (instance.uid, number if iod.multiframe else 0)
        for instance in image.instances
        for number, frame in enumerate(instance.frames, 1)
    }
    first = image.instances[0].frames[0].time_index
    for instance in labels.instances:
        for frame in instance.frames:
            planes.setdefault((frame.time_index, frame.plane), planes[first, frame.plane])
    uids = tuple(instance.uid for instance in image.instances)
    return SourcePlan(image.uid, iod.sop_class(image), image.layer, uids, planes)
