"""Time points whose planes do not lie at the same places, as of a table that moves to and fro, or a follow-up scan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.reading.gaps import even_runs
from napari_dicom_writer.reading.stacking import stack, why_no_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.reading.picture import Picture
    from napari_dicom_writer.reading.stacking import Stack

_NEAR = 0.05  # of the distance of planes: how far time points of one axis may lie apart
_TOLD_BY = {"TemporalPositionIdentifier": "time point", "AcquisitionNumber": "acquisition"}


def time_points_apart(pictures: Sequence[Picture]) -> list[tuple[str, list[Picture]]] | None:
    """Tell time points apart, each of which is an even stack where all together are none.

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
    what = f"Its time points lie up to {off:.2g} mm apart: placed where the first lies"
    moved: list[Picture] = []
    for group, each in zip(groups, stacks, strict=True):
        for at, index in enumerate(each.order):
            place = replace(group[index].place, position=tuple(first[at].tolist()))
            assumed = "; ".join(filter(None, (group[index].assumed, what)))
            moved.append(replace(group[index], place=place, assumed=assumed))
    return moved
