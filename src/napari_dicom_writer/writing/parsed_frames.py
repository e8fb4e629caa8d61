"""The header of a multi-frame file, parsed by pydicom and compared with the plan: element by element, byte by byte.

Of thousands of per-frame items pydicom parses the first. Every other one must hold the same bytes, but for what varies,
which is compared with the plan where it stands. Segments it parses only where they are not what a second encoder
makes of the plan, to name the element that differs.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.datadict import dictionary_description, dictionary_VR, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.filereader import read_dataset
from pydicom.tag import Tag

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.modules.file_meta import end_of_meta, file_meta_of
from napari_dicom_writer.iods.modules.functional_groups import holder
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO, compression_ratio
from napari_dicom_writer.standard.elements import NUMBERS, Encoding, item_head, read_element
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.deflate import deflate
from napari_dicom_writer.writing.expected_items import encode_items
from napari_dicom_writer.writing.fault import Fault
from napari_dicom_writer.writing.parsed import check_bytes, check_elements, expected_of, pixel_head, same_item
from napari_dicom_writer.writing.splice import encoded, pad_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups, Path
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.encapsulation import Fragment

    _Spans = Mapping[Path, tuple[int, int]]

_SEGMENTS = Tag("SegmentSequence")
_PER_FRAME = Tag("PerFrameFunctionalGroupsSequence")


def check_frames_header(
    series: SeriesPlan, instance: InstancePlan, head: bytes, table: bytes, fragments: Sequence[Fragment]
) -> None:
    """Compare all bytes before the pixels with the plan.

    Parameters
    ----------
    series, instance
        The plan.
    head
        The bytes.
    table, fragments
        Of compressed frames, as `read_fragments` found them: the file must say where they are, and how much smaller.

    Raises
    ------
    Fault
        Naming the first element that differs, or saying that a byte does which belongs to none.
    """
    if not head.endswith(pixel_head(series, instance)):
        raise Fault("the pixels are missing, or have another length or VR than planned")
    iod = IODS[series.iod]
    read = pydicom.dcmread(BytesIO(_with_its_syntax(series, head)), stop_before_pixels=True)
    ratio = _ratio(series, instance, fragments)
    varying = iod.varying(series, instance) | file_meta_of(instance) | ratio | _table(table, fragments)
    expected, groups = expected_of(series, instance, varying), iod.frame_groups(series, instance)
    items, ratio_bytes = _raw(read, _PER_FRAME), _raw(read, Tag(LOSSY_RATIO))
    if (items is None) != (groups is None):
        raise Fault("the per-frame functional groups are missing, or were not planned")
    if items is not None and groups is not None:
        check_frame_groups(items, groups, len(instance.frames))
        del read[_PER_FRAME]
    known = {} if items is None else {_PER_FRAME: items}
    segments = _raw(read, _SEGMENTS)
    if segments is not None and _SEGMENTS in expected and segments == encode_items(expected[_SEGMENTS].value):
        known = {_SEGMENTS: segments} | known
        del read[_SEGMENTS], expected[_SEGMENTS]
    check_elements(read, expected)
    if ratio and ratio_bytes is not None:  # padded, since it is known at the end only
        pad_text(expected[LOSSY_RATIO], str(ratio[LOSSY_RATIO]), len(ratio_bytes))
    # Each byte of the items is known by now: pydicom would parse all of them to write them again.
    check_bytes(series, instance, head, expected, known)


def _with_its_syntax(series: SeriesPlan, head: bytes) -> bytes:
    """Deflate what the file meta information says is: it was inflated, to know its bytes."""
    if series.options.transfer_syntax is not TransferSyntax.DEFLATED:
        return head
    end = end_of_meta(head)
    return head[:end] + deflate([head[end:]])


def _raw(read: Dataset, tag: BaseTag) -> bytes | None:
    """Return the bytes of an element's value, before anybody makes something of them; None where there is none."""
    element = read.get_item(tag) if tag in read else None
    return bytes(element.value) if isinstance(element, RawDataElement) and element.value is not None else None


def _ratio(series: SeriesPlan, instance: InstancePlan, fragments: Sequence[Fragment]) -> Attributes:
    """Return how much smaller lossy frames are."""
    if series.options.transfer_syntax.lossless:
        return {}
    native, encoded = len(instance.frames) * series.frame_bytes, sum(one.length for one in fragments)
    return {LOSSY_RATIO: compression_ratio(native, encoded, series.lossy)}


def _table(table: bytes, fragments: Sequence[Fragment]) -> Attributes:
    """Return the Extended Offset Table, which is there when the basic one is empty (PS3.3 C.7.6.3.1.8)."""
    if table or not fragments:
        return {}
    offsets, lengths = ([one[part] for one in fragments] for part in (0, 1))
    extended = {"ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}
    return {keyword: np.array(numbers, "<u8").tobytes() for keyword, numbers in extended.items()}


def check_frame_groups(content: bytes, groups: FrameGroups, frames: int) -> None:
    """Compare the items of the Per-frame Functional Groups Sequence with the plan, every byte of them.

    Raises
    ------
    Fault
        Naming frame and element.
    """
    if not content or len(content) % frames:
        raise Fault("the per-frame items have not one length")
    rows = np.frombuffer(content, np.uint8).reshape(frames, -1)
    first = rows[0].tobytes()
    head, item = first[:8], first[8:]
    if head != item_head(len(item)):
        raise Fault("the per-frame items are not items of their length")
    if not same_item(read_dataset(BytesIO(item), is_implicit_VR=False, is_little_endian=True), groups.item(0)):
        raise Fault("the functional groups of frame 1 are not what the plan says")
    spans = dict(_spans(first, 8, len(first)))
    if item != _as_pydicom_writes(groups, spans):
        raise Fault("a byte of the functional groups that belongs to no value is not what it should be")
    fixed = np.ones(rows.shape[1], bool)
    for path, values in groups.varying.items():
        start, length = spans[path]
        fixed[start : start + length] = False
        different = (rows[:, start : start + length] != _planned(path[-1], values, length)).any(axis=1)
        if different.any():
            name = dictionary_description(path[-1])
            raise Fault(f"{name} of frame {np.argmax(different) + 1} is not what the plan says")
    different = (rows[:, fixed] != rows[0, fixed]).any(axis=1)
    if different.any():
        raise Fault(f"frame {np.argmax(different) + 1} has other functional groups than the first")


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


def _as_pydicom_writes(groups: FrameGroups, spans: _Spans) -> bytes:
    """Let pydicom write the first item, its varying texts as long as they stand in the file."""
    item = groups.item(0)
    for path, values in groups.varying.items():
        if dictionary_VR(path[-1]) not in NUMBERS:
            pad_text(holder(item, path)[path[-1]], str(values[0]), spans[path][1])
    return encoded(item, "utf8")


def _planned(keyword: str, values: Sequence[Any], length: int) -> NDArray[np.uint8]:
    """Values of one element in all frames as they must stand in the file: (frames, length)."""
    vr = dictionary_VR(keyword)
    if vr in NUMBERS:
        raw = [np.array(value, NUMBERS[vr]).tobytes() for value in values]
    else:
        padding = b"\0" if vr == "UI" else b" "
        raw = [value.encode("ascii").ljust(length, padding) for value in values]
    if {len(value) for value in raw} != {length}:
        raise Fault(f"{dictionary_description(keyword)} has not the length that the plan says")
    return np.frombuffer(b"".join(raw), np.uint8).reshape(len(values), length)
