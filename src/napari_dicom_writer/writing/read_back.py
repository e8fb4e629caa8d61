"""What was staged, read back and compared with the plan and the layer, as fast as it can be read.

The first file of a series is parsed by pydicom and compared with the plan element by element. The parse tells where
files differ from each other; of every further one all bytes before the pixels are then known, and one comparison looks
at each of them. The pixels are compared with the layer's own values, not with what the encoder was given: a fault in
quantizing would show.
"""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.modules.file_meta import file_meta_of
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO, compression_ratio
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.across import Seen, check_across
from napari_dicom_writer.writing.encapsulation import fragment
from napari_dicom_writer.writing.fault import Fault, faults_of, found_in
from napari_dicom_writer.writing.medium import digest, digest_again
from napari_dicom_writer.writing.parsed import check_parsed
from napari_dicom_writer.writing.pixels import check_frame, check_native, native_frame
from napari_dicom_writer.writing.staged import frame_buffer, read_into, release_buffer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.spans import Spans

    _Path = str | os.PathLike[str]


_READERS = 4  # so that the medium always has something to do


class SeriesVerifier:
    """Checks the instances of one series as they are written, then the series. Safe to share between threads.

    Parameters
    ----------
    series
        The plan.
    level
        ``headers`` compares every byte but the pixels; ``full`` compares these, too. ``medium`` also keeps digests, by
        which files are known again when they come from the medium.
    """

    def __init__(self, series: SeriesPlan, level: VerifyLevel) -> None:
        self._series = series
        self._pixels, self._digests = level.pixels, level is VerifyLevel.MEDIUM
        self._iod = IODS[series.iod]
        self._codec = codec_of(series.options)
        self._deflated = series.options.transfer_syntax is TransferSyntax.DEFLATED
        self._frame_bytes = series.frame_bytes
        self._pixel_bytes = self._frame_bytes + self._frame_bytes % 2
        self._spans: Spans | None = None
        self._seen: list[Seen] = []

    def instance(
        self,
        path: _Path,
        instance: InstancePlan,
        values: NDArray[Any],
        pieces: Sequence[bytes | memoryview] = (),
    ) -> Seen:
        """Read a single-frame instance back.

        Parameters
        ----------
        path
            The staged file.
        instance
            Its plan.
        values
            The layer's values of its frame's plane, as read: (rows, columns) or (rows, columns, samples).
        pieces
            What the encoder returned. Of native files nobody asks; of compressed ones, what no decoder looks at must
            have come to the disk, too.

        Returns
        -------
        Seen
            For `add`, where the series is finished in another process.

        Raises
        ------
        VerificationError
            Naming the instance and the first element or voxel that differs.
        """
        varying = self._iod.varying(self._series, instance) | file_meta_of(instance)
        with faults_of(self._series, instance):
            if self._codec or self._deflated:
                known = self._compressed(path, instance, varying, values, b"".join(pieces[1:]))
            else:
                known = self._native(path, instance, varying, values)
        # Every byte of the head was compared, so the file says what varies in these very words.
        positions, times = (varying.get("ImagePositionPatient") or "0\\0\\0",), (instance.frame.time_index,)
        seen = Seen(instance.filename, varying["SOPInstanceUID"], instance.number, positions, times, known)
        self.add(seen)
        return seen

    def _native(self, path: _Path, instance: InstancePlan, varying: Attributes, values: NDArray[Any]) -> bytes:
        """Check a file whose pixels are native; return its digest, if there is to be one."""
        if self._spans is None:
            self._parse(path, instance, varying)
        expected = self._spans.head(varying) if self._spans else b""
        head, tail = bytearray(len(expected)), bytearray(self._pixel_bytes - self._frame_bytes + 1)
        if self._pixels:
            pixels = frame_buffer(self._frame_bytes)
            size = read_into(path, (head, pixels, tail))
        else:
            size = read_into(path, (head, tail), gap=self._frame_bytes)
        # One byte of the tail is for what must not be there.
        if head != expected or size != len(head) + self._pixel_bytes or any(tail):
            self._parse(path, instance, varying)  # which has a name for it
            raise Fault("it ends in a byte that is not what it should be")
        if self._pixels:
            check_native(self._series, pixels, values)
        return digest(head, pixels, tail[:-1]) if self._digests else b""

    def _parse(self, path: _Path, instance: InstancePlan, varying: Attributes) -> None:
        content = Path(path).read_bytes()
        head = content[: max(0, len(content) - self._pixel_bytes)]
        self._spans = check_parsed(self._series, instance, content, head, varying)

    def _compressed(
        self, path: _Path, instance: InstancePlan, varying: Attributes, values: NDArray[Any], encoded: bytes
    ) -> bytes:
        """Check a file whose pixels, or all of whose data set is compressed; return its digest."""
        content = Path(path).read_bytes()
        head = content[: max(0, len(content) - len(encoded))]
        if not encoded or content[len(head) :] != encoded:
            raise Fault("what is compressed is not what was encoded")
        if self._deflated:
            plain = head + _inflate(encoded)
            head, pixels = plain[: -self._pixel_bytes], plain[-self._pixel_bytes :]
        else:
            pixels = fragment(encoded)
            if not self._series.options.transfer_syntax.lossless:
                varying |= {LOSSY_RATIO: compression_ratio(self._frame_bytes, len(pixels), self._series.lossy)}
        if self._spans is None or head != self._spans.head(varying):
            self._spans = check_parsed(self._series, instance, content, head, varying)
        if any(pixels[self._frame_bytes :]) and self._deflated:
            raise Fault("it ends in a byte that is not what it should be")
        if self._pixels:
            check_frame(self._series, self._decoded(pixels), values)
        return digest(content) if self._digests else b""

    def _decoded(self, pixels: bytes) -> NDArray[Any]:
        """Stored values of a frame; what a codec encoded is decoded by another library."""
        series = self._series
        if self._codec is None:
            return native_frame(series, memoryview(pixels))
        return self._codec.decode(pixels, series.rows, series.columns, series.stored)

    def add(self, seen: Seen) -> None:
        """Take an instance that was read back, here or in another process, into the checks across the series."""
        self._seen.append(seen)

    def finish(self) -> None:
        """Check the series as a whole, after its last instance.

        Raises
        ------
        VerificationError
            Repeated UIDs; positions that repeat, are unevenly spaced, or leave the normal; wrong order.
        """
        release_buffer()
        with faults_of(self._series):
            check_across(self._series, self._seen)

    def from_medium(self, folder: str, tick: Callable[[], None]) -> bool:
        """Read all files of the series again, once they are flushed, and know them by their digests.

        Parameters
        ----------
        folder
            Where they are.
        tick
            Called after each; may raise to stop.

        Returns
        -------
        bool
            Whether all of them came from the medium.

        Raises
        ------
        VerificationError
            If one holds something else there.
        """
        proven = True
        with ThreadPoolExecutor(_READERS) as pool:
            paths = [f"{folder}{os.sep}{seen.filename}" for seen in self._seen]
            for seen, (found, forgotten) in zip(self._seen, pool.map(digest_again, paths), strict=True):
                if found != seen.digest:
                    fault = Fault(f"{seen.filename} is not on the medium what it was in memory")
                    raise found_in(self._series, fault)
                proven = proven and forgotten
                tick()
        return proven


def _inflate(stream: bytes) -> bytes:
    """Inflate a data set; its stream ends with the file, but for a byte of padding."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    plain = inflater.decompress(stream)
    if not inflater.eof or inflater.unused_data not in (b"", b"\0"):
        raise Fault("its compressed data set does not end where the file does")
    return plain
