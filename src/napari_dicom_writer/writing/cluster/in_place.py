"""Frames that workers write to their places: uncompressed ones of several in a file, which lie where the plan says.

The driver makes the files, with their headers, in the scratch folder. Workers write their frames there, and read them
back. Then the driver brings the files to their names, and ends them.

A worker that was given up may still be writing. So who writes holds a lock on the file: once the files have left the
scratch folder nobody can open one any more, and the driver waits until nobody holds one. Where the file system knows no
locks, the driver writes (see `gathered`).
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.at_place import read_into, write_at
from napari_dicom_writer.writing.cluster.gathered import check_all_read
from napari_dicom_writer.writing.fault import faults_of
from napari_dicom_writer.writing.medium import digest
from napari_dicom_writer.writing.multiframe import MultiFrameWriter, refused_by_system

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.frames import Place
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
    from napari_dicom_writer.writing.read_back_frames import FramesVerifier

    Plane = tuple[tuple[int, ...], int]

_PATIENCE = 30.0  # seconds for workers to let go of a file


class Spot(NamedTuple):
    """Where a frame goes: number of its series, file name, first byte; its number, and its part of the plane."""

    series: int
    filename: str
    start: int
    at: int
    part: int | None


class Framed(NamedTuple):
    """A plane whose frames are at their places: their digests, if they are asked for, and a sample as of `Arrived`."""

    volume: int
    plane: Plane
    digests: tuple[bytes, ...]
    sample: int | None


def write_frames(
    scratch: str, verifiers: Sequence[FramesVerifier], spots: Sequence[Spot], values: NDArray[Any]
) -> tuple[bytes, ...]:
    """Write the frames of a plane, and read them back; runs in a worker.

    Parameters
    ----------
    scratch
        Where the files are.
    verifiers
        Of each series of the export.
    spots
        Which frames.
    values
        The layer's values of the plane.

    Returns
    -------
    tuple of bytes
        Digests of the frames, where they will be known again by them.

    Raises
    ------
    DestinationError
        If the system refuses to write, or the files are gone.
    VerificationError
        If a frame that is read back is not what the layer holds.
    """
    digests = []
    for spot in spots:
        verifier = verifiers[spot.series]
        frame = verifier.series.stored.encode_part(values, spot.part).reshape(-1).view(np.uint8)
        content = bytearray(frame.size)
        with refused_by_system(), _shared(f"{scratch}{os.sep}{spot.series}{os.sep}{spot.filename}") as descriptor:
            write_at(descriptor, frame.data, spot.start)
            if verifier.level.pixels:
                read_into(descriptor, content, spot.start)
        if verifier.level.pixels:
            with faults_of(verifier.series):
                verifier.compare(f"frame {spot.at + 1} of {spot.filename}", spot.part, content, values)
        if verifier.level is VerifyLevel.MEDIUM:
            digests.append(digest(content))
    return tuple(digests)


class InPlace:
    """Makes the files whose frames workers write, and ends them.

    Parameters
    ----------
    plan, folders, level
        As for `write_volumes`.
    scratch
        Folder that workers share.
    """

    def __init__(self, plan: ExportPlan, folders: Sequence[str], level: VerifyLevel, scratch: str) -> None:
        self._folders = folders
        self._writers: dict[int, MultiFrameWriter] = {}
        self._starts: dict[tuple[int, str], int] = {}
        self._expected: dict[tuple[int, Plane], list[Spot]] = {}
        locks = _knows_locks(scratch)
        for number, series in enumerate(plan.series):
            if locks and _has_places(series):
                folder = Path(scratch, str(number))
                folder.mkdir()
                self._writers[number] = writer = MultiFrameWriter(series, str(folder), level)
                self._starts |= {(number, name): start for name, start in writer.make_files().items()}

    @property
    def series(self) -> frozenset[int]:
        """Numbers of the series that are written so."""
        return frozenset(self._writers)

    def spots(self, plan: ExportPlan, volume: int, plane: Plane, places: Sequence[Place]) -> list[Spot]:
        """Say where the frames of a plane go."""
        spots = []
        for number, instance, at in places:
            if number in self._writers:
                start = self._starts[number, instance.filename] + at * plan.series[number].frame_bytes
                spots.append(Spot(number, instance.filename, start, at, instance.frames[at].part))
        if spots:
            self._expected[volume, plane] = spots
        return spots

    def add(self, framed: Framed) -> int:
        """Take note that the frames of a plane are there; return how many."""
        spots = self._expected.pop((framed.volume, framed.plane))
        for spot, known in zip(spots, framed.digests, strict=False):
            self._writers[spot.series].known_by(spot.filename, spot.at, known)
        return len(spots)

    def publish(self) -> None:
        """Bring the files to their names, out of the workers' reach.

        Raises
        ------
        PixelError
            If planes are missing.
        """
        check_all_read(self._expected)
        with refused_by_system():
            for number, writer in self._writers.items():
                writer.move_to(self._folders[number])

    def finish(self) -> int:
        """End the files, once nobody holds them; return the bytes of them all.

        Raises
        ------
        DestinationError
            If a worker that was given up does not let go of one.
        VerificationError
            As `MultiFrameWriter.finish`.
        """
        for number, filename in self._starts:
            _wait_until_free(Path(self._folders[number], filename))
        return sum(self._starts.values()) + sum(writer.finish() for writer in self._writers.values())

    def from_medium(self, tick: Callable[[], None]) -> bool:
        """Read all files again, once they are flushed; return whether they came from the medium."""
        proven = [writer.from_medium(tick) for writer in self._writers.values()]
        return all(proven)

    def close(self) -> None:
        """Let go of the files."""
        for writer in self._writers.values():
            writer.close()


def _has_places(series: SeriesPlan) -> bool:
    """Whether each frame has bytes of its own, known beforehand."""
    iod = IODS[series.iod]
    native = series.options.transfer_syntax is TransferSyntax.EXPLICIT_LE
    return iod.multiframe and not iod.contours and native and series.stored.bits >= 8


def _knows_locks(scratch: str) -> bool:
    """Whether files can be locked there."""
    probe = Path(scratch, "lock")
    probe.touch()
    try:
        with _shared(str(probe)):
            return True
    except (ImportError, OSError):
        return False


@contextmanager
def _shared(path: str) -> Iterator[int]:
    """Open a file that is there for writing, with others who do the same."""
    import fcntl  # not on Windows

    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.stat(path)  # noqa: PTH116 - between both steps it may have left, and be ended
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_until_free(path: Path) -> None:
    """Wait until nobody has a file open for writing but this process."""
    import fcntl

    deadline = time.monotonic() + _PATIENCE
    with path.open("r+b") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > deadline:
                    what = "A lost worker does not let go of the staged files"
                    raise DestinationError(what, "End it, and export again") from None
                time.sleep(0.05)
            else:
                return
