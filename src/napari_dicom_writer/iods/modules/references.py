"""The images that an instance, or a frame, was derived from: General Reference (PS3.3 C.12.4), Derivation Image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from napari_dicom_writer.iods.modules.functional_groups import Varying, code_item
from napari_dicom_writer.standard.codes import Code

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.segments import SourcePlan

SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")

RELATED = Code("121316", "DCM", "Images related to standalone object")


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


def common_instance_reference(image: SourcePlan | None) -> Attributes:
    """Common Instance Reference (C.12.2): without it OHIF does not find the image."""
    if image is None:
        return {}
    item = Dataset()
    item.SeriesInstanceUID = image.series_uid
    item.ReferencedInstanceSequence = [reference(image.sop_class_uid, uid) for uid in image.instances]
    return {"ReferencedSeriesSequence": [item]}


def referenced_images(image: SourcePlan | None, instance: InstancePlan) -> tuple[Varying, Attributes]:
    """Referenced Image (C.7.6.16.2.5): the plane of an image that has the same grid, and is no source."""
    if image is None:
        return {}, {}
    item, varying = _frames_of(image, instance, ("ReferencedImageSequence",), RELATED)
    return varying, {"ReferencedImageSequence": [item]}


def _frames_of(
    image: SourcePlan, instance: InstancePlan, path: tuple[str, ...], purpose: Code
) -> tuple[Dataset, Varying]:
    """Name the plane of an image, by instance, and by frame where it has several: the first item, and what varies."""
    planes = [image.planes[frame.time_index, frame.plane] for frame in instance.frames]
    item = reference(image.sop_class_uid, planes[0][0])
    item.PurposeOfReferenceCodeSequence = [code_item(purpose)]
    varying: dict[tuple[str, ...], list[str]] = {(*path, "ReferencedSOPInstanceUID"): [uid for uid, _ in planes]}
    if planes[0][1]:
        varying[*path, "ReferencedFrameNumber"] = [str(number) for _, number in planes]
    return item, varying


def derivation_images(series: SeriesPlan, instance: InstancePlan, derivation: Code) -> tuple[Varying, Attributes]:
    """Derivation Image (C.7.6.16.2.6): the plane of the image, by instance, and by frame where it has several."""
    source = series.source
    if source is None:
        return {}, {}
    item, varying = _frames_of(source, instance, ("DerivationImageSequence", "SourceImageSequence"), SOURCE_IMAGE)
    image = Dataset()
    image.DerivationCodeSequence = [code_item(derivation)]
    image.SourceImageSequence = [item]
    return varying, {"DerivationImageSequence": [image]}
