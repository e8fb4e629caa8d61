"""A file parsed by pydicom and compared with the plan: element by element, then byte by byte."""

from __future__ import annotations

import struct
from io import BytesIO
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.tag import Tag

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods._base import compose
from napari_dicom_writer.iods.modules.file_meta import (
    PIXEL_DATA,
    PREAMBLE,
    end_of_meta,
    file_meta,
    file_meta_of,
    pixel_data_tag,
    pixel_data_vr,
)
from napari_dicom_writer.standard.elements import UNDEFINED
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax
from napari_dicom_writer.writing.fault import Fault
from napari_dicom_writer.writing.spans import GROUP_LENGTH, META_UID, find_spans

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydicom.dataelem import DataElement
    from pydicom.dataset import FileDataset
    from pydicom.tag import BaseTag

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.spans import Spans


def check_parsed(series: SeriesPlan, instance: InstancePlan, content: bytes, head: bytes, varying: Attributes) -> Spans:
    """Compare a file with the plan, all but what is in its pixels.

    Parameters
    ----------
    series, instance
        The plan.
    content
        The file.
    head
        All of it before the pixels, inflated where it is deflated.
    varying
        What varies, and what the file must say there.

    Returns
    -------
    Spans
        Where the parser found what varies.

    Raises
    ------
    Fault
        Naming the first element that differs, or saying that a byte does which belongs to none.
    """
    dataset = pydicom.dcmread(BytesIO(content))
    pixels = dataset.get_item(PIXEL_DATA)
    if pixels is None or not _is_framed(series, instance, pixels):
        raise Fault("Pixel Data is missing, or has another length or VR than planned")
    deflated = series.options.transfer_syntax is TransferSyntax.DEFLATED
    offset = end_of_meta(content) if deflated else 0
    if offset + _value_at(pixels) != len(head):
        raise Fault("Pixel Data is not where it should be")
    found = {keyword: dataset.get_item(keyword) for keyword in varying}
    values = {keyword: offset + _value_at(element) for keyword, element in found.items() if element is not None}
    values |= {keyword: _value_at(dataset.file_meta[keyword]) for keyword in (GROUP_LENGTH, META_UID)}
    expected = expected_of(series, instance, varying)
    check_elements(dataset, expected)
    check_bytes(series, instance, head, expected)
    return find_spans(head, values)


def expected_of(series: SeriesPlan, instance: InstancePlan, varying: Attributes) -> Dataset:
    """Everything but Pixel Data that the file must say; file meta information is in `file_meta`."""
    iod = IODS[series.iod]
    meta = file_meta(series, iod.sop_class(series)) | file_meta_of(instance)
    dataset = iod.dataset(series, instance)
    for keyword, value in varying.items():
        if keyword not in dataset and keyword not in meta:
            setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.update(compose(meta))
    return dataset


def check_elements(read: FileDataset, expected: Dataset) -> None:
    """Compare data set and file meta information, all that pydicom read of them."""
    said = {element.keyword: element.value for element in read.file_meta}
    said.pop(GROUP_LENGTH, None)  # the parser went by it
    if said != {element.keyword: element.value for element in expected.file_meta}:
        raise Fault("the file meta information is not what the plan says")
    if missing := [str(expected[tag].name) for tag in expected.keys() - read.keys()]:
        raise Fault(f"{missing[0]} is missing")
    for element in read:
        if element.tag == PIXEL_DATA:
            continue
        if element.tag not in expected or not same_element(element, expected[element.tag]):
            raise Fault(f"{element.name} is not what the plan says")


def same_element(read: DataElement, expected: DataElement) -> bool:
    """Whether two elements say the same; pydicom reads an empty one as None, text or a list, by its VR."""
    if read.VR != expected.VR:
        return False
    if read.VR == "SQ" and not read.is_empty and not expected.is_empty:
        items = list(zip(read.value, expected.value, strict=False))
        return len(read.value) == len(expected.value) and all(same_item(*pair) for pair in items)
    one, other = _plain(read.value), _plain(expected.value)
    nan = one != one and other != other
    return nan or bool(read.is_empty and expected.is_empty) or one == other


def same_item(read: Dataset, expected: Dataset) -> bool:
    """Whether two items of sequences say the same."""
    return read.keys() == expected.keys() and all(same_element(read[one.tag], one) for one in expected)


def _plain(value: Any) -> Any:
    """Return numbers as numbers: pydicom gives arrays where `pydicom.config.DS_numpy` is set."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _value_at(element: DataElement | RawDataElement) -> int:
    """Where a value begins, in what the parser was given."""
    return element.value_tell if isinstance(element, RawDataElement) else int(element.file_tell or 0)


def _is_framed(series: SeriesPlan, instance: InstancePlan, pixels: Any) -> bool:
    """Whether Pixel Data has the planned VR and length; fragments are looked at with what was encoded."""
    if pixel_data_vr(series) != pixels.VR:
        return False
    if series.options.transfer_syntax.encapsulated:
        return bool(pixels.length == UNDEFINED)
    # The parser takes a value that breaks off for a short one: its length must be what the file says, too.
    return bool(pixels.length == len(pixels.value or b"") == series.pixel_bytes(instance))


def check_bytes(
    series: SeriesPlan,
    instance: InstancePlan,
    head: bytes,
    expected: Dataset,
    sequences: Mapping[BaseTag, bytes] = MappingProxyType({}),
) -> None:
    """Compare all bytes before the pixels with those that pydicom writes: a parser passes over some.

    Of `sequences`, which `expected` is without, the items are known already.
    """
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    buffer.write(PREAMBLE)
    write_file_meta_info(buffer, expected.file_meta)
    done = Tag(0)
    for tag, items in sequences.items():
        write_dataset(buffer, expected[done:tag], "utf8")
        buffer.write(struct.pack("<HH2sHL", tag.group, tag.element, b"SQ", 0, len(items)) + items)
        done = tag
    write_dataset(buffer, expected[done:], "utf8")
    buffer.write(pixel_head(series, instance))
    if head != buffer.getvalue():
        raise Fault("a byte that belongs to no value is not what it should be")


def pixel_head(series: SeriesPlan, instance: InstancePlan) -> bytes:
    """Encode what must stand before the value of the pixels: tag, VR and length (PS3.5 7.1.2)."""
    length = UNDEFINED if series.options.transfer_syntax.encapsulated else series.pixel_bytes(instance)
    tag, vr = pixel_data_tag(series), pixel_data_vr(series).encode()
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, length)
