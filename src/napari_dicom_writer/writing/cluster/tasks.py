"""What workers do: slabs, each a task, and what all tasks have in common."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.model.slabs import Slab, read
from napari_dicom_writer.writing.cluster.gathered import Read
from napari_dicom_writer.writing.cluster.in_place import Framed, write_frames
from napari_dicom_writer.writing.cluster.recipes import sample
from napari_dicom_writer.writing.fault import writing_failed
from napari_dicom_writer.writing.masks import check_empty
from napari_dicom_writer.writing.read_back_frames import FramesVerifier
from napari_dicom_writer.writing.single_frame import SingleFrameWriter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.choices import VerifyLevel
    from napari_dicom_writer.plan.frames import Place
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.across import Seen
    from napari_dicom_writer.writing.cluster.in_place import Spot
    from napari_dicom_writer.writing.cluster.recipes import Recipe


class Arrived(NamedTuple):
    """An instance at its place: number of its series, file name, bytes, and what was read back.

    With it comes a sample of the values in the worker's own copy of the volume, if it has one.
    """

    series: int
    filename: str
    size: int
    seen: Seen | None
    sample: int | None


class Job(NamedTuple):
    """A slab to be written, the frames that show each of its planes, and its values where they must travel.

    Frames at `spots` lie in files that are there. The values of planes that are `wanted` come back: the driver writes
    their frames.
    """

    volume: int
    slab: Slab
    places: list[list[Place]]
    spots: list[list[Spot]]
    wanted: list[bool]
    values: NDArray[Any] | None


@dataclass(frozen=True)
class Context:
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
        """Write the files of one frame, by the number of their series."""
        pairs = enumerate(zip(self.series, self.folders, strict=True))
        return {n: SingleFrameWriter(s, f, self.level) for n, (s, f) in pairs if not IODS[s.iod].multiframe}

    @cached_property
    def verifiers(self) -> list[FramesVerifier]:
        """Compare frames of several in a file, by the number of their series."""
        return [FramesVerifier(series, self.level) for series in self.series]

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


def received(context: Context) -> Context:
    """Let a worker keep it."""
    return context


def write_slab(context: Context, job: Job) -> list[Arrived | Framed | Read]:
    """Write the planes of a slab; runs in a worker."""
    values = job.values
    if values is None:
        values = read(context.volume(job.volume), job.slab)
    written: list[Arrived | Framed | Read] = []
    own_sample, places = context.sample(job.volume), list(np.ndindex(job.slab.shape))
    asked = zip(places, job.slab.places(), job.spots, job.wanted, job.places, strict=True)
    for at, plane, spots, wanted, shown in asked:
        if spots:
            digests = write_frames(context.scratch, context.verifiers, spots, values[at])
            written.append(Framed(job.volume, plane, digests, own_sample))
        if wanted:
            written.append(Read(job.volume, plane, np.ascontiguousarray(values[at]), own_sample))
        if job.values is None and not (spots or wanted or shown):
            check_empty(context.volume(job.volume), values[at])
    planes = zip(places, job.places, strict=True)
    for at, (number, instance, _) in ((at, place) for at, some in planes for place in some):
        # Nobody else writes to this name, be it for the same instance.
        part = f"{context.scratch}{os.sep}{secrets.token_hex(16)}"
        size, seen = context.writers[number].write_as(part, instance, values[at])
        try:
            os.replace(part, f"{context.folders[number]}{os.sep}{instance.filename}")  # noqa: PTH105 - strings are faster
        except OSError as error:
            raise writing_failed(error) from error
        written.append(Arrived(number, instance.filename, size, seen, own_sample))
    return written
