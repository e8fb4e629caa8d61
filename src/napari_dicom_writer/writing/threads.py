"""Planes to files: encode, write, read back, in as many threads as pay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import product
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import PixelError
from napari_dicom_writer.model.slabs import read_ahead, slabs
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.plan.frames import frame_places
from napari_dicom_writer.writing.masks import check_empty
from napari_dicom_writer.writing.writers import writer_of
from napari_dicom_writer.writing.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.frames import PlanePlaces
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.writing.series_writer import SeriesWriter
    from napari_dicom_writer.writing.written import Done


# Small planes are handed to a thread several at a time: handing over costs 40 µs (measured). Progress is told, and an
# export stopped, between two tasks, and the slowest codec takes a tenth of a second for one.
_TASK_BYTES = 2 * 2**20
_TASKS = 4  # of a slab for each thread, so that all are done at about the same time


def write_volumes(
    plan: ExportPlan,
    volumes: Sequence[Volume],
    folders: Sequence[str],
    level: VerifyLevel,
    done: Done,
    flush: Callable[[], bool] = lambda: False,
) -> Written:
    """Write all frames of an export: each volume is read once, every plane goes where the plan wants it.

    Parameters
    ----------
    plan
        What to write.
    volumes
        What the plan reads from, in its order.
    folders
        Where to write: a folder for each series, in the plan's order.
    level
        How much is read back.
    done
        Called in this thread after every plane, or few planes that a thread writes together, with the number of their
        frames, and with 0 after every file that is read from the medium; may raise to stop.
    flush
        Brings what was written to the medium, before it is read from there; returns whether that makes sense.

    Returns
    -------
    Written
    """
    size = 0
    with ExitStack() as stack:
        pairs = zip(plan.series, folders, strict=True)
        writers = [stack.enter_context(closing(writer_of(series, folder, level))) for series, folder in pairs]
        pool = stack.enter_context(ThreadPoolExecutor(plan.workers)) if plan.workers > 1 else None
        for index, volume in enumerate(volumes):
            places = frame_places(plan, index)
            for slab, values in read_ahead(volume, slabs(volume)):
                jobs = [
                    (places.pop(plane, {}), values[at], volume, writers)
                    for at, plane in zip(product(*map(range, slab.shape)), slab.places(), strict=True)
                ]
                for frames, written in _written(jobs, pool, plan.workers):
                    size += written
                    done(frames)
            if places:
                raise PixelError(f"{len(places):,} of its planes were not read", "Check the chunks of the source")
        for writer in writers:
            size += writer.finish()
        from_medium = level is VerifyLevel.MEDIUM and flush()
        for writer in writers if from_medium else ():
            from_medium = writer.from_medium(lambda: done(0)) and from_medium
    return Written(size, from_medium)


_Job = tuple["PlanePlaces", "NDArray[Any]", "Volume", "Sequence[SeriesWriter]"]


def _written(jobs: Sequence[_Job], pool: ThreadPoolExecutor | None, workers: int) -> Iterator[tuple[int, int]]:
    """Write the planes of a slab; give how many frames were written, and their bytes, now and then."""
    if pool is None:
        return map(_write, jobs)
    plane_bytes = max(1, jobs[0][1].nbytes)
    together = max(1, min(_TASK_BYTES // plane_bytes, len(jobs) // (_TASKS * workers)))
    return pool.map(_write_some, (jobs[start : start + together] for start in range(0, len(jobs), together)))


def _write_some(jobs: Sequence[_Job]) -> tuple[int, int]:
    frames, sizes = zip(*map(_write, jobs), strict=True)
    return sum(frames), sum(sizes)


def _write(job: _Job) -> tuple[int, int]:
    """Write all frames of a plane; return how many, and their bytes."""
    places, values, volume, writers = job
    frames = size = 0
    if places:
        with volume.steady(values):
            for number, some in places.items():
                size += writers[number].write(some, values)
                frames += len(some)
    else:
        check_empty(volume, values)
    return frames, size
