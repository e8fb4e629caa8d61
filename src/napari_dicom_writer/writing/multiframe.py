"""A multi-frame series: the header first, then frames at their places, in whatever order they are read.

Nothing is gathered in memory: an instance is never held, and a frame not twice.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.iods.modules.image import compression_ratio
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.plan.segments import StoredLabels, check_known
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.deflated_file import DeflatedFile
from napari_dicom_writer.writing.fault import writing_failed
from napari_dicom_writer.writing.frame_files import FragmentFile, FrameFile, NativeFile, needs_extended
from napari_dicom_writer.writing.masks import PlaneMasks
from napari_dicom_writer.writing.read_back_frames import FramesVerifier
from napari_dicom_writer.writing.series_writer import SeriesWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan


class MultiFrameWriter(SeriesWriter):
    """Writes each frame to its place in an open file; see `SeriesWriter`."""

    def __init__(self, series: SeriesPlan, folder: str, level: VerifyLevel) -> None:
        super().__init__(series, folder, level)
        self._codec = codec_of(series.options)
        self._open: dict[str, FrameFile] = {}
        self._lock = threading.Lock()
        self._verifier = None if level is VerifyLevel.OFF else FramesVerifier(series, level)

    def write(self, places: Sequence[Place], values: NDArray[Any]) -> int:
        """Write the frames of a plane and read them back; see `SeriesWriter.write`."""
        with refused_by_system():
            if isinstance(self._series.stored, StoredLabels) and self._series.stored.masks:
                size = self._write_masks(places, PlaneMasks(values), self._series.stored)
                if self._verifier:
                    self._verifier.masks(places, self._read, values)
                return size
            size = 0
            for place in places:
                stored: Any = self._series.stored.encode_part(values, place.frame.part)
                if self._codec:
                    stored = self._codec.encode(stored)
                file, head = self._file(place.instance)
                size += head + file.write_frame(place.at, stored)
                if self._verifier:
                    self._verifier.frame(place, self._read(place), values)
        return size

    def _write_masks(self, places: Sequence[Place], masks: PlaneMasks, stored: StoredLabels) -> int:
        check_known(masks.labels, {stored.label(place.frame.part) for place in places})
        size = 0
        for place in places:
            file, head = self._file(place.instance)
            assert isinstance(file, NativeFile)  # noqa: S101 - no codec takes single bits
            size += head + file.write_mask(place.at, *masks.mask(stored.label(place.frame.part)))
        return size

    def _read(self, place: Place) -> bytes | bytearray:
        return self._open[place.instance.filename].read_frame(place.at)

    def _file(self, instance: InstancePlan) -> tuple[FrameFile, int]:
        """Open an instance's file; the first time, return how long its head is, too."""
        with self._lock:
            if instance.filename in self._open:
                return self._open[instance.filename], 0
            path, pixels = self.path_of(instance), self._series.pixel_bytes(instance)
            head = self._encoder.encode_start(instance)
            if self._codec:
                extended = needs_extended(pixels)
                file: FrameFile = FragmentFile(path, head, len(instance.frames), extended=extended)
            else:
                deflate = self._series.options.transfer_syntax is TransferSyntax.DEFLATED
                file = (DeflatedFile if deflate else NativeFile)(path, head, pixels, self._series.frame_bits)
            with ExitStack() as undone:
                undone.callback(file.close)
                file.begin()
                undone.pop_all()
            self._open[instance.filename] = file
            return file, len(head)

    def make_files(self) -> dict[str, int]:
        """Make all files, for others to write their frames: of each its name, and where the first frame begins."""
        with refused_by_system():
            return {instance.filename: self._file(instance)[1] for instance in self._series.instances}

    def known_by(self, filename: str, at: int, known: bytes) -> None:
        """Take the digest of a frame that others have written and read back."""
        if self._verifier:
            self._verifier.known_by(filename, at, known)

    def move_to(self, folder: str) -> None:
        """Bring all files to another folder of the same file system."""
        self._folder = folder
        for instance in self._series.instances:
            self._open[instance.filename].move(self.path_of(instance))

    def finish(self) -> int:
        """End the files, and read their headers back."""
        rest = 0
        for instance in self._series.instances:
            file = self._open[instance.filename]
            with refused_by_system():
                rest += file.finish()
                if isinstance(file, FragmentFile) and not self._series.options.transfer_syntax.lossless:
                    native = len(instance.frames) * self._series.frame_bytes
                    file.rewrite(self._encoder.encode_start(instance, compression_ratio(native, file.codestreams)))
            if self._verifier:
                self._verifier.header(instance, file)
        if self._level is not VerifyLevel.MEDIUM:
            self.close()
        return rest

    def from_medium(self, tick: Callable[[], None]) -> bool:
        """Read all frames and headers again."""
        if self._verifier is None:
            return False
        proven = True
        for instance in self._series.instances:
            file = self._open[instance.filename]
            with refused_by_system():
                proven = file.forget() and proven
            self._verifier.again(instance, file)
            tick()
        return proven

    def close(self) -> None:
        """Let go of the files."""
        with refused_by_system(), ExitStack() as every:
            for file in self._open.values():
                every.callback(file.close)


@contextmanager
def refused_by_system() -> Iterator[None]:
    """Say in our words what the system refuses."""
    try:
        yield
    except OSError as error:
        raise writing_failed(error) from error
