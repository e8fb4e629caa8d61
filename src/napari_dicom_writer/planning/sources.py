"""Which instances, or frames, of its image each plane of a segmentation lies on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.segments import SourcePlan
from napari_dicom_writer.plan.wording import where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_dicom_writer.model.image_series import ImageSeries
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.planning.onto_image import Image


def with_sources(series: Sequence[SeriesPlan], images: Mapping[int, Image | None]) -> list[SeriesPlan]:
    """Let every segmentation reference its image; a segmentation alone is legal, with a note.

    Parameters
    ----------
    series
        All of an export.
    images
        Position of a layer of labels → the image it belongs to.
    """
    found = [_with_source(one, images.get(one.volume_index), series) if one.segments else one for one in series]
    return [replace(one, members=tuple(replace(part, source=one.source) for part in one.members)) for one in found]


def _with_source(one: SeriesPlan, image: Image | None, series: Sequence[SeriesPlan]) -> SeriesPlan:
    if image is None:
        text = f"It belongs to no image of this export: {IODS[one.iod].alone}"
        hint = f"export the image together with it, or name its series by {mention('reference')}"
        return _with_note(one, Note(NoteKind.INFO, text, hint=hint))
    if image.series:
        found = replace(one, source=_of_existing(image.series, one))
        times = {time for time, _ in image.series.planes}
        length = len(times)
    else:
        best = min(
            (other for other in series if other.volume_index == image.index),
            key=lambda other: (other.stored.is_float, len(times_of(one) - times_of(other))),
        )
        found, times = replace(one, source=planes_of_export(best, one)), times_of(best)
        length = best.time.length if best.time else 1
    if text := _of_other_times(one, times, length):
        found = _with_note(found, Note(NoteKind.INFO, f"{image.name[0].upper()}{image.name[1:]} {text}"))
    return found


def times_of(series: SeriesPlan) -> set[int]:
    """Return the time points that it shows."""
    return {frame.time_index for instance in series.instances for frame in instance.frames}


def _of_other_times(one: SeriesPlan, times: set[int], length: int) -> str:
    """Say where planes of another time point than its own are referenced, of an image that has several."""
    if length == 1:
        return ""
    if one.time is None:
        return f"has {length:,} time points, and planes of the first are referenced"
    if missing := len(times_of(one) - times):
        return f"has no planes of {missing:,} of its time points, in one series: those of another one are referenced"
    return ""


def _with_note(one: SeriesPlan, note: Note) -> SeriesPlan:
    return replace(one, notes=(*one.notes, replace(note, where=where(one.volume_index, one.layer))))


def _of_existing(image: ImageSeries, labels: SeriesPlan) -> SourcePlan:
    planes = _for_each(labels, image.planes, 0)
    return SourcePlan(image.uid, image.sop_class_uid, image.name, image.instances, planes, image.lossy)


def planes_of_export(image: SeriesPlan, labels: SeriesPlan) -> SourcePlan:
    """Find the frame of an image that each frame of a series on its grid lies on."""
    iod = IODS[image.iod]
    planes = {
        (frame.time_index, frame.plane): (instance.uid, number if iod.multiframe else 0)
        for instance in image.instances
        for number, frame in enumerate(instance.frames, 1)
    }
    uids = tuple(instance.uid for instance in image.instances)
    first = image.instances[0].frames[0].time_index
    planes = _for_each(labels, planes, first)
    return SourcePlan(image.uid, iod.sop_class(image), image.layer, uids, planes, image.lossy)


def _for_each(
    labels: SeriesPlan, planes: Mapping[tuple[int, int], tuple[str, int]], first: int
) -> dict[tuple[int, int], tuple[str, int]]:
    """Look up the plane of each frame; of the first time point where the image has not as many."""
    found = dict(planes)
    for instance in labels.instances:
        for frame in instance.frames:
            found.setdefault((frame.time_index, frame.plane), planes[first, frame.plane])
    return found
