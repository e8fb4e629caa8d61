"""A structure set read back, contour by contour, and compared with the plan and with every contour that was traced."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING

from pydicom.filereader import read_dataset, read_partial

from napari_dicom_writer.standard.elements import ITEM
from napari_dicom_writer.writing.fault import Fault
from napari_dicom_writer.writing.parsed import check_elements, expected_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from pydicom.dataset import Dataset

    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.contour_spool import Contour

_ROI_CONTOURS, _CONTOURS, _DATA = 0x30060039, 0x30060040, 0x30060050
_HEAD = struct.Struct("<HHL")


def check_structure_set(
    series: SeriesPlan, instance: InstancePlan, path: str, rois: Mapping[int, Sequence[Contour]]
) -> None:
    """Compare a file with the plan.

    Parameters
    ----------
    series, instance
        The plan.
    path
        The file.
    rois
        What was traced, by ROI Number.

    Raises
    ------
    Fault
        Naming what differs.
    """
    colors = {segment.number: list(segment.color) for segment in series.segments}
    with open(path, "rb") as file:  # noqa: PTH123 - strings are faster
        read = read_partial(file, stop_when=lambda tag, *_: tag >= _ROI_CONTOURS)
        end = _entered(file, _ROI_CONTOURS)
        for number, contours in rois.items():
            _check_roi(file, number, colors[number], contours)
        if file.tell() != end:
            raise Fault("it has other regions than the plan")
        read.update(_elements(file))
    check_elements(read, expected_of(series, instance, {}))


def _check_roi(file: BinaryIO, number: int, color: list[int], contours: Sequence[Contour]) -> None:
    end = _entered(file, ITEM)
    item = _elements(file, end, until=_CONTOURS)
    if contours:
        end_of_contours = _entered(file, _CONTOURS)
        for contour in contours:
            length = _entered(file, ITEM) - file.tell()
            if not _is_same(_elements(BytesIO(file.read(length))), contour):
                raise Fault(f"a contour of region {number} is not what was traced")
        if file.tell() != end_of_contours:
            raise Fault(f"region {number} has other contours than were traced")
    item.update(_elements(file, end))
    if int(item.ReferencedROINumber) != number or list(item.ROIDisplayColor) != color:
        raise Fault("its regions, or their colors, are not those of the plan")


def _entered(file: BinaryIO, tag: int) -> int:
    """Pass the head of an element or item; return where it ends."""
    group, element, length = _HEAD.unpack(file.read(_HEAD.size))
    if (group << 16 | element) != tag:
        raise Fault(f"({group:04x},{element:04x}) is where ({tag >> 16:04x},{tag & 0xFFFF:04x}) should be")
    return file.tell() + int(length)


def _elements(file: BinaryIO, end: int | None = None, until: int | None = None) -> Dataset:
    """Let pydicom read elements, little endian with implicit VRs."""
    length = None if end is None else end - file.tell()
    stop = None if until is None else lambda tag, *_: tag == until
    return read_dataset(file, is_implicit_VR=True, is_little_endian=True, bytelength=length, stop_when=stop)


def _is_same(item: Dataset, contour: Contour) -> bool:
    images = item.get("ContourImageSequence") or []
    named = [(image.ReferencedSOPInstanceUID, int(image.get("ReferencedFrameNumber") or 0)) for image in images]
    return (
        contour.has(item.get_item(_DATA).value)
        and (item.ContourGeometricType, int(item.NumberOfContourPoints)) == (contour.kind, contour.points)
        and named == ([contour.image] if contour.image else [])
    )
