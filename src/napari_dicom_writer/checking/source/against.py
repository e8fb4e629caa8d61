"""Layers against the series that should hold them: voxel by voxel, each where it lies.

The series is read by code that knows nothing of writing, and no plan is asked what should be there. What the layer
means (its axes, units and transforms) is read by the module that the export reads it with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.checking.source.comparison import Comparison, Difference
from napari_dicom_writer.checking.source.expected import Expected, expected_of, needs_range
from napari_dicom_writer.checking.source.outlines import compare_outlines
from napari_dicom_writer.checking.source.parts import Candidate, Part, cut, match
from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.model.float_errors import with_default_float_errors
from napari_dicom_writer.model.geometry import MAX_DISPLACEMENT
from napari_dicom_writer.model.grids import IndexMap, index_map
from napari_dicom_writer.model.slabs import read_ahead, slabs
from napari_dicom_writer.model.value_range import ValueRange
from napari_dicom_writer.reading.catalogue import Catalogue
from napari_dicom_writer.reading.files import as_they_are
from napari_dicom_writer.reading.series import read_volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dicom_writer.checking.check import SeriesVerdict
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions

_MOST_TURNED = 2**32  # bytes of a volume whose planes are cut in another direction


@dataclass(slots=True)
class _Job:
    """One comparison on its way."""

    comparison: Comparison
    part: Part
    candidate: Candidate
    mapped: IndexMap
    expected: Expected
    largest: float = 0.0
    differing: int = 0
    first: Difference | None = None
    turned: dict[int, NDArray[Any]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)  # why planes of the series could not be compared


@with_default_float_errors
def compare(
    layers: Sequence[tuple[str, Volume]],
    folder: Path,
    verdicts: Sequence[SeriesVerdict],
    options: ExportOptions,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Comparison], list[str]]:
    """Compare layers with the series of a folder.

    Parameters
    ----------
    layers
        Name and volume of each.
    folder, verdicts
        Where the series are, and what `check_series` said of them.
    options
        Those of the export: how the layers' axes are understood, and how far values may be from what they were.
    progress
        Called with (planes done, total); may raise to stop.

    Returns
    -------
    list of Comparison, list of str
        And the series that belong to none of the layers, or could not be read, in words.
    """
    with as_they_are():
        return _compare(layers, folder, verdicts, options, progress)


def _compare(
    layers: Sequence[tuple[str, Volume]],
    folder: Path,
    verdicts: Sequence[SeriesVerdict],
    options: ExportOptions,
    progress: Callable[[int, int], None] | None,
) -> tuple[list[Comparison], list[str]]:
    found, left_out = _candidates(folder, verdicts)
    candidates = [candidate for candidate in found if candidate.volume.drawn is None]
    contours, others = compare_outlines(
        [(name, volume) for name, volume in layers if volume.drawn is not None],
        [candidate for candidate in found if candidate.volume.drawn is not None],
    )
    left_out += [f"Series {_number(other)} holds contours, and belongs to none of the layers" for other in others]
    layers = [(name, volume) for name, volume in layers if volume.drawn is None]
    times = [candidate.times for candidate in candidates]
    parts = [part for name, volume in layers for part in cut(volume, name, options, times)]
    pairs, others = match(parts, candidates)
    left_out += [f"Series {_number(other)} belongs to none of the layers" for other in others]
    counter = _Counter(_planes_to_read(layers, parts), progress)
    ranges = {id(volume): _ranges(volume, counter) for _, volume in layers}
    jobs: list[_Job] = []
    done: list[Comparison] = []
    for part, candidate in pairs:
        comparison = Comparison(part.label, voxels=part.voxels)
        if candidate is None:
            done.append(replace(comparison, problems=("No series that can be read as a volume holds it",)))
            continue
        job = _prepare(comparison, part, candidate, _range_of(part, ranges[id(part.volume)]), options)
        (jobs if isinstance(job, _Job) else done).append(job)  # type: ignore[arg-type]
    for _, volume in layers:
        _compare_volume(volume, [job for job in jobs if job.part.volume is volume], counter)
    done += [_finish(job) for job in jobs]
    order = {part.label: number for number, part in enumerate(parts)}
    return sorted(done, key=lambda comparison: order[comparison.layer]) + contours, left_out


def _candidates(folder: Path, verdicts: Sequence[SeriesVerdict]) -> tuple[list[Candidate], list[str]]:
    """Read every series as a volume, each for itself: one that cannot be read leaves the others."""
    found: list[Candidate] = []
    unread: list[str] = []
    for verdict in verdicts:
        if not verdict.uid:
            continue
        try:
            found += [Candidate(verdict, volume) for volume in read_volumes(Catalogue(folder, list(verdict.files)))]
        except ExportError as error:
            number = verdict.survey.number if verdict.survey else ""
            reasons = "; ".join(refusal.what for refusal in error.refusals)
            unread.append(f"Series {number or 'without a number'} cannot be read as a volume: {reasons}")
    return found, unread


def _number(candidate: Candidate) -> str:
    return (candidate.verdict.survey.number if candidate.verdict.survey else "") or "without a number"


_Ranges = dict[tuple[int, ...], ValueRange]


def _planes_to_read(layers: Sequence[tuple[str, Volume]], parts: Sequence[Part]) -> int:
    """Count the planes of all layers, twice where their range is needed first."""
    scanned = sum(volume.shape[0] * math.prod(volume.leading_shape) for _, volume in layers if needs_range(volume))
    return scanned + sum(len(part.leading) * part.volume.shape[0] for part in parts)


def _ranges(volume: Volume, counter: _Counter) -> _Ranges:
    """Find the range of every volume along the leading axes, where it matters."""
    ranges: _Ranges = {}
    if needs_range(volume):
        for slab, values in read_ahead(volume, slabs(volume)):
            for at, (leading, _) in zip(np.ndindex(slab.shape), slab.places(), strict=True):
                ranges.setdefault(leading, ValueRange()).add(values[at])
                counter.step()
    return ranges


def _range_of(part: Part, ranges: _Ranges) -> ValueRange | None:
    """Return the range of what is stored in the same steps as a part."""
    if not ranges:
        return None
    found = ValueRange()
    for leading in part.channel:
        found.merge(ranges[leading])
    return found


def _prepare(
    comparison: Comparison, part: Part, candidate: Candidate, found: ValueRange | None, options: ExportOptions
) -> _Job | Comparison:
    """Compare what needs no pixels."""
    comparison = replace(comparison, series=_number(candidate), uid=candidate.verdict.uid)
    volume, other = part.volume, candidate.volume
    problems = []
    if candidate.times != len(part.leading):
        problems.append(f"It has {len(part.leading)} time points, and the series {candidate.times}")
    if volume.rgb != other.rgb:
        problems.append(f"It is {'in color' if volume.rgb else 'gray'}, and the series is not")
    mapped = index_map(volume.affine, volume.shape, other.affine, other.shape)
    if isinstance(mapped, str):
        problems.append(mapped)
    elif mapped.axes[0] != 0 and math.prod(other.shape) * other.dtype.itemsize > _MOST_TURNED:
        problems.append("Its planes are cut in another direction, and it is too large to be turned in memory")
    if problems or isinstance(mapped, str):
        return replace(comparison, problems=tuple(problems))
    expected = expected_of(volume, found, options)
    comparison = replace(comparison, apart=mapped.apart, allowed=expected.allowed, notes=expected.notes)
    if mapped.share > MAX_DISPLACEMENT:
        problem = f"Voxels lie up to {mapped.apart:.3g} mm ({mapped.share:.2g} of a voxel) from their places"
        comparison = replace(comparison, problems=(problem,))
    return _Job(comparison, part, candidate, mapped, expected)


class _Counter:
    def __init__(self, total: int, progress: Callable[[int, int], None] | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def step(self) -> None:
        self._done += 1
        if self._progress:
            self._progress(self._done, self._total)


def _compare_volume(volume: Volume, jobs: Sequence[_Job], counter: _Counter) -> None:
    """Read a layer once, along its chunks, and hold every plane against that of its series."""
    places = {leading: (job, time) for job in jobs for time, leading in enumerate(job.part.leading)}
    if not places:
        return
    for slab, values in read_ahead(volume, slabs(volume)):
        for at, (leading, plane) in zip(np.ndindex(slab.shape), slab.places(), strict=True):
            if leading in places:
                job, time = places[leading]
                try:
                    there = _series_plane(job, time, plane)
                except ExportError as error:  # a file that cannot be decoded is a finding, and no failure
                    job.unread.append(error.refusals[0].what)
                else:
                    _compare_plane(job, (*leading, plane), values[at], there)
                counter.step()


def _series_plane(job: _Job, time: int, plane: int) -> NDArray[Any]:
    """Return the plane of the series that lies where this one of the layer does, turned like it."""
    volume, mapped = job.candidate.volume, job.mapped
    leading = (time,) if volume.leading_shape else ()
    if mapped.axes[0] == 0:
        there = volume.shape[0] - 1 - plane if mapped.flipped[0] else plane
        single: NDArray[Any] = mapped.turn(volume.read(leading, there, there + 1))[0]
        return single
    if time not in job.turned:
        job.turned.clear()
        job.turned[time] = mapped.turn(volume.read(leading, 0, volume.shape[0]))
    result: NDArray[Any] = job.turned[time][plane]
    return result


def _compare_plane(job: _Job, index: tuple[int, ...], here: NDArray[Any], there: NDArray[Any]) -> None:
    wrong, largest = job.expected.differences(here, there)
    job.largest = max(job.largest, largest)
    count = int(wrong.sum())
    if count and job.first is None:
        row, column = (int(i) for i in np.argwhere(wrong)[0])
        affine = job.part.volume.affine
        x, y, z = (affine[:3, :3] @ (index[-1], row, column) + affine[:3, 3]).tolist()
        here, there = job.expected.shown(here[row, column], there[row, column])
        job.first = Difference((*index, row, column), (x, y, z), _plain(here), _plain(there))
    job.differing += count


def _plain(value: NDArray[Any]) -> float | tuple[float, ...]:
    return tuple(value.tolist()) if np.ndim(value) else value.item()


def _finish(job: _Job) -> Comparison:
    problems = job.comparison.problems
    notes = job.comparison.notes
    if job.unread:
        problems = (*problems, f"{len(job.unread):,} planes of the series cannot be read: {job.unread[0]}")
    if job.differing:
        text = f"{job.differing:,} of {job.comparison.voxels:,} voxels differ, by up to {job.largest:.6g}"
        if job.expected.judged:
            if job.candidate.verdict.lossy and not job.expected.lossy:
                text += "; it says that it is lossy: compare it with the transfer syntax that was asked for"
            problems = (*problems, text)
        else:
            notes = (*notes, text)
    return replace(
        job.comparison,
        problems=problems,
        notes=notes,
        largest=job.largest,
        differing=job.differing,
        first=job.first,
    )
