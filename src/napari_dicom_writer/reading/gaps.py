"""Stacks that lack planes, or are not even: where each picture goes on a regular grid, and which places stay blank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind, ReadError
from napari_dicom_writer.listed import listed
from napari_dicom_writer.reading.stacking import UNEVEN, stack, why_no_stack
from napari_dicom_writer.reading.time_axis import TOLD_BY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.picture import Picture
    from napari_dicom_writer.reading.stacking import Stack

Groups = list[list["Picture | None"]]
"""Pictures by position, then time; None where one is missing."""

_WHOLE = 0.05  # of the spacing: how near to a whole number of steps planes lie that others are missing between
_SHIFT = 0.5  # of the smallest gap: planes that lie further from an even stack are not of one
_NAMED = 5  # planes that a note lists


def fill_times(groups: Sequence[Sequence[Picture]], notes: list[Note]) -> Groups:
    """Put pictures that share a position into the order of time, where some positions lack some.

    Raises
    ------
    ReadError
        If nothing tells which are missing.
    """
    for number, keyword in enumerate(TOLD_BY[:-1]):
        if found := by_keys(groups, [[picture.moment[number] for picture in group] for group in groups]):
            notes += are_missing(found[1], keyword)
            return found[1]
    counts = [len(group) for group in groups]
    what = f"From {min(counts)} to {max(counts)} pictures share a position, and nothing tells which are missing"
    raise ReadError(what, "Complete its files, or take away those of incomplete time points")


def by_keys(
    groups: Sequence[Sequence[Picture]],
    keys: Sequence[Sequence[Any]],
    order: Callable[[Any], Any] | None = None,
) -> tuple[list[Any], Groups] | None:
    """Put the pictures of each place into the order of keys, the same at all places; one may be missing.

    Parameters
    ----------
    groups, keys
        Pictures that share a position, and a key of each; None where it has none.
    order
        What keys are sorted by, if not by themselves.

    Returns
    -------
    (list, Groups) or None
        All keys, and the pictures; None if the keys do not tell which are which.
    """
    if any(None in group or len(set(group)) < len(group) for group in keys):
        return None
    every = sorted({key for group in keys for key in group}, key=order)
    if len(every) > max(map(len, groups)):
        return None
    by_key = [dict(zip(k, group, strict=True)) for k, group in zip(keys, groups, strict=True)]
    return every, [[found.get(key) for key in every] for found in by_key]


def are_missing(groups: Groups, keyword: str) -> list[Note]:
    """Say which places lack some pictures, told apart by an attribute, if any do."""
    counts = [group.count(None) for group in groups]
    places = [number for number, count in enumerate(counts) if count]
    what = f"{_are(sum(counts))} missing at some time points (by {keyword}), and blank: at {_listed(places)}"
    return [Note(NoteKind.LOST, what)] if places else []


def fill_planes(planes: Stack, groups: Groups, notes: list[Note]) -> tuple[Groups, NDArray[np.float64]]:
    """Spread positions over a regular grid.

    Returns
    -------
    list, numpy.ndarray
        Groups with blank ones where planes are missing, and the step from plane to plane (3), mm.
    """
    first, last = planes.positions[0], planes.positions[-1]
    count = len(planes.positions)
    if count == 1 or planes.straight:
        return groups, (last - first) / max(1, count - 1)
    whole = _whole_steps(planes) or []
    if missing := _between(whole):
        filled: Groups = [[None] * len(groups[0]) for _ in range(whole[-1] + 1)]
        for place, group in zip(whole, groups, strict=True):
            filled[place] = group
        notes.append(Note(NoteKind.LOST, f"{_are(len(missing))} missing, and blank: {_listed(missing)}"))
        step = (last - first) / (len(filled) - 1)
        off = np.linalg.norm(planes.positions - first - np.outer(whole, step), axis=1).max()
        if off > UNEVEN * np.linalg.norm(step):
            what = f"Its planes are not evenly spaced: placed evenly, up to {off:.3g} mm from where they are"
            notes.append(Note(NoteKind.LOST, what))
        return filled, step
    what = f"{_gaps(planes)}: placed evenly, up to {_off(planes):.3g} mm from where they are"
    notes.append(Note(NoteKind.LOST, what))
    return groups, (last - first) / (count - 1)


def why_uneven(planes: Stack) -> str:
    """Say in words what a stack that is not even lacks."""
    missing = _between(_whole_steps(planes) or [])
    if not missing:
        return _gaps(planes)
    return f"Its planes are not evenly spaced: {_are(len(missing))} missing, {_listed(missing)}"


def _between(whole: Sequence[int]) -> list[int]:
    return sorted(set(range(max(whole, default=-1) + 1)) - set(whole))


def _gaps(planes: Stack) -> str:
    gaps = np.diff(planes.positions, axis=0) @ planes.normal
    return f"Its planes are not evenly spaced (gaps from {gaps.min():.4g} to {gaps.max():.4g} mm)"


def even_runs(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Cut a stack where its planes jump, if it can be made even neither by blank planes nor by small shifts."""
    places = [picture.place for picture in pictures]
    if why_no_stack(places):
        return [list(pictures)]
    planes = stack(places)
    gaps = np.diff(planes.positions, axis=0)
    if planes.straight or _whole_steps(planes) is not None or _off(planes) < _SHIFT * (gaps @ planes.normal).min():
        return [list(pictures)]
    begins = [0]
    for number in range(1, len(gaps)):
        step = gaps[begins[-1]]  # the first of the run
        if number > begins[-1] and np.abs(gaps[number] - step).max() > _WHOLE * np.linalg.norm(step):
            begins.append(number + 1)
    starts = np.cumsum(planes.counts) - planes.counts
    cuts = [int(starts[begin]) for begin in begins[1:] if begin < len(starts)]
    return [[pictures[index] for index in run] for run in np.split(planes.order, cuts)]


def _whole_steps(planes: Stack) -> list[int] | None:
    """Number positions by their step where all are multiples of it, and not too many are missing.

    The step is the usual distance, or the least: of few planes, most may lie around one that is missing.
    """
    along = (planes.positions - planes.positions[0]) @ planes.normal
    lean = (
        planes.positions - planes.positions[0] - np.outer(along / along[-1], planes.positions[-1] - planes.positions[0])
    )
    gaps = np.diff(along)
    for step in (float(np.median(gaps)), float(gaps.min())):
        steps = along / step
        whole = np.rint(steps).astype(int)
        near = np.abs(steps - whole).max() < _WHOLE and np.abs(lean).max() < _WHOLE * along[-1] / whole[-1]
        if near and (np.diff(whole) > 0).all() and whole[-1] < 2 * len(along):
            return [int(number) for number in whole]
    return None


def _off(planes: Stack) -> float:
    """How far the furthest plane lies from its place in an even stack, mm."""
    first, last = planes.positions[0], planes.positions[-1]
    even = first + np.outer(np.linspace(0, 1, len(planes.positions)), last - first)
    return float(np.linalg.norm(planes.positions - even, axis=1).max())


def _are(count: int) -> str:
    return "1 plane is" if count == 1 else f"{count:,} planes are"


def _listed(places: Sequence[int]) -> str:
    return f"plane{'s' if len(places) > 1 else ''} {listed(places, _NAMED)}"
