"""A multi-frame file, read back and compared with the plan and the layer.

pydicom parses the header without the per-frame groups, and the first item of these. Every other item must hold the
same bytes, but for what varies, which is compared with the plan where it stands; every pixel with what the layer held.
"""

from __future__ import annotations

import math
import os
import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import pydicom
from pydicom.datadict import dictionary_description, dictionary_VR, keyword_for_tag
from pydicom.filereader import read_dataset

from napari_dicom_writer.codecs import codec_of
from napari_dicom_writer.errors import ExportError, VerificationError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.modules.file_meta import file_meta, file_meta_of, pixel_data_tag, pixel_data_vr
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO
from napari_dicom_writer.options.choices import VerifyLevel
from napari_dicom_writer.standard.elements import ITEM, UNDEFINED, Encoding, read_element
from napari_dicom_writer.writing.fault import REMEDY
from napari_dicom_writer.writing.frame_files import FragmentFile
from napari_dicom_writer.writing.medium import digest
from napari_dicom_writer.writing.parsed import same_element
from napari_dicom_writer.writing.pixels import resembles, same_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import FileDataset

    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups, Path
    from napari_dicom_writer.plan.frames import InstancePlan, Place
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.segments import StoredLabels
    from napari_dicom_writer.writing.frame_files import FrameFile

_PER_FRAME = 0x52009230
_NUMBERS = {"US": "<u2", "UL": "<u4"}


class FramesVerifier:
    """Checks the frames of multi-frame instances as they are written, then their headers. Safe to share.

    Parameters
    ----------
    series
        The plan.
    level
        ``headers`` compares every element and no pixels; ``medium`` also keeps digests of the frames, by which they are
        known again.
    """

    def __init__(self, series: SeriesPlan, level: VerifyLevel) -> None:
        self._series, self._level = series, level
        self._iod = IODS[series.iod]
        self._codec = codec_of(series.options)
        self._known: dict[tuple[str, int], bytes] = {}

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
        if not self._level.pixels:
            return
        self._remember(place, content)
        series, part, where = self._series, place.frame.part, f"frame {place.at + 1}"
        if isinstance(content, bytearray) and same_bytes(series.stored, content, values):
            return
        shape = (series.rows, series.columns) + ((3,) if series.stored.samples == 3 else ())
        if self._codec:
            read = self._codec.decode(bytes(content), series.rows, series.columns, series.stored)
        else:
            read = np.frombuffer(content, series.stored.dtype).reshape(shape)
        if not series.stored.matches_part(read, values, part):
            self._fail(place.instance, f"{where} is not what the layer holds")
        if math.isinf(series.stored.largest_error) and not resembles(read, series.stored.encode_part(values, part)):
            self._fail(place.instance, f"{where} does not resemble its plane: choose less loss")

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
        if not self._level.pixels:
            return
        stored = cast("StoredLabels", self._series.stored)
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
            self._fail(places[0].instance, f"frames {frames} together are not what the layer holds")

    def _set_bits(self, at: int, content: bytes | bytearray) -> tuple[int, NDArray[np.uint8]]:
        """Return the first pixel of a part of a mask outside of which no bit is set, and its bits."""
        if self._series.frame_bits % 8:
            return 0, np.frombuffer(self._own(at, content), np.uint8)
        packed = np.frombuffer(content, np.uint8)
        there = np.flatnonzero(packed != 0)  # bools are looked through by words
        first, last = (int(there[0]), int(there[-1]) + 1) if len(there) else (0, 0)
        return 8 * first, np.unpackbits(packed[first:last], bitorder="little")

    def _remember(self, place: Place, content: bytes | bytearray) -> None:
        if self._level is VerifyLevel.MEDIUM:
            self._known[place.instance.filename, place.at] = digest(self._own(place.at, content))

    def _own(self, at: int, content: bytes | bytearray) -> bytes | bytearray:
        """What belongs to the frame alone: of masks, whose frames share bytes, a byte for each of its bits."""
        if self._codec or self._series.stored.bits > 1:
            return content
        bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
        first = at * self._series.frame_bits % 8
        return bits[first : first + self._series.frame_bits].tobytes()

    def again(self, instance: InstancePlan, file: FrameFile) -> None:
        """Know every frame again by its digest, and compare the header again, after the file was flushed."""
        for at in range(len(instance.frames)):
            if digest(self._own(at, file.read_frame(at))) != self._known[instance.filename, at]:
                self._fail(instance, f"frame {at + 1} is not on the medium what it was in memory")
        self.header(instance, file)

    def header(self, instance: InstancePlan, file: FrameFile) -> None:
        """Compare the header of one instance, per-frame groups and all, with the plan, and with what was written.

        Parameters
        ----------
        instance
            Which one.
        file
            It knows every byte of the header as written: a parser passes over some.

        Raises
        ------
        VerificationError
            Naming the first element that differs.
        """
        try:
            with open(file.path, "rb") as opened:  # noqa: PTH123 - strings are faster
                start = opened.read(len(file.head))
            dataset = pydicom.dcmread(BytesIO(start), stop_before_pixels=True)
            groups = self._iod.frame_groups(self._series, instance)
            raw = dataset.get_item(_PER_FRAME) if _PER_FRAME in dataset else None
            if (raw is None) != (groups is None):
                self._fail(instance, "the per-frame functional groups are missing, or were not planned")
            if raw is not None and groups is not None:
                self._check_items(bytes(raw.value), groups, instance)
                del dataset[_PER_FRAME]
            self._check_elements(dataset, instance)
            self._check_pixels(file, start, instance)
            if start != file.head:
                self._fail(instance, "its header is not the one that was written")
        except ExportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a damaged file makes the parser raise
            self._fail(instance, f"it cannot be read: {type(error).__name__}: {error}")

    def _check_elements(self, dataset: FileDataset, instance: InstancePlan) -> None:
        expected = self._iod.dataset(self._series, instance)
        said = {element.keyword: element.value for element in dataset.file_meta}
        said.pop("FileMetaInformationGroupLength", None)  # the parser went by it
        if said != file_meta(self._series, self._iod.sop_class(self._series)) | file_meta_of(instance):
            self._fail(instance, "the file meta information is not what the plan says")
        missing = [str(expected[tag].name) for tag in expected.keys() - dataset.keys()]
        if missing:
            self._fail(instance, f"{missing[0]} is missing")
        for element in dataset:
            if element.keyword in (LOSSY_RATIO, "ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
                continue  # known at the end only: the bytes are compared
            if element.tag not in expected or not same_element(element, expected[element.tag]):
                self._fail(instance, f"{element.name} is not what the plan says")

    def _check_items(self, content: bytes, groups: FrameGroups, instance: InstancePlan) -> None:
        frames = len(instance.frames)
        if not content or len(content) % frames:
            self._fail(instance, "the per-frame items have not one length")
        rows = np.frombuffer(content, np.uint8).reshape(frames, -1)
        first = rows[0].tobytes()
        if first[:8] != struct.pack("<HHL", ITEM >> 16, ITEM & 0xFFFF, len(first) - 8):
            self._fail(instance, "the per-frame items are not items of their length")
        if read_dataset(BytesIO(first[8:]), is_implicit_VR=False, is_little_endian=True) != groups.item(0):
            self._fail(instance, "the functional groups of frame 1 are not what the plan says")
        spans = dict(_spans(first, 8, len(first)))
        fixed = np.ones(rows.shape[1], bool)
        for path, values in groups.varying.items():
            start, length = spans[path]
            fixed[start : start + length] = False
            wrong = _differing(rows[:, start : start + length], path, values)
            if wrong is not None:
                name = dictionary_description(path[-1])
                self._fail(instance, f"{name} of frame {wrong + 1} is not what the plan says")
        different = np.flatnonzero((rows[:, fixed] != rows[0, fixed]).any(axis=1))
        if len(different):
            self._fail(instance, f"frame {different[0] + 1} has other functional groups than the first")

    def _check_pixels(self, file: FrameFile, start: bytes, instance: InstancePlan) -> None:
        """Tag, VR and length of the pixels must end the header, and as many bytes, or whole fragments, follow."""
        length = UNDEFINED if self._codec else self._series.pixel_bytes(instance)
        tag, vr = pixel_data_tag(self._series), pixel_data_vr(self._series).encode()
        size = os.path.getsize(file.path) - len(start)  # noqa: PTH202 - strings are faster
        if not start.endswith(struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, length)):
            self._fail(instance, "the pixels are missing, or have another length or VR than planned")
        if isinstance(file, FragmentFile):
            damaged = file.first_damaged()
            if damaged is not None:
                self._fail(instance, f"the fragment of frame {damaged + 1} is not what was written")
        elif size != length:
            self._fail(instance, f"{size:,} bytes follow the header instead of {length:,}")
        elif self._padding(file, instance):
            self._fail(instance, "its pixels are padded with other bits than zeros")

    def _padding(self, file: FrameFile, instance: InstancePlan) -> int:
        """Bits behind the last native frame, as a number."""
        end, used = divmod(len(instance.frames) * self._series.frame_bits, 8)
        with open(file.path, "rb") as opened:  # noqa: PTH123 - strings are faster
            opened.seek(len(file.head) + end)
            return int.from_bytes(opened.read(), "little") >> used

    def _fail(self, instance: InstancePlan, what: str) -> NoReturn:
        where = f"series {self._series.number}, instance {instance.number}"
        raise VerificationError(f"Read back, {what}", REMEDY, where)


def _spans(content: bytes, start: int, end: int, above: Path = ()) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Walk along the elements of an item, sequences included: path → (first byte of the value, length)."""
    stream = BytesIO(content)
    while start < end:
        stream.seek(start)
        tag, vr, length = read_element(stream, Encoding())
        value, path = stream.tell(), (*above, keyword_for_tag(tag))
        if vr == "SQ":
            yield from _spans(content, value + 8, value + length, path)  # behind the head of its one item
        else:
            yield path, (value, length)
        start = value + length


def _differing(column: NDArray[np.uint8], path: Path, values: Any) -> int | None:
    """Return the first frame whose value is not the planned one."""
    vr = dictionary_VR(path[-1])
    if vr in _NUMBERS:
        planned = np.array(values, _NUMBERS[vr]).reshape(len(values), -1)
        read = np.ascontiguousarray(column).view(_NUMBERS[vr])
        wrong = np.flatnonzero((read != planned).any(axis=1)) if read.shape == planned.shape else np.array([0])
    else:
        texts = [row.tobytes().decode("ascii").rstrip(" \0") for row in column]
        wrong = np.array([i for i, (text, value) in enumerate(zip(texts, values, strict=True)) if text != value])
    return int(wrong[0]) if len(wrong) else None
