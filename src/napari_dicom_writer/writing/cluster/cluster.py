"""Planes to files on a cluster: its workers share the file system and write slabs, the driver checks and publishes.

Files of several frames are the driver's: workers read their planes (see `gathered`).

A slab is a task: to read it, to encode, write and read back its planes. UIDs are fixed in the plan, so a task that is
done twice, because its worker was lost, gives the same files. A worker that was given up may still be running. So every
instance is written and read back in a scratch folder, and only then moved to its name. When the scratch folder is gone,
nobody can bring anything among the staged files any more, and the driver counts them.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import secrets
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, fields, replace
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_dicom_writer.errors import ExportError, VerificationError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.model.slabs import Slab, read, read_ahead, slabs
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.plan.frames import frame_places
from napari_dicom_writer.writing.cluster.gathered import Gathered, Read
from napari_dicom_writer.writing.cluster.recipes import Recipe, other_data, recipe, sample
from napari_dicom_writer.writing.cluster.scratch import check_workers, scratch_folder
from napari_dicom_writer.writing.fault import writing_failed
from napari_dicom_writer.writing.read_back import SeriesVerifier
from napari_dicom_writer.writing.single_frame import SingleFrameWriter
from napari_dicom_writer.writing.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from distributed import Client, Future
    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.frames import Place
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
    from napari_dicom_writer.writing.across import Seen
    from napari_dicom_writer.writing.written import Done

_SLABS_PER_THREAD = 2  # one being written, one waiting
_HEARTBEAT = 1.0  # seconds after which the callback may cancel, also when no slab comes in


class _Arrived(NamedTuple):
    """An instance at its place: number of its series, file name, bytes, and what was read back.

    With it comes a sample of the values in the worker's own copy of the volume, if it has one.
    """

    series: int
    filename: str
    size: int
    seen: Seen | None
    sample: int | None


class _Job(NamedTuple):
    """A slab to be written, the frames that show each of its planes, and its values where they must travel.

    The values of planes that are `wanted` come back: the driver writes their frames.
    """

    volume: int
    slab: Slab
    places: list[list[Place]]
    wanted: list[bool]
    values: NDArray[Any] | None


@dataclass(frozen=True)
class _Context:
    """What the slabs have in common: sent once, opened once in every worker.

    Of the instances it holds the first of each series, which is all that an encoder needs; the others travel with their
    slabs.
    """

    series: tuple[SeriesPlan, ...]
    folders: tuple[str, ...]
    scratch: str
    level: VerifyLevel
    recipes: tuple[Recipe | None, ...]

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def writers(self) -> dict[int, SingleFrameWriter]:
        pairs = enumerate(zip(self.series, self.folders, strict=True))
        return {n: SingleFrameWriter(s, f, self.level) for n, (s, f) in pairs if not IODS[s.iod].multiframe}

    @cached_property
    def _opened(self) -> dict[tuple[int, int], Volume]:
        return {}

    @cached_property
    def _samples(self) -> dict[int, int]:
        return {}

    def volume(self, number: int) -> Volume:
        """Open a volume, in every thread its own: a source may read into one and the same buffer."""
        recipe = self.recipes[number]
        assert recipe is not None  # noqa: S101 - what has none travels with its values
        key = (threading.get_ident(), number)
        if key not in self._opened:
            self._opened[key] = recipe.volume()
        return self._opened[key]

    def sample(self, number: int) -> int | None:
        """Read a sample of a volume, once; none where its values travel."""
        if self.recipes[number] is None:
            return None
        if number not in self._samples:
            self._samples[number] = sample(self.volume(number))
        return self._samples[number]


def write_distributed(
    plan: ExportPlan,
    volumes: Sequence[Volume],
    folders: Sequence[str],
    level: VerifyLevel,
    done: Done,
    client: Client,
    flush: Callable[[], bool] = lambda: False,
) -> Written:
    """Write all frames of an export on a cluster.

    Parameters
    ----------
    plan, volumes, folders, level, done, flush
        As for `write_volumes`, which does the same in this process. The folders lie on a file system that all workers
        share; `done` is also called now and then with 0. What is to come from the medium comes to this process.
    client
        Of the cluster.

    Returns
    -------
    Written

    Raises
    ------
    DestinationError
        If a worker does not see the staging folder, or must not write to it.
    ExportError
        What a worker raised; or workers were lost time and again.
    """
    if client.asynchronous or client.status != "running":
        what = "asynchronous" if client.asynchronous else client.status
        raise ExportError(f"The client is {what}", "Pass one that is connected, and made with asynchronous=False")
    pairs = enumerate(zip(plan.series, folders, strict=True))
    single = {number: pair for number, pair in pairs if not IODS[pair[0].iod].multiframe}
    sizes: dict[int, dict[str, int]] = {number: {} for number in single}
    samples: list[set[int | None]] = [set() for _ in volumes]
    verifiers = {number: SeriesVerifier(series, level) for number, (series, _) in single.items()}
    with closing(Gathered(plan, folders, level)) as gathered:
        with scratch_folder(folders[0]) as scratch:
            check_workers(client, scratch)
            heads = tuple(replace(series, instances=series.instances[:1]) for series in plan.series)
            context = _Context(heads, tuple(folders), scratch, level, tuple(map(recipe, volumes)))
            with closing(_run(client, context, _jobs(plan, volumes, context, gathered), done)) as arriving:
                for one in arriving:
                    if isinstance(one, Read):
                        samples[one.volume].add(one.sample)
                        done(gathered.write(one))
                        continue
                    sizes[one.series][one.filename] = one.size
                    samples[plan.series[one.series].volume_index].add(one.sample)
                    if one.seen:
                        verifiers[one.series].add(one.seen)
                    done()
        _check_samples(volumes, context, samples)
        for number, (series, folder) in single.items():
            _check_files(series, folder, sizes[number])
            if level is not VerifyLevel.OFF:
                verifiers[number].finish()
        size = gathered.finish() + sum(sum(reported.values()) for reported in sizes.values())
        from_medium = level is VerifyLevel.MEDIUM and flush()
        for number, (_, folder) in single.items() if from_medium else ():
            from_medium = verifiers[number].from_medium(folder, lambda: done(0)) and from_medium
        if from_medium:
            from_medium = gathered.from_medium(lambda: done(0))
    return Written(size, from_medium)


def _check_samples(volumes: Sequence[Volume], context: _Context, samples: Sequence[set[int | None]]) -> None:
    """Compare what the workers read from their sources with what is read here."""
    for volume, made, theirs in zip(volumes, context.recipes, samples, strict=True):
        if made:
            made.check_files()
            if theirs - {sample(volume)}:
                raise other_data(volume.name, "a sample of its values differs")


def _jobs(plan: ExportPlan, volumes: Sequence[Volume], context: _Context, gathered: Gathered) -> Iterator[_Job]:
    for index, volume in enumerate(volumes):
        places = frame_places(plan, index)
        wanted = slabs(volume)
        traveling = ((slab, None) for slab in wanted) if context.recipes[index] else read_ahead(volume, wanted)
        for slab, values in traveling:
            planes = list(slab.places())
            own = [gathered.keep(index, plane, places.pop(plane, ())) for plane in planes]
            yield _Job(index, slab, own, [gathered.wants(index, plane) for plane in planes], values)


def _run(client: Client, context: _Context, jobs: Iterator[_Job], done: Done) -> Generator[_Arrived | Read, None, None]:
    """Keep the workers busy, and no more than that; return what they have written as it comes in."""
    import dask

    # The arguments of a task stay with the scheduler, so that it can give them to another worker; scattered ones are
    # lost with the worker that holds them. That is worth a graph of some size.
    quiet = dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TiB"})
    finished: SimpleQueue[Future[list[_Arrived | Read]]] = SimpleQueue()
    pending: dict[Any, Future[list[_Arrived | Read]]] = {}
    limit, checked = 0, -np.inf
    try:
        with quiet:
            shared = client.submit(_received, context, pure=False)
            while True:
                if time.monotonic() - checked > _HEARTBEAT:  # clusters grow and shrink
                    limit = max(1, _SLABS_PER_THREAD * _threads(client))
                    checked = time.monotonic()
                while len(pending) < limit and (job := next(jobs, None)):
                    future = client.submit(_write_slab, shared, job, pure=False)
                    pending[future.key] = future
                    future.add_done_callback(finished.put)
                if not pending:
                    return
                try:
                    future = finished.get(timeout=_HEARTBEAT)
                except Empty:
                    done(0)
                    continue
                yield from _result(pending.pop(future.key))
    finally:
        with suppress(Exception):  # whatever is wrong with the cluster must not hide what went wrong before
            client.cancel(list(pending.values()))


def _threads(client: Client) -> int:
    try:
        return sum(client.nthreads().values())
    except OSError as error:  # all that distributed raises about connections, timeouts included
        raise ExportError(f"The cluster does not answer: {error}", "Check that it is running") from error


def _result(future: Future[list[_Arrived | Read]]) -> list[_Arrived | Read]:
    from distributed import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise ExportError(
            f"The part {error.task} was given up: {error.allowed_failures + 1} workers were lost while writing it",
            "Look into the workers' logs; most often they lack memory. Nothing was written",
        ) from error
    except (concurrent.futures.CancelledError, asyncio.CancelledError) as error:
        raise ExportError(
            f"The cluster dropped the export: {error}", "Check that it is running; nothing was written"
        ) from error


def _received(context: _Context) -> _Context:
    return context


def _write_slab(context: _Context, job: _Job) -> list[_Arrived | Read]:
    """Write the planes of a slab; runs in a worker."""
    values = job.values
    if values is None:
        values = read(context.volume(job.volume), job.slab)
    written: list[_Arrived | Read] = []
    own_sample, places = context.sample(job.volume), list(np.ndindex(job.slab.shape))
    for at, plane, wanted in zip(places, job.slab.places(), job.wanted, strict=True):
        if wanted:
            written.append(Read(job.volume, plane, np.ascontiguousarray(values[at]), own_sample))
    planes = zip(places, job.places, strict=True)
    for at, (number, instance, _) in ((at, place) for at, some in planes for place in some):
        # Nobody else writes to this name, be it for the same instance.
        part = f"{context.scratch}{os.sep}{secrets.token_hex(16)}"
        size, seen = context.writers[number].write_as(part, instance, values[at])
        try:
            os.replace(part, f"{context.folders[number]}{os.sep}{instance.filename}")  # noqa: PTH105 - strings are faster
        except OSError as error:
            raise writing_failed(error) from error
        written.append(_Arrived(number, instance.filename, size, seen, own_sample))
    return written


def _check_files(series: SeriesPlan, folder: str, reported: dict[str, int]) -> None:
    """Every planned file, with the size its worker reported, and no other."""
    with os.scandir(folder) as entries:
        found = {entry.name: entry.stat().st_size for entry in entries}
    expected = {instance.filename: reported.get(instance.filename) for instance in series.instances}
    wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    for name in wrong:
        what = f"{name} has {found.get(name, 'no')} bytes, and {expected.get(name, 'no')} were reported"
        remedy = "Nothing was published; check that all workers share one file system"
        raise VerificationError(what, remedy, f"series {series.number}")
