"""A structure set as pydicom reads it, compared with the plan and with every contour that was traced."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pydicom

from napari_dicom_writer.writing.fault import Fault
from napari_dicom_writer.writing.parsed import check_elements, expected_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom.dataset import Dataset

    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.writing.roi_contours import Contour

_DATA = 0x30060050


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
    read = pydicom.dcmread(path)
    sequence = read.get("ROIContourSequence") or []
    del read.ROIContourSequence
    check_elements(read, expected_of(series, instance, {}))
    colors = {segment.number: list(segment.color) for segment in series.segments}
    numbers = [int(item.ReferencedROINumber) for item in sequence]
    if numbers != list(rois) or [list(item.ROIDisplayColor) for item in sequence] != [colors[n] for n in numbers]:
        raise Fault("its regions, or their colors, are not those of the plan")
    for item, contours in zip(sequence, rois.values(), strict=True):
        found = item.get("ContourSequence") or []
        if len(found) != len(contours) or not all(map(_is_same, found, contours)):
            raise Fault(f"a contour of region {item.ReferencedROINumber} is not what was traced")


def _is_same(item: Dataset, contour: Contour) -> bool:
    images = item.get("ContourImageSequence") or []
    named = [(image.ReferencedSOPInstanceUID, int(image.get("ReferencedFrameNumber") or 0)) for image in images]
    return (
        item.get_item(_DATA).value == contour.data
        and (item.ContourGeometricType, int(item.NumberOfContourPoints)) == (contour.kind, contour.points)
        and named == ([contour.image] if contour.image else [])
    )
