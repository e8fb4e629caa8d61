"""Segmentations (PS3.3 A.51) → label volumes: masks and label maps on the grid of their own frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_dicom_writer.errors import Note, ReadError
from napari_dicom_writer.model.segments import Labels
from napari_dicom_writer.model.volume import Volume
from napari_dicom_writer.reading.gaps import fill_planes
from napari_dicom_writer.reading.label_array import LabelArray, LabelPart
from napari_dicom_writer.reading.lenient import text
from napari_dicom_writer.reading.overlaps import apart
from napari_dicom_writer.reading.plane_array import PlaneArray, StoredPlane
from napari_dicom_writer.reading.real_values import ValueMap
from napari_dicom_writer.reading.stacking import stack, why_no_stack
from napari_dicom_writer.reading.time_axis import time_step
from napari_dicom_writer.reading.volume_of import Stacked, affine_of, origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.ground import Ground
    from napari_dicom_writer.reading.picture import Picture
    from napari_dicom_writer.reading.pictures import Series
    from napari_dicom_writer.reading.plane_array import LazyPlanes
    from napari_dicom_writer.reading.segments import Description
    from napari_dicom_writer.reading.stacking import Stack

_LOOK = "Look at the series with `napari-dicom-writer show`"
_WHOLE = 0.05  # of the spacing: how near to a whole number of steps frames lie
_MOST_PLANES = 100_000


def segmentations_of(series: Series, images: Sequence[Ground] = ()) -> Iterator[tuple[str, Stacked]]:
    """Make volumes of the segmentations of a series.

    Parameters
    ----------
    series
        All of whose pictures are segments.
    images
        Of the same frame of reference: what lies on the planes of one gets all of its planes, so that arrays of labels
        and image are of one shape.

    Yields
    ------
    str
        What a volume has for itself, in words; empty where there is one only.
    Stacked
        Labels, or the fractions of one segment: `Volume.labels` tells. Segments that overlap are in several volumes.
    """
    several, name = _instances(series), text(series.first, "SeriesDescription")
    for number, (description, pictures) in enumerate(several, 1):
        part = f"part {number}" if len(several) > 1 else ""
        if description.kind == "FRACTIONAL":
            found = _fractions(description, pictures, name, images)
        else:
            found = _labels(description, pictures, name, images)
        for label, stacked in found:
            stacked.volume.origin = origin_of(stacked.pictures, series.first)
            yield ", ".join(filter(None, (part, label))), stacked


def _instances(series: Series) -> list[tuple[Description, list[Picture]]]:
    """Put together what is one segmentation: parts of a concatenation, and time points with the same segments."""
    together: dict[object, list[Picture]] = {}
    kinds: dict[str, object] = {}
    for picture in series.pictures:
        if picture.uid not in kinds:
            kinds[picture.uid] = _kind(series.segmentations[picture.uid], picture)
        together.setdefault(kinds[picture.uid], []).append(picture)
    return [(series.segmentations[pictures[0].uid], pictures) for pictures in together.values()]


def _kind(description: Description, picture: Picture) -> object:
    """Say what instances of one segmentation have in common."""
    segments = tuple(description.segments.values())
    tracked = all(segment.tracking_uid for segment in segments) and any(_time(picture))
    return description.whole or ((description.kind, segments) if tracked else picture.uid)


def _time(picture: Picture) -> tuple[int | None, int | None]:
    return picture.moment.TemporalPositionIdentifier, picture.moment.AcquisitionTime or picture.moment.content


def _points(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Part pictures by time, where some would be of the same segment and plane otherwise."""
    places = {(picture.segment, picture.place.position) for picture in pictures}
    several = len({picture.uid for picture in pictures}) > 1
    if len(places) == len(pictures) and not several:
        return [list(pictures)]
    points: dict[tuple[int, int], list[Picture]] = {}
    for picture in pictures:
        position, time = _time(picture)
        points.setdefault((position or 0, time or 0), []).append(picture)
    found = [points[key] for key in sorted(points)]
    if any(len({(p.segment, p.place.position) for p in point}) < len(point) for point in found):
        raise ReadError("Several of its frames are the same segment at the same place", _LOOK)
    return found


class _Grid(NamedTuple):
    """Where frames lie: the place along the grid of each picture, by what tells it apart, and the whole."""

    affine: NDArray[np.float64]
    leading: tuple[int, ...]
    axes: tuple[str, ...]
    time_step: float | None
    planes: list[list[Picture]]

    def volume(self, array: LazyPlanes, name: str, **others: Any) -> Volume:
        return Volume(array, affine=self.affine, axes=self.axes, name=name, time_step=self.time_step, **others)

    def stacked(self, volume: Volume) -> Stacked:
        return Stacked(volume, [plane[0] if plane else None for plane in self.planes])


def _grid(pictures: Sequence[Picture], notes: list[Note], images: Sequence[Ground]) -> _Grid:
    """Spread frames over the planes that they lie on, and the empty ones between, which many writers leave out."""
    places = [picture.place for picture in pictures]
    if reason := why_no_stack(places):
        raise ReadError(reason, _LOOK)
    found = stack(places)
    if found.aside:
        raise ReadError("Some of its frames lie beside each other in one plane", _LOOK)
    first = np.cumsum(found.counts) - found.counts
    numbers, step = _steps(found, [pictures[found.order[i]] for i in first], notes)
    at = np.empty(len(pictures), int)
    at[found.order] = np.repeat(numbers, found.counts)
    points, count = _points(pictures), int(numbers[-1]) + 1
    plane_of = {id(picture): int(plane) for picture, plane in zip(pictures, at, strict=True)}
    planes: list[list[Picture]] = [[] for _ in range(len(points) * count)]
    for number, point in enumerate(points):
        for picture in point:
            planes[number * count + plane_of[id(picture)]].append(picture)
    affine = affine_of(found, places[0], step, count, notes)
    for image in images:
        if (before := _plane_of(affine, (count, *places[0].size), image)) is not None:
            padded: list[list[Picture]] = []
            for start in range(0, len(planes), count):
                blank: list[list[Picture]] = [[] for _ in range(image.shape[0] - count)]
                padded += [*blank[:before], *planes[start : start + count], *blank[before:]]
            planes = padded
            affine, count = image.affine, image.shape[0]
            break
    return _Grid(
        affine,
        (len(points), count) if len(points) > 1 else (count,),
        (*(("time",) if len(points) > 1 else ()), "plane", "row", "column"),
        time_step([[point[0].moment for point in points]]) if len(points) > 1 else None,
        planes,
    )


def _plane_of(affine: NDArray[np.float64], shape: tuple[int, ...], image: Ground) -> int | None:
    """Say on which plane of an image the first one lies, if all lie on its planes, voxel on voxel."""
    index = np.linalg.solve(image.affine, affine)
    corners = np.array([(k, r, c, 1) for k in (0, shape[0] - 1) for r in (0, shape[1] - 1) for c in (0, shape[2] - 1)])
    first = round(float(index[0, 3]))
    off = np.abs((corners @ index.T)[:, :3] - (corners[:, :3] + (first, 0, 0))).max()
    fits = shape[1:] == image.shape[1:] and 0 <= first <= image.shape[0] - shape[0]
    return first if fits and off < _WHOLE else None


def _steps(found: Stack, firsts: list[Picture], notes: list[Note]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Number positions along the grid, by Spacing Between Slices if they fit it; and the step from plane to plane."""
    positions, between = found.positions, firsts[0].place.between
    if len(positions) > 1 and between:
        numbers = np.rint((positions - positions[0]) @ found.normal / between).astype(int)
        if 0 < numbers[-1] < _MOST_PLANES:
            step = (positions[-1] - positions[0]) / numbers[-1]
            off = np.abs(positions - positions[0] - np.outer(numbers, step)).max()
            if off < _WHOLE * between and (np.diff(numbers) > 0).all():
                return numbers, step
    said: list[Note] = []
    groups, step = fill_planes(found, [[first] for first in firsts], said)
    if len(groups) == len(firsts):  # those that are blank are empty, and that is no news
        notes += said
    return np.array([number for number, group in enumerate(groups) if group[0] is not None]), step


def _labels(
    description: Description, pictures: Sequence[Picture], name: str, images: Sequence[Ground]
) -> Iterator[tuple[str, Stacked]]:
    notes: list[Note] = []
    grid, segments = _grid(pictures, notes, images), description.segments
    masks = description.kind == "BINARY"
    for number, those in enumerate(apart(grid.planes) if masks else [set()], 1):
        planes = [[p for p in plane if not masks or p.segment in those] for plane in grid.planes]
        size, stored = pictures[0].place.size, pictures[0].stored
        labels = {key: segment.label for key, segment in segments.items() if not masks or key in those}
        parts = [
            [LabelPart(p.source, p.frame or 0, labels.get(p.segment, p.segment)) for p in plane] for plane in planes
        ]
        dtype = np.min_scalar_type(max([0 if masks else stored.limits[1], *labels.values()]))
        array = LabelArray(parts, grid.leading, size, dtype, {} if masks else labels)
        shown = tuple(segment for key, segment in segments.items() if key in labels)
        volume = grid.volume(array, name, notes=notes, labels=Labels(shown))
        yield f"overlapping {number}" if number > 1 else "", grid._replace(planes=planes).stacked(volume)


def _fractions(
    description: Description, pictures: Sequence[Picture], name: str, images: Sequence[Ground]
) -> Iterator[tuple[str, Stacked]]:
    """Make an image of each segment: how much of a voxel it is, or how likely."""
    notes: list[Note] = []
    grid, values = _grid(pictures, notes, images), ValueMap(1 / description.most)
    for number in sorted({picture.segment for picture in pictures}):
        found = [next((p for p in plane if p.segment == number), None) for plane in grid.planes]
        planes = [StoredPlane(p.source if p else None, values, p.frame or 0 if p else 0) for p in found]
        one = pictures[0]
        array = PlaneArray(planes, grid.leading, one.place.size, one.stored, np.dtype(np.float32))
        segment = description.segments.get(number)
        label = segment.name if segment and segment.name else f"segment {number}"
        yield label, Stacked(grid.volume(array, name, notes=notes, window=(0.0, 1.0)), found)
