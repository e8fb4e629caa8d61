"""What lies on the image in the preview, segments and contours, cut where the image is cut.

Everything is read onto the grid that the plan writes it on, and from there onto that of the image.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer._napari.dock.preview.sections import read_sections
from napari_dicom_writer.model.contours import CLOSED, LINES, POINT
from napari_dicom_writer.model.onto_grid import on_grid, overlay
from napari_dicom_writer.model.tracing import trace
from napari_dicom_writer.writing.masks import PlaneMasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.grid import Grid
    from napari_dicom_writer.plan.segments import SegmentPlan, StoredFractions

_NEAREST = 0.5  # of a voxel
CHORD = "CHORD"
"""What is seen of an outline that a cut goes through: where it enters and where it leaves."""

Place = tuple["Grid", tuple[int, int, int]]
"""A grid with its (planes, rows, columns)."""


@dataclass(frozen=True, slots=True)
class Fractions:
    """How fractions of segments are stored.

    Attributes
    ----------
    stored : StoredFractions
    leading : tuple of (tuple of int or None)
        Where those of each segment are, along the leading axes of their array; None of one that is nowhere there.
    """

    stored: StoredFractions
    leading: tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """One series of a plan, laid over an image.

    Attributes
    ----------
    segments : tuple of SegmentPlan
        Its segments, or regions.
    written : (Grid, shape)
        Where the plan puts it.
    shown : (Grid, shape)
        The image.
    labels : Volume or None
        The layer's labels, or the fractions of its segments; None of what is drawn.
    drawn : dict or None
        (number of a segment, plane) → outlines and points; None of labels.
    outlined : bool
        Whether contours are written, and not voxels.
    fractions : Fractions or None
        Of labels that are fractions: how they are stored.
    """

    segments: tuple[SegmentPlan, ...]
    written: Place
    shown: Place
    labels: Volume | None = None
    drawn: dict[tuple[int, int], tuple[Outline, ...]] | None = None
    outlined: bool = False
    fractions: Fractions | None = None

    def shows_as(self, other: Overlay) -> bool:
        """Whether the marks of another one are those of this one, whatever their segments are called."""
        return (
            (self.written, self.shown) == (other.written, other.shown)
            and (self.outlined, self.fractions) == (other.outlined, other.fractions)
            and [segment.label for segment in self.segments] == [segment.label for segment in other.segments]
            and _same_labels(self.labels, other.labels)
            and _same_drawn(self.drawn, other.drawn)
        )


def _same_labels(one: Volume | None, other: Volume | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.array is other.array and one.axes == other.axes and np.array_equal(one.affine, other.affine)


def _same_drawn(
    one: dict[tuple[int, int], tuple[Outline, ...]] | None, other: dict[tuple[int, int], tuple[Outline, ...]] | None
) -> bool:
    if one is None or other is None or one is other:
        return one is other
    return one.keys() == other.keys() and all(
        len(some) == len(other[key]) and all(map(_same_outline, some, other[key])) for key, some in one.items()
    )


def _same_outline(one: Outline, other: Outline) -> bool:
    return one.kind == other.kind and np.array_equal(one.points, other.points)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """An outline, a chord, or points.

    Attributes
    ----------
    number : int
        Of its segment among those of the overlay, from 1.
    kind : str
        Contour Geometric Type, or `CHORD`.
    points : numpy.ndarray
        (points, 3): indices of planes, rows and columns of the image.
    """

    number: int
    kind: str
    points: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What an overlay shows in one cut.

    Attributes
    ----------
    numbers : numpy.ndarray or None
        A section as `read_sections` yields them: the number of the segment among those of the overlay, from 1, or 0.
    filled : bool
        Whether these are painted, and not only told of: where outlines are.
    lines : tuple of Line
    steps : numpy.ndarray or None
        Of fractions: how much of each pixel is its segment's, in steps of `STEPS`; it is the one with the most.
    """

    numbers: NDArray[np.uint16] | None = None
    filled: bool = True
    lines: tuple[Line, ...] = ()
    steps: NDArray[np.uint8] | None = None


def read_marks(
    lies: Overlay, through: Sequence[int], limit: int, tick: Callable[[], None]
) -> Iterator[tuple[int, Marks]]:
    """Cut an overlay as the image is cut.

    Parameters
    ----------
    lies
        The overlay.
    through
        Indices of plane, row and column that the cuts go through.
    limit, tick
        As for `read_sections`.

    Yields
    ------
    int
        The grid axis that the cut is perpendicular to.
    Marks
        What is seen there.
    """
    if lies.labels is None:
        yield from enumerate(_drawn_marks(lies, through))
        return
    labels = _onto(_onto(lies.labels, lies.written), lies.shown)
    if lies.fractions is not None:
        yield from _most(labels, lies.fractions, through, limit, tick)
        return
    # Contours are traced on the planes of the image that they belong to; on others they are not seen as such.
    traced = lies.outlined and lies.written == lies.shown
    for normal, values in read_sections(labels, limit, tick, through):
        numbers = _numbered(values, lies.segments)
        if traced and normal == 0:
            plane = labels.read((0,) * len(labels.leading), through[0], through[0] + 1)[0]
            yield normal, Marks(numbers, filled=False, lines=tuple(_traced(plane, through[0], lies.segments)))
        else:
            yield normal, Marks(numbers)


def _most(
    labels: Volume, fractions: Fractions, through: Sequence[int], limit: int, tick: Callable[[], None]
) -> Iterator[tuple[int, Marks]]:
    """Show each pixel as the segment that has most of it, as stored."""
    found: dict[int, tuple[NDArray[np.uint16], NDArray[np.uint8]]] = {}
    for number, leading in enumerate(fractions.leading, 1):
        if leading is None:
            continue
        for normal, values in read_sections(labels, limit, tick, through, leading):
            steps = fractions.stored.encode_part(values, number)
            numbers, most = found.get(normal, (np.zeros(steps.shape, np.uint16), np.zeros_like(steps)))
            found[normal] = np.where(steps > most, number, numbers).astype(np.uint16), np.maximum(steps, most)
    for normal, (numbers, most) in found.items():
        yield normal, Marks(numbers, steps=most)


def _onto(labels: Volume, place: Place) -> Volume:
    """Bring labels onto a grid as the export does: by the nearest voxel."""
    grid, shape = place
    lies = overlay(labels.affine, labels.shape, grid.affine(), shape)
    return labels if lies.same else on_grid(labels, lies.to_source, grid.affine(), shape)


def _numbered(values: NDArray[Any], segments: Sequence[SegmentPlan]) -> NDArray[np.uint16]:
    labels = np.array([segment.label for segment in segments])
    order = np.argsort(labels)
    at = np.searchsorted(labels[order], values.astype(np.int64)).clip(max=len(labels) - 1)
    return np.where(labels[order][at] == values, order[at] + 1, 0).astype(np.uint16)


def _traced(plane: NDArray[Any], index: int, segments: Sequence[SegmentPlan]) -> Iterator[Line]:
    """Trace the labels of a plane as they are written."""
    masks = PlaneMasks(plane)
    for number, segment in enumerate(segments, 1):
        mask, corner = masks.box(segment.label)
        for contour in trace(mask) if mask.size else ():
            yield Line(number, CLOSED, np.column_stack([np.full(len(contour), index), contour + corner]))


def _drawn_marks(lies: Overlay, through: Sequence[int]) -> list[Marks]:
    """What is drawn on the written plane, and where the other two cuts go through it."""
    inverse = np.linalg.inv(lies.shown[0].affine())
    outlines: list[Line] = []
    points: dict[int, list[NDArray[np.float64]]] = {}
    for (number, _), some in (lies.drawn or {}).items():
        for outline in some:
            at = outline.points @ inverse[:3, :3].T + inverse[:3, 3]
            if outline.kind == POINT:
                points.setdefault(number, []).append(at)
            else:
                outlines.append(Line(number, outline.kind, at))
    lines = [*outlines, *(Line(number, POINT, np.concatenate(some)) for number, some in points.items())]
    return [
        Marks(lines=tuple(seen for line in lines for seen in _cut(line, normal, through[normal])))
        for normal in range(3)
    ]


def _cut(line: Line, normal: int, index: int) -> Iterator[Line]:
    """What a cut at an index along an axis shows of an outline, or of points."""
    beside = np.abs(line.points[:, normal] - index)
    if line.kind == POINT:
        near = beside <= _NEAREST
        if near.any():
            yield Line(line.number, POINT, line.points[near])
        return
    if normal == 0:
        if beside.max() <= _NEAREST:
            yield line
        return
    one, other = line.points, np.roll(line.points, -1, axis=0)
    if line.kind in LINES:
        one, other = one[:-1], other[:-1]
    crossing = (one[:, normal] <= index) != (other[:, normal] <= index)
    one, other = one[crossing], other[crossing]
    share = (index - one[:, normal]) / (other[:, normal] - one[:, normal])
    ends = one + share[:, np.newaxis] * (other - one)
    if line.kind in LINES:  # which enclose nothing between
        yield from [Line(line.number, POINT, ends)] if len(ends) else []
        return
    ends = ends[np.argsort(ends[:, 3 - normal])]  # along the row, or the column
    for enters, leaves in list(pairwise(ends))[::2]:
        yield Line(line.number, CHORD, np.stack([enters, leaves]))
