"""General Reference (PS3.3 C.12.4): the images that an instance was derived from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from napari_dicom_writer.iods.modules.functional_groups import code_item
from napari_dicom_writer.standard.codes import Code

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan

SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")


def reference(sop_class_uid: str, uid: str) -> Dataset:
    """Return an item that names an instance (10.8)."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class_uid, uid
    return item


def source_images_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """Source Image Sequence: the planes of the series that the layer was opened from, each once."""
    source = series.source
    if source is None:
        return {}
    numbers: dict[str, list[int]] = {}
    for frame in instance.frames:
        uid, number = source.planes[frame.time_index, frame.plane]
        numbers.setdefault(uid, []).append(number)
    items = []
    for uid, frames in numbers.items():
        item = reference(source.sop_class_uid, uid)
        if all(frames):
            item.ReferencedFrameNumber = [str(number) for number in frames]
        item.PurposeOfReferenceCodeSequence = [code_item(SOURCE_IMAGE)]
        items.append(item)
    return {"SourceImageSequence": items}
