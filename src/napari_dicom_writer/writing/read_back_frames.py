"""Multi-frame files read back: frames compared with the layer as they are written, headers with the plan at the end."""

from __future__ import annotations

import math
import os
import zlib
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.writing.encapsulation import read_fragments
from napari_dicom_writer.writing.fault import Fault, faults_of, found_in
from napari_dicom_writer.writing.medium import digest
from napari_dicom_writer.writing.parsed_frames import check_frames_header
from napari_dicom_writer.writing.pixels import resembles, same_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import BinaryIO

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.segments import StoredLabels
    from napari_dicom_writer.writing.encapsulation import Fragment
    from napari_dicom_writer.writing.frame_files import FrameFile


class FramesVerifier:
    """Checks the frames of multi-frame instances as they are written, then their headers. Safe to share.

    Parameters
    ----------
    series
        The plan.
    level
        ``headers`` compares every element and no pixels; ``medium`` also keeps digests of the frames, by which they are
        known again.

    Attributes
    ----------
    series : SeriesPlan
    level : VerifyLevel
    """

    def __init__(self, series: SeriesPlan, level: VerifyLevel) -> None:
        self.series, self.level = series, level
        self._codec = codec_of(series.options)
        self._known: dict[tuple[str, int], bytes] = {}
        self._checksums: dict[tuple[str, int], int] = {}  # of codestreams, which may move until the end

    def frame(self, place: Place, content: bytes | bytearray, values: NDArray[Any]) -> None:
        """Compare one frame with what the layer holds.

        Parameters
        ----------
        place
            Which frame.
        content
            Its bytes, as read.
        values
            The layer's values of its plane.
        """
        if self._codec:
            self._checksums[place.instance.filename, place.at] = zlib.crc32(content + b"\0" * (len(content) % 2))
        if self.level.pixels:
            self._remember(place, content)
            with faults_of(self.series, place.instance):
                self.compare(f"frame {place.at + 1}", place.frame.part, content, values)

    def compare(self, where: str, part: int | None, content: bytes | bytearray, values: NDArray[Any]) -> None:
        """Compare one frame, its part of a plane, with what the layer holds; `where` is what a `Fault` calls it."""
        series = self.series
        if isinstance(content, bytearray) and same_bytes(series.stored, content, values):
            return
        shape = (series.rows, series.columns) + ((3,) if series.stored.samples == 3 else ())
        if self._codec:
            read = self._codec.decode(bytes(content), series.rows, series.columns, series.stored)
        else:
            read = np.frombuffer(content, series.stored.dtype).reshape(shape)
        if not series.stored.matches_part(read, values, part):
            raise Fault(f"{where} is not what the layer holds")
        if math.isinf(series.stored.largest_error) and not resembles(read, series.stored.encode_part(values, part)):
            raise Fault(f"{where} does not resemble its plane: choose less loss")

    def masks(self, places: Sequence[Place], read: Callable[[Place], bytes | bytearray], values: NDArray[Any]) -> None:
        """Compare all masks of one plane with its labels: put together they are the plane, and none overlap.

        So a mask that is missing shows, too.

        Parameters
        ----------
        places
            Which frames.
        read
            Returns the bytes of one.
        values
            The layer's labels of the plane.
        """
        if not self.level.pixels:
            return
        stored = cast("StoredLabels", self.series.stored)
        labels = np.zeros(values.size, values.dtype if values.dtype.kind in "iu" else np.int64)
        count: int = 0
        for place in places:
            content = read(place)
            self._remember(place, content)
            first, mask = self._set_bits(place.at, content)
            labels[first : first + len(mask)] += mask * labels.dtype.type(stored.label(place.frame.part))
            count += int(np.count_nonzero(mask))
        if not np.array_equal(labels.reshape(values.shape), values) or count != np.count_nonzero(labels):
            frames = ", ".join(str(place.at + 1) for place in places)
            fault = Fault(f"frames {frames} together are not what the layer holds")
            raise found_in(self.series, fault, places[0].instance)

    def _set_bits(self, at: int, content: bytes | bytearray) -> tuple[int, NDArray[np.uint8]]:
        """Return the first pixel of a part of a mask outside of which no bit is set, and its bits."""
        if self.series.frame_bits % 8:
            return 0, np.frombuffer(self._own(at, content), np.uint8)
        packed = np.frombuffer(content, np.uint8)
        there = np.flatnonzero(packed != 0)  # bools are looked through by words
        first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)
        return 8 * first, np.unpackbits(packed[first:last], bitorder="little")

    def known_by(self, filename: str, at: int, known: bytes) -> None:
        """Take the digest of a frame that somebody else has read back."""
        self._known[filename, at] = known

    def _remember(self, place: Place, content: bytes | bytearray) -> None:
        if self.level is VerifyLevel.MEDIUM:
            self._known[place.instance.filename, place.at] = digest(self._own(place.at, content))

    def _own(self, at: int, content: bytes | bytearray) -> bytes | bytearray:
        """What belongs to the frame alone: of masks, whose frames share bytes, a byte for each of its bits."""
        if self._codec or self.series.stored.bits > 1:
            return content
        bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
        first = at * self.series.frame_bits % 8
        return bits[first : first + self.series.frame_bits].tobytes()

    def again(self, instance: InstancePlan, file: FrameFile) -> None:
        """Know every frame again by its digest, and compare the header again, after the file was flushed."""
        with faults_of(self.series, instance):
            for at in range(len(instance.frames)):
                if digest(self._own(at, file.read_frame(at))) != self._known[instance.filename, at]:
                    raise Fault(f"frame {at + 1} is not on the medium what it was in memory")
        self.header(instance, file)

    def header(self, instance: InstancePlan, file: FrameFile) -> None:
        """Compare all of one file but its frames with the plan: what is before, between and behind them.

        Parameters
        ----------
        instance
            Which one.
        file
            Says where it is, and how long its header should be.

        Raises
        ------
        VerificationError
            Naming the first element that differs.
        """
        with faults_of(self.series, instance), file.opened() as opened:
            file.check()
            head = opened.read(len(file.head))
            table, fragments = read_fragments(opened) if self._codec else (b"", [])
            check_frames_header(self.series, instance, head, table, fragments)
            if self._codec:
                self._check_fragments(instance, table, fragments)
            else:
                self._check_length(instance, opened)

    def _check_fragments(self, instance: InstancePlan, table: bytes, fragments: Sequence[Fragment]) -> None:
        """Every frame must be a fragment, in their order, and the table must say where."""
        for at in range(len(instance.frames)):
            if at >= len(fragments) or fragments[at].checksum != self._checksums[instance.filename, at]:
                raise Fault(f"the fragment of frame {at + 1} is not what was written")
        if len(fragments) > len(instance.frames):
            raise Fault("there are more fragments than frames")
        if table and table != np.array([one.offset for one in fragments], "<u4").tobytes():
            raise Fault("the table of offsets does not say where fragments are")

    def _check_length(self, instance: InstancePlan, opened: BinaryIO) -> None:
        """As many bytes as planned must follow the header; the last bits of them, behind the last frame, are zeros."""
        start, length = opened.tell(), self.series.pixel_bytes(instance)
        size = os.fstat(opened.fileno()).st_size - start
        if size != length:
            raise Fault(f"{size:,} bytes follow the header instead of {length:,}")
        end, used = divmod(len(instance.frames) * self.series.frame_bits, 8)
        opened.seek(start + end)
        if int.from_bytes(opened.read(), "little") >> used:
            raise Fault("its pixels are padded with other bits than zeros")
