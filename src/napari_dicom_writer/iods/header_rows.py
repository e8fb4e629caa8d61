"""The complete header of an instance as a table, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info

from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods._base import compose
from napari_dicom_writer.iods.modules.file_meta import file_meta, file_meta_of, pixel_data_vr
from napari_dicom_writer.iods.modules.image import LOSSY_RATIO
from napari_dicom_writer.standard import text
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan

LATER = "known after encoding"
"""Value of the one attribute that depends on the encoded pixels: Lossy Image Compression Ratio."""


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One element of a header, or the head of an item of a sequence.

    Attributes
    ----------
    tag : str
        Such as ``(0010,0010)``.
    name, keyword, vr : str
        As PS3.6 has them; an item has a name only, such as ``Item 1``.
    value : str
        In plain text: several values with backslashes between, bytes as hexadecimal numbers. A sequence says how many
        items it has, Pixel Data what it holds.
    depth : int
        0 for the elements of the data set; the items of a sequence are one deeper than it, and their elements two.

    Examples
    --------
    >>> HeaderRow("(0010,0010)", "Patient's Name", "PatientName", "PN", "Anonymous^").depth
    0
    """

    tag: str
    name: str
    keyword: str
    vr: str
    value: str
    depth: int = 0


def header_rows(series: SeriesPlan, instance: InstancePlan | None = None) -> list[HeaderRow]:
    """List every element that will be written, file meta information and Pixel Data included.

    Parameters
    ----------
    series
        The plan.
    instance
        One of its instances; the first, if None.

    Returns
    -------
    list of HeaderRow
        In the order of the file.
    """
    instance = instance or series.instances[0]
    dataset = IODS[series.iod].dataset(series, instance)
    if not series.options.transfer_syntax.lossless:
        setattr(dataset, LOSSY_RATIO, "")
    pixels = [_pixel_row(series, instance)] if series.stored.bits else []
    return [*_rows(_meta(series, instance)), *_rows(dataset), *pixels]


def _meta(series: SeriesPlan, instance: InstancePlan) -> FileMetaDataset:
    """File meta information (PS3.10 7.1) with the length of its group."""
    meta = FileMetaDataset()
    meta.update(compose(file_meta(series, IODS[series.iod].sop_class(series)), file_meta_of(instance)))
    write_file_meta_info(DicomBytesIO(), meta)  # fills in the length
    return meta


def _rows(dataset: Dataset, depth: int = 0) -> Iterator[HeaderRow]:
    for element in dataset:
        yield _row(element, depth)
        if element.VR == "SQ":
            for number, item in enumerate(element.value, 1):
                yield HeaderRow("(FFFE,E000)", f"Item {number}", "", "", "", depth + 1)
                yield from _rows(item, depth + 2)


def _row(element: DataElement, depth: int) -> HeaderRow:
    return HeaderRow(text.tag(element.tag), element.name, element.keyword, element.VR, _text(element), depth)


def _text(element: DataElement) -> str:
    value = element.value
    if element.VR == "SQ":
        return "1 item" if len(value) == 1 else f"{len(value)} items"
    if element.keyword == LOSSY_RATIO:
        return LATER
    if element.is_empty:
        return ""
    if isinstance(value, bytes):
        return value.hex(" ")
    return "\\".join(map(str, value)) if element.VM > 1 else str(value)


def _pixel_row(series: SeriesPlan, instance: InstancePlan) -> HeaderRow:
    """Say how large Pixel Data is, and how it is encoded."""
    stored, syntax = series.stored, series.options.transfer_syntax
    kind = "RGB" if stored.samples == 3 else "signed" if stored.signed else "unsigned"
    size = len(instance.frames) * series.frame_bytes
    parts = [f"{size:,} bytes", f"{series.rows} × {series.columns}", f"{stored.bits}-bit {kind}"]
    if syntax is not TransferSyntax.EXPLICIT_LE:
        parts[0] = f"at most {parts[0]}"
        parts.append(syntax.uid.name)
    elif size % 2:
        parts[0] += " and one of padding"
    return HeaderRow("(7FE0,0010)", "Pixel Data", "PixelData", pixel_data_vr(series), ", ".join(parts))
