"""A layer cut into what becomes a series each, and the series that hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from napari_dicom_writer.model.grids import IndexMap, index_map
from napari_dicom_writer.options.choices import TimeLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_dicom_writer.checking.check import SeriesVerdict
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions

_Places = tuple[tuple[int, ...], ...]  # along the leading axes
_NEAR = 0.5  # of a voxel: grids closer than that are meant to be one


@dataclass(frozen=True, slots=True)
class Part:
    """What of a layer should be one series.

    Attributes
    ----------
    name : str
        The layer's.
    label : str
        The name, with the places along the axes that are not time.
    volume : Volume
    leading : tuple of tuple of int
        Indices along the leading axes, one for each time point.
    channel : tuple of tuple of int
        Of all time points of its channel, which are stored in the same steps.
    """

    name: str
    label: str
    volume: Volume
    leading: tuple[tuple[int, ...], ...]
    channel: tuple[tuple[int, ...], ...]

    @property
    def voxels(self) -> int:
        """How many voxels it has."""
        return math.prod(self.volume.shape) * len(self.leading)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A series that could be read as a volume."""

    verdict: SeriesVerdict
    volume: Volume

    @property
    def times(self) -> int:
        """Its time points."""
        return math.prod(self.volume.leading_shape)


def cut(volume: Volume, name: str, options: ExportOptions, times: Sequence[int]) -> list[Part]:
    """Cut a layer along its leading axes.

    Parameters
    ----------
    volume, name
        The layer.
    options
        What an axis without a name is, and whether each time point should be a series.
    times
        How many time points the series have that there are.
    """
    names = volume.leading_names(options.unnamed_axis)
    ranges = [range(n) for n in volume.leading_shape]
    time = names.index("time") if "time" in names else None
    points = 1 if time is None else len(ranges[time])
    split = options.time is TimeLayout.SERIES_PER_POINT or (points > 1 and points not in times)
    others = [r if axis != time else range(1) for axis, r in enumerate(ranges)]
    channels = [
        tuple(place if time is None else (*place[:time], t, *place[time + 1 :]) for t in range(points))
        for place in product(*others)
    ]
    groups: list[tuple[_Places, _Places]]
    if time is None or split:
        channel_of = {place: channel for channel in channels for place in channel}
        groups = [((place,), channel_of[place]) for place in product(*ranges)]
    else:
        groups = [(channel, channel) for channel in channels]
    told = [axis for axis, n in enumerate(volume.leading_shape) if n > 1 and (split or axis != time)]
    return [
        Part(name, ", ".join([name, *(f"{names[axis]} {group[0][axis] + 1}" for axis in told)]), volume, group, channel)
        for group, channel in groups
    ]


def match(
    parts: Sequence[Part], candidates: Sequence[Candidate]
) -> tuple[list[tuple[Part, Candidate | None]], list[Candidate]]:
    """Find the series of every part: by place and size, then by name, then by number.

    Parameters
    ----------
    parts, candidates
        Candidates by series number.

    Returns
    -------
    list of (Part, Candidate or None), list of Candidate
        And the candidates that are left over.
    """
    found: dict[int, Candidate] = {}
    left = list(candidates)
    for rule in _RULES:
        for number, part in enumerate(parts):
            if number in found:
                continue
            fitting = next((candidate for candidate in left if rule(part, candidate)), None)
            if fitting:
                found[number] = fitting
                left.remove(fitting)
    return [(part, found.get(number)) for number, part in enumerate(parts)], left


def _in_place(part: Part, candidate: Candidate) -> bool:
    mapped = index_map(part.volume.affine, part.volume.shape, candidate.volume.affine, candidate.volume.shape)
    return isinstance(mapped, IndexMap) and mapped.share < _NEAR and candidate.times == len(part.leading)


def _description(candidate: Candidate) -> str:
    return candidate.volume.name.strip().lower()


def _same_name(part: Part, candidate: Candidate) -> bool:
    return bool(part.name) and _description(candidate) == part.name.strip().lower()


def _like_name(part: Part, candidate: Candidate) -> bool:
    return bool(part.name) and _description(candidate).startswith(part.name.strip().lower()[:32])


def _same_size(part: Part, candidate: Candidate) -> bool:
    return sorted(part.volume.shape) == sorted(candidate.volume.shape) and candidate.times == len(part.leading)


# The surest first. The last pairs whatever is left, to say how it differs.
_RULES: tuple[Callable[[Part, Candidate], bool], ...] = (
    lambda part, candidate: _in_place(part, candidate) and _same_name(part, candidate),
    lambda part, candidate: _in_place(part, candidate) and _like_name(part, candidate),
    _in_place,
    _same_name,
    _like_name,
    _same_size,
    lambda _part, _candidate: True,
)
