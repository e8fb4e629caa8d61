"""Contours against those of the series that should hold them: vertex by vertex."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

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


def compare_outlines(
    layers: Sequence[tuple[str, Volume]], candidates: Sequence[Candidate]
) -> tuple[list[Comparison], list[Candidate]]:
    """Find every contour of each layer in one series.

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
    left, done = list(candidates), []
    for name, volume in layers:
        compared = [(_compare(name, volume, candidate), candidate) for candidate in left]
        if not compared:
            done.append(_nothing(name, volume, "No structure set holds it"))
            continue
        best, candidate = min(compared, key=lambda pair: pair[0].differing)
        left.remove(candidate)
        done.append(best)
    return done, left


def _nothing(name: str, volume: Volume, problem: str) -> Comparison:
    count = sum(map(len, _by_key(volume).values()))
    return Comparison(name, voxels=count, counted="contours", problems=(problem,))


def _compare(name: str, volume: Volume, candidate: Candidate) -> Comparison:
    """Look for the contour nearest to each, of the same region, type and number of points."""
    mine, theirs = _by_key(volume), _by_key(candidate.volume)
    missing, farthest = 0, 0.0
    for key, rings in mine.items():
        others = list(theirs.get(key, ()))
        for ring in rings:
            away = [float(np.linalg.norm(ring - other, axis=1).max()) for other in others]
            nearest = int(np.argmin(away)) if away else 0
            if not away or away[nearest] > _FARTHEST:
                missing += 1
                continue
            farthest = max(farthest, away[nearest])
            others.pop(nearest)
    count, there = (sum(map(len, rings.values())) for rings in (mine, theirs))
    problems = [f"{missing:,} of its {count:,} contours are not in the series"] if missing else []
    if there > count - missing:
        problems.append(f"The series has {counted(there - count + missing, 'contour')} that it has not")
    survey = candidate.verdict.survey
    return Comparison(
        name,
        survey.number if survey else "",
        candidate.verdict.uid,
        voxels=count,
        counted="contours",
        problems=tuple(problems),
        apart=farthest,
        differing=missing + max(0, there - count + missing),
    )


def _by_key(volume: Volume) -> dict[_Key, list[NDArray[np.float64]]]:
    names = {segment.label: segment.name for segment in (volume.labels.segments if volume.labels else ())}
    found: dict[_Key, list[NDArray[np.float64]]] = defaultdict(list)
    for outline in volume.drawn or ():
        points = outline.points
        if len(points) > 3 and np.array_equal(points[0], points[-1]):
            points = points[:-1]  # whether the first one is repeated means nothing
        found[names.get(outline.region, ""), outline.kind, len(points)].append(points)
    return found
