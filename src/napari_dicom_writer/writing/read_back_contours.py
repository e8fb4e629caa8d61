"""A structure set read back, contour by contour, and compared with the plan and with every contour that was traced."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_partial

from napari_dicom_writer.standard.elements import ITEM, BrokenError, Encoding, read_element
from napari_dicom_writer.writing.fault import Fault
from napari_dicom_writer.writing.parsed import check_elements, expected_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.contour_spool import Contour

_ROI_CONTOURS, _CONTOURS, _DATA = 0x30060039, 0x30060040, 0x30060050


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
        elements = _Elements(file, Encoding(implicit=series.encoding.is_implicit_VR))
        end = elements.entered(_ROI_CONTOURS)
        for number, contours in rois.items():
            _check_roi(elements, number, colors[number], contours)
        if file.tell() != end:
            raise Fault("it has other regions than the plan")
        read.update(elements.read())
    check_elements(read, expected_of(series, instance, {}))


def _check_roi(elements: _Elements, number: int, color: list[int], contours: Sequence[Contour]) -> None:
    end = elements.entered(ITEM)
    item = elements.read(end, until=_CONTOURS)
    if contours:
        end_of_contours = elements.entered(_CONTOURS)
        for contour in contours:
            if not _is_same(elements.item(), contour):
                raise Fault(f"a contour of region {number} is not what was traced")
        if elements.file.tell() != end_of_contours:
            raise Fault(f"region {number} has other contours than were traced")
    item.update(elements.read(end))
    if int(item.ReferencedROINumber) != number or list(item.ROIDisplayColor) != color:
        raise Fault("its regions, or their colors, are not those of the plan")


class _Elements(NamedTuple):
    """A file read piece by piece."""

    file: BinaryIO
    encoding: Encoding

    def entered(self, tag: int) -> int:
        """Pass the head of an element or item; return where it ends."""
        try:
            found, _, length = read_element(self.file, self.encoding)
        except BrokenError as error:
            raise Fault(str(error)) from None
        if found != tag:
            there, wanted = (f"({each >> 16:04x},{each & 0xFFFF:04x})" for each in (found, tag))
            raise Fault(f"{there} is where {wanted} should be")
        return self.file.tell() + length

    def item(self) -> Dataset:
        """Read an item as a whole."""
        length = self.entered(ITEM) - self.file.tell()
        return self._parsed(BytesIO(self.file.read(length)))

    def read(self, end: int | None = None, until: int | None = None) -> Dataset:
        """Read elements up to a place, a tag, or the end."""
        length = None if end is None else end - self.file.tell()
        if length == 0:  # of an item that ends here, pydicom would take the next one's head for elements
            return Dataset()
        return self._parsed(self.file, length, None if until is None else lambda tag, *_: tag == until)

    def _parsed(self, file: BinaryIO, length: int | None = None, stop: Callable[..., bool] | None = None) -> Dataset:
        """Let pydicom read elements, little endian."""
        implicit = self.encoding.implicit
        return read_dataset(file, is_implicit_VR=implicit, is_little_endian=True, bytelength=length, stop_when=stop)


def _is_same(item: Dataset, contour: Contour) -> bool:
    images = item.get("ContourImageSequence") or []
    named = [(image.ReferencedSOPInstanceUID, int(image.get("ReferencedFrameNumber") or 0)) for image in images]
    return (
        contour.has(item.get_item(_DATA).value)
        and (item.ContourGeometricType, int(item.NumberOfContourPoints)) == (contour.kind, contour.points)
        and named == ([contour.image] if contour.image else [])
    )
