"""Contours against those of the series that should hold them: vertex by vertex."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.checking.source.comparison import Comparison
from napari_dicom_writer.reading.contour_data import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.checking.source.parts import Candidate
    from napari_dicom_writer.model.volume import Volume

_FARTHEST = 1e-3  # mm; numbers of contours are rounded
_Key = tuple[str, str, int]
"""Region by its name, Contour Geometric Type, number of points."""
_Rings = dict[_Key, list["NDArray[np.float64]"]]


def compare_outlines(
    layers: Sequence[tuple[str, Volume]], candidates: Sequence[Candidate]
) -> tuple[list[Comparison], list[Candidate]]:
    """Find every contour of each layer in one series, which may hold several layers.

    Parameters
    ----------
    layers
        Name and volume of each, with outlines.
    candidates
        Volumes of outlines, and the series that they are of.

    Returns
    -------
    list of Comparison, list of Candidate
        And the candidates that belong to no layer.
    """
    left = [(candidate, _by_key(candidate.volume)) for candidate in candidates]
    done: list[Comparison] = []
    last: dict[int, int] = {}  # candidate → the last layer that it holds
    for number, (name, volume) in enumerate(layers):
        mine = _by_key(volume)
        found = [_look_for(mine, {key: list(rings) for key, rings in theirs.items()}) for _, theirs in left]
        if not found:
            done.append(_comparison(name, mine, problems=("No structure set holds it",)))
            continue
        at = min(range(len(found)), key=lambda which: (found[which], sum(map(len, left[which][1].values()))))
        candidate, theirs = left[at]
        missing, farthest = _look_for(mine, theirs)  # which are gone from it now
        last[at] = number
        one = _comparison(name, mine, candidate, missing, farthest)
        problems = (f"{missing:,} of its {one.voxels:,} contours are not in the series",) if missing else ()
        done.append(replace(one, problems=problems))
    for at, number in last.items():
        if more := sum(map(len, left[at][1].values())):
            one = done[number]
            which = "it has not" if len(layers) == 1 else "no layer has"
            text = f"The series has {counted(more, 'contour')} that {which}"
            done[number] = replace(one, problems=(*one.problems, text), differing=one.differing + more)
    return done, [candidate for at, (candidate, _) in enumerate(left) if at not in last]


def _comparison(
    name: str, mine: _Rings, candidate: Candidate | None = None, missing: int = 0, farthest: float = 0.0, **more: Any
) -> Comparison:
    survey = candidate.verdict.survey if candidate else None
    return Comparison(
        name,
        survey.number if survey else "",
        candidate.verdict.uid if candidate else "",
        voxels=sum(map(len, mine.values())),
        counted="contours",
        apart=farthest,
        differing=missing,
        **more,
    )


def _look_for(mine: _Rings, theirs: _Rings) -> tuple[int, float]:
    """Take the contour nearest to each, of the same region, type and number of points.

    Returns
    -------
    int, float
        How many are not there, and how far others lie at most, mm.
    """
    missing, farthest = 0, 0.0
    for key, rings in mine.items():
        others = theirs.get(key, [])
        for ring in rings:
            away = [float(np.linalg.norm(ring - other, axis=1).max()) for other in others]
            nearest = int(np.argmin(away)) if away else 0
            if not away or away[nearest] > _FARTHEST:
                missing += 1
                continue
            farthest = max(farthest, away[nearest])
            others.pop(nearest)
    return missing, farthest


def _by_key(volume: Volume) -> _Rings:
    names = {segment.label: segment.name for segment in (volume.labels.segments if volume.labels else ())}
    found: _Rings = defaultdict(list)
    for outline in volume.drawn or ():
        points = outline.points
        if len(points) > 3 and np.array_equal(points[0], points[-1]):
            points = points[:-1]  # whether the first one is repeated means nothing
        found[names.get(outline.region, ""), outline.kind, len(points)].append(points)
    return found
