"""Planes that workers read and the driver writes: of files in which frames have no place of their own (see `in_place`).

Compressed frames stand one behind the other, masks share bytes, and where contours go their lengths tell. So workers do
what takes long, to read and to compute, and send the values; encoding, writing and reading back is done here as it is
without a cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from napari_dicom_writer.errors import PixelError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.writing.writers import writer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence, Sized

    from numpy.typing import NDArray

    from napari_dicom_writer.options.choices import VerifyLevel
    from napari_dicom_writer.plan.frames import Place, PlanePlaces
    from napari_dicom_writer.plan.plan import ExportPlan

    Plane = tuple[tuple[int, ...], int]


def check_all_read(missing: Sized) -> None:
    """Refuse to end files whose planes are not all there."""
    if missing:
        raise PixelError(f"{len(missing):,} of its planes were not read", "Check the chunks of the source")


class Read(NamedTuple):
    """A plane that a worker has read: which volume, where in it, its values, and a sample of the worker's copy."""

    volume: int
    plane: Plane
    values: NDArray[Any]
    sample: int | None


class Gathered:
    """Writes the series of an export whose files hold several frames, as their planes come in.

    Parameters
    ----------
    plan, folders, level
        As for `write_volumes`.
    without
        Numbers of series that are written otherwise.
    """

    def __init__(
        self, plan: ExportPlan, folders: Sequence[str], level: VerifyLevel, without: frozenset[int] = frozenset()
    ) -> None:
        self._writers = {
            number: writer_of(series, folder, level)
            for number, (series, folder) in enumerate(zip(plan.series, folders, strict=True))
            if IODS[series.iod].multiframe and number not in without
        }
        self._places: dict[tuple[int, Plane], PlanePlaces] = {}
        self._size = 0

    def keep(self, volume: int, plane: Plane, places: PlanePlaces) -> list[Place]:
        """Keep the frames of a plane that are written here; return the others, which workers write."""
        if kept := {number: some for number, some in places.items() if number in self._writers}:
            self._places[volume, plane] = kept
        return [place for number, some in places.items() if number not in self._writers for place in some]

    def wants(self, volume: int, plane: Plane) -> bool:
        """Whether the values of a plane must come here."""
        return (volume, plane) in self._places

    def write(self, read: Read) -> int:
        """Write the frames of a plane, and read them back; return how many.

        Raises
        ------
        DestinationError, VerificationError
            As `SeriesWriter.write`.
        """
        places = self._places.pop((read.volume, read.plane))
        for number, some in places.items():
            self._size += self._writers[number].write(some, read.values)
        return sum(map(len, places.values()))

    def finish(self) -> int:
        """End the files, after the last plane; return the bytes of them all.

        Raises
        ------
        PixelError
            If planes are missing.
        VerificationError
            As `SeriesWriter.finish`.
        """
        check_all_read(self._places)
        return self._size + sum(writer.finish() for writer in self._writers.values())

    def from_medium(self, tick: Callable[[], None]) -> bool:
        """Read all files again, once they are flushed; return whether they came from the medium."""
        proven = [writer.from_medium(tick) for writer in self._writers.values()]
        return all(proven)

    def close(self) -> None:
        """Let go of the files."""
        for writer in self._writers.values():
            writer.close()
