"""Planes to files on a cluster: its workers share the file system and write slabs, the driver checks and publishes.

Of files of several frames workers write what has a place of its own (see `in_place`); compressed frames, masks and
contours are the driver's, and workers read their planes (see `gathered`).

A slab is a task: to read it, to encode, write and read back its planes. UIDs are fixed in the plan, so a task that is
done twice, because its worker was lost, gives the same files. A worker that was given up may still be running. So every
instance is written and read back in a scratch folder, and only then moved to its name. When the scratch folder is gone,
nobody can bring anything among the staged files any more, and the driver counts them.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ExportError, VerificationError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.model.slabs import read_ahead, slabs
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.plan.frames import frame_places
from napari_dicom_writer.writing.cluster.gathered import Gathered, Read
from napari_dicom_writer.writing.cluster.in_place import InPlace
from napari_dicom_writer.writing.cluster.recipes import other_data, recipe, sample
from napari_dicom_writer.writing.cluster.running import run
from napari_dicom_writer.writing.cluster.scratch import check_workers, scratch_folder
from napari_dicom_writer.writing.cluster.tasks import Arrived, Context, Job
from napari_dicom_writer.writing.read_back import SeriesVerifier
from napari_dicom_writer.writing.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
    from napari_dicom_writer.writing.written import Done


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
    with ExitStack() as stack:
        with scratch_folder(folders[0]) as scratch:
            check_workers(client, scratch)
            in_place = stack.enter_context(closing(InPlace(plan, folders, level, scratch)))
            gathered = stack.enter_context(closing(Gathered(plan, folders, level, without=in_place.series)))
            heads = tuple(replace(series, instances=series.instances[:1]) for series in plan.series)
            context = Context(heads, tuple(folders), scratch, level, tuple(map(recipe, volumes)))
            jobs = _jobs(plan, volumes, context, in_place, gathered)
            with closing(run(client, context, jobs, done)) as arriving:
                for one in arriving:
                    if not isinstance(one, Arrived):
                        samples[one.volume].add(one.sample)
                        done(gathered.write(one) if isinstance(one, Read) else in_place.add(one))
                        continue
                    sizes[one.series][one.filename] = one.size
                    samples[plan.series[one.series].volume_index].add(one.sample)
                    if one.seen:
                        verifiers[one.series].add(one.seen)
                    done()
            in_place.publish()
        _check_samples(volumes, context, samples)
        for number, (series, folder) in single.items():
            _check_files(series, folder, sizes[number])
            if level is not VerifyLevel.OFF:
                verifiers[number].finish()
        size = in_place.finish() + gathered.finish() + sum(sum(reported.values()) for reported in sizes.values())
        from_medium = level is VerifyLevel.MEDIUM and flush()
        for number, (_, folder) in single.items() if from_medium else ():
            from_medium = verifiers[number].from_medium(folder, lambda: done(0)) and from_medium
        for several in (in_place, gathered) if from_medium else ():
            from_medium = several.from_medium(lambda: done(0)) and from_medium
    return Written(size, from_medium)


def _check_samples(volumes: Sequence[Volume], context: Context, samples: Sequence[set[int | None]]) -> None:
    """Compare what the workers read from their sources with what is read here."""
    for volume, made, theirs in zip(volumes, context.recipes, samples, strict=True):
        if made:
            made.check_files()
            if theirs - {sample(volume)}:
                raise other_data(volume.name, "a sample of its values differs")


def _jobs(
    plan: ExportPlan, volumes: Sequence[Volume], context: Context, in_place: InPlace, gathered: Gathered
) -> Iterator[Job]:
    for index, volume in enumerate(volumes):
        places = frame_places(plan, index)
        wanted = slabs(volume)
        traveling = ((slab, None) for slab in wanted) if context.recipes[index] else read_ahead(volume, wanted)
        for slab, values in traveling:
            planes = list(slab.places())
            shown = [gathered.keep(index, plane, places.pop(plane, {})) for plane in planes]
            spots = [in_place.spots(plan, index, plane, some) for plane, some in zip(planes, shown, strict=True)]
            single = [[place for place in some if place.series not in in_place.series] for some in shown]
            yield Job(index, slab, single, spots, [gathered.wants(index, plane) for plane in planes], values)


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
