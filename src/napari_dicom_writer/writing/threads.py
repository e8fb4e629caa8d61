"""Planes to files: encode, write, read back, in as many threads as pay."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import PixelError
from napari_dicom_writer.model.slabs import read_ahead, slabs
from napari_dicom_writer.writing.series_writer import SeriesWriter, instance_places

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.destinations._base import Staging
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.choices import VerifyLevel
    from napari_dicom_writer.plan.plan import ExportPlan, InstancePlan


def write_volumes(
    plan: ExportPlan, volumes: Sequence[Volume], staging: Staging, level: VerifyLevel, done: Callable[[], None]
) -> int:
    """Write all instances of an export: each volume is read once, every plane goes where the plan wants it.

    Parameters
    ----------
    plan
        What to write.
    volumes
        What the plan reads from, in its order.
    staging
        Where to write.
    level
        How much is read back.
    done
        Called after every instance, in this thread; may raise to stop.

    Returns
    -------
    int
        Bytes written.
    """
    writers = [SeriesWriter(series, str(staging.folder(series)), level) for series in plan.series]
    size = 0
    with ThreadPoolExecutor(plan.workers) if plan.workers > 1 else nullcontext() as pool:
        for index, volume in enumerate(volumes):
            places = instance_places(plan, index)
            for slab, values in read_ahead(volume, slabs(volume)):
                jobs = [
                    (writers[number], instance, values[at])
                    for at, (number, instance) in zip(
                        np.ndindex(slab.shape), (places.pop(place) for place in slab.places()), strict=True
                    )
                ]
                for written in (pool.map if pool else map)(_write, jobs):
                    size += written
                    done()
            if places:
                raise PixelError(f"{len(places):,} of its planes were not read", "Check the chunks of the source")
    for writer in writers:
        if writer.verifier:
            writer.verifier.finish()
    return size


def _write(job: tuple[SeriesWriter, InstancePlan, NDArray[Any]]) -> int:
    writer, instance, values = job
    return writer.write(instance, values)
