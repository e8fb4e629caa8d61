"""Time points that one axis cannot hold: whose planes lie elsewhere, or that nothing tells apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.gaps import even_runs, fill_times
from napari_dicom_writer.reading.settings import along_setting
from napari_dicom_writer.reading.stacking import stack, why_no_stack
from napari_dicom_writer.reading.time_axis import order_in_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.picture import Picture
    from napari_dicom_writer.reading.stacking import Stack

_NEAR = 0.05  # of the distance of planes: how far time points of one axis may lie apart
_BLANK = 0.25  # of the planes of one axis
_TOLD_BY = {"TemporalPositionIdentifier": "time point", "AcquisitionNumber": "acquisition"}


def time_points_apart(pictures: Sequence[Picture]) -> list[tuple[str, list[Picture]]] | None:
    """Tell time points apart, each of which is an even stack where all together are none: of a table that moves.

    Returns
    -------
    list of (str, list of Picture), or None
        A part for each, with what it is in words; or one part where they lie so near to each other that they are placed
        where the first does, with a word. None if nothing tells them apart.
    """
    for keyword, words in _TOLD_BY.items():
        groups: dict[int | None, list[Picture]] = {}
        for picture in pictures:
            groups.setdefault(getattr(picture.moment, keyword), []).append(picture)
        if None not in groups and len(groups) > 1 and all(map(_is_volume, groups.values())):
            numbered = sorted((number or 0, group) for number, group in groups.items())
            together = _together([group for _, group in numbered])
            return [("", together)] if together else [(f"{words} {number}", group) for number, group in numbered]
    return None


def is_mostly_blank(pictures: Sequence[Picture]) -> bool:
    """Whether one axis of time would lack more planes than an incomplete scan does: slabs that overlap a little."""
    places = [picture.place for picture in pictures]
    if why_no_stack(places):
        return False
    counts = stack(places).counts
    return bool(1 - counts.mean() / counts.max() > _BLANK)


def _is_volume(group: Sequence[Picture]) -> bool:
    places = [picture.place for picture in group]
    return len(group) > 1 and not why_no_stack(places) and stack(places).counts.max() == 1 == len(even_runs(group))


def _together(groups: Sequence[Sequence[Picture]]) -> list[Picture] | None:
    """Place all where the first lies, if they are not far."""
    stacks: list[Stack] = [stack([picture.place for picture in group]) for group in groups]
    first = stacks[0].positions
    if len({len(each.positions) for each in stacks}) > 1:
        return None
    off = max(float(np.linalg.norm(each.positions - first, axis=1).max()) for each in stacks)
    if off > _NEAR * (stacks[0].between or 0.0):
        return None
    found = [moved(group, each.order, first, off) for group, each in zip(groups, stacks, strict=True)]
    return [picture for group in found for picture in group]


def leveled(pictures: Sequence[Picture]) -> list[Picture] | None:
    """Put planes that lie a little above others where these lie, and say so; None unless all places get as many."""
    places = [picture.place for picture in pictures]
    if why_no_stack(places):
        return None
    found = stack(places)
    gaps = np.diff(found.positions @ found.normal)
    step = float(np.median(gaps[gaps > _NEAR * gaps.max()])) if len(gaps) else 0.0
    begins = np.flatnonzero(np.insert(gaps > _NEAR * step, 0, True))  # of planes that belong together
    if len(begins) in (1, len(found.positions)) or len(set(np.add.reduceat(found.counts, begins))) > 1:
        return None
    first = np.repeat(found.positions[begins], np.diff(begins, append=len(found.positions)), axis=0)
    off = float(np.linalg.norm(found.positions - first, axis=1).max())
    if off > _NEAR * step:
        return None
    return moved(pictures, found.order, np.repeat(first, found.counts, axis=0), off)


def moved(
    pictures: Sequence[Picture], order: NDArray[np.intp], positions: NDArray[np.float64], off: float
) -> list[Picture]:
    """Place pictures, in an order, at other positions, so many millimeters from theirs, and say so."""
    what = f"Its time points lie up to {off:.2g} mm apart: placed where the first lies"
    return [
        replace(assuming(picture, what), place=replace(picture.place, position=tuple(position.tolist())))
        for picture, position in zip((pictures[index] for index in order), positions, strict=True)
    ]


def further_pictures(pictures: Sequence[Picture]) -> list[tuple[str, list[Picture]]]:
    """Cut where some places hold several pictures, and nothing tells which time point each is of, or which is first.

    Returns
    -------
    list of (str, list of Picture)
        The first picture of each place by number, then the second of each that has one, and so on; all in one part with
        empty words where they are told apart, or nothing is to be told.
    """
    places = [picture.place for picture in pictures]
    if why_no_stack(places):
        return [("", list(pictures))]
    found = stack(places)
    ends = np.cumsum(found.counts)[:-1]
    groups = [[pictures[index] for index in group] for group in np.split(found.order, ends)]
    if found.counts.max() == 1 or _are_told_apart(groups):
        return [("", list(pictures))]
    groups = [sorted(group, key=lambda picture: picture.moment.InstanceNumber or 0) for group in groups]
    what = "Some places hold several pictures, and nothing tells them apart: one of each is here, by their numbers"
    parts = [[group[number] for group in groups if number < len(group)] for number in range(found.counts.max())]
    return [
        ("" if number == 1 else f"picture {number} of a place", [assuming(picture, what) for picture in part])
        for number, part in enumerate(parts, 1)
    ]


def _are_told_apart(groups: list[list[Picture]]) -> bool:
    if along_setting(groups, []):
        return True
    if len({len(group) for group in groups}) == 1:
        return order_in_time([[picture.moment for picture in group] for group in groups]) is not None
    try:
        fill_times(groups, [])
    except ReadError:
        return False
    return True


def assuming(picture: Picture, what: str) -> Picture:
    """Return a picture of which more is assumed."""
    return replace(picture, assumed="; ".join(filter(None, (picture.assumed, what))))
