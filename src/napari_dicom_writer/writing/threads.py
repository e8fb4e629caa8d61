"""Planes to files: encode, write, read back, in as many threads as pay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import groupby, product
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import PixelError
from napari_dicom_writer.model.slabs import read_ahead, slabs
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.plan.frames import frame_places
from napari_dicom_writer.writing.writers import writer_of
from napari_dicom_writer.writing.written import Written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.frames import Place
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.writing.series_writer import SeriesWriter
    from napari_dicom_writer.writing.written import Done


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
        Called after every plane with the number of its frames, in this thread, and with 0 after every file that is
        read from the medium; may raise to stop.
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
                    (places.pop(plane, ()), values[at], volume, writers)
                    for at, plane in zip(product(*map(range, slab.shape)), slab.places(), strict=True)
                ]
                for frames, written in (pool.map if pool else map)(_write, jobs):
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


_Job = tuple["Sequence[Place]", "NDArray[Any]", "Volume", "Sequence[SeriesWriter]"]


def _write(job: _Job) -> tuple[int, int]:
    """Write all frames of a plane; return how many, and their bytes."""
    places, values, volume, writers = job
    if not places:
        return 0, 0
    with volume.steady(values):
        size = sum(writers[series].write(list(some), values) for series, some in groupby(places, lambda p: p.series))
    return len(places), size
