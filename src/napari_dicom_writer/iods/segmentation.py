"""Segmentation (PS3.3 A.51) and Label Map Segmentation (A.51, Supplement 243)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.iods._base import IOD, compose
from napari_dicom_writer.iods.modules import common, image, study
from napari_dicom_writer.iods.modules.functional_groups import (
    POSITION_INDEX,
    SEGMENT_INDEX,
    Varying,
    code_item,
    dimension_indices,
    dimensions,
    frame_groups,
    multi_frame_of,
    note_thickness,
    pixel_measures,
    plane_orientation,
    plane_positions,
    shared_groups,
)
from napari_dicom_writer.iods.modules.references import common_instance_reference, derivation_images
from napari_dicom_writer.options.choices import SegmentationType
from napari_dicom_writer.plan.segments import STEPS, StoredFractions, StoredLabels
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.codes import BACKGROUND, Code
from napari_dicom_writer.standard.color import cielab
from napari_dicom_writer.standard.uids import LABEL_MAP

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.iods.modules.functional_groups import FrameGroups
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.segments import SegmentPlan

_SEGMENTATION = Code("113076", "DCM", "Segmentation")


class Segmentation(IOD):
    """The labels of a layer: masks, a bit a pixel, or one label map; or fractions, a byte a pixel."""

    key = "segmentation"
    sop_class_uid = SegmentationStorage
    rules = PixelRules("Segmentation", bits_8=True, color=False, lut=ModalityLUT.FULL)
    honors = frozenset()  # it was not acquired
    multiframe = True
    alone = "OHIF shows a segmentation only with its image in the study"

    def sop_class(self, series: SeriesPlan) -> str:
        """By segment, or a label map."""
        return SegmentationStorage if _by_segment(series) else LABEL_MAP

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Take any modality: it is that of the image."""
        return []

    def modality(self, options: ExportOptions) -> str:
        """Always SEG (C.8.20.1)."""
        return "SEG"

    def remarks(self, series: SeriesPlan) -> list[Note]:
        """Announce the thickness of a single plane, and masks of odd bits; the segments have notes of their own."""
        return [*_note_bits(series), *note_thickness(series.planes)]

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.51-1."""
        return compose(
            study.patient(series),
            study.general_study(series),
            _series(series),
            study.frame_of_reference(series),
            study.enhanced_general_equipment(series),
            image.general_image(series, "DERIVED", "PRIMARY"),
            _pixels(series),
            _loss(series),
            _padding(series),
            _segmentation_image(series),
            dimensions(series, *((SEGMENT_INDEX,) if _by_segment(series) else ()), POSITION_INDEX),
            shared_groups(pixel_measures(series), plane_orientation(series)),
            common_instance_reference(series.source),
            common.sop_common(series, self.sop_class(series)),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """UID, number and frames."""
        return common.sop_common_of(instance) | image.general_image_of(series, instance) | multi_frame_of(instance)

    def frame_groups(self, series: SeriesPlan, instance: InstancePlan) -> FrameGroups:
        """Segment, position, their indices, and the plane of the image that a frame belongs to."""
        masks = _by_segment(series)
        segments: Varying = {}
        if masks:
            path = ("SegmentIdentificationSequence", "ReferencedSegmentNumber")
            segments = {path: [frame.part or 0 for frame in instance.frames]}
        sources, fixed = derivation_images(series, instance, _SEGMENTATION)
        return frame_groups(
            dimension_indices(instance, parts=masks), segments, plane_positions(instance), sources, fixed=fixed
        )


def _series(series: SeriesPlan) -> Attributes:
    """General Series (C.7.3.1) without Laterality: that belongs to the segments."""
    attributes = study.general_series(series)
    attributes.pop("Laterality", None)
    return attributes


def _pixels(series: SeriesPlan) -> Attributes:
    """Image Pixel (C.7.6.3) as C.8.20.2 restricts it."""
    stored = series.stored
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": series.rows,
        "Columns": series.columns,
        "BitsAllocated": stored.bits,
        "BitsStored": stored.bits,
        "HighBit": stored.bits - 1,
        "PixelRepresentation": 0,
    }


def _loss(series: SeriesPlan) -> Attributes:
    """Lossy Image Compression, which what is derived from a lossy image has, too (C.8.20.2, C.7.6.1.1.5)."""
    source = series.lossy or (series.source.lossy if series.source else ())
    if source or "LossyImageCompression" in series.options.attributes:
        return image.lossy_attributes(series.options.transfer_syntax, source)
    return {"LossyImageCompression": "00"}


def _padding(series: SeriesPlan) -> Dataset:
    """Pixel Padding Value, of the VR that unsigned pixels give it: 0 is the background of a label map."""
    padding = Dataset()
    if not _by_segment(series):
        padding.add_new("PixelPaddingValue", "US", 0)
    return padding


def _segmentation_image(series: SeriesPlan) -> Attributes:
    """Segmentation Image (C.8.20.2)."""
    segments = [_segment(segment) for segment in series.segments]
    by_segment, fractions = _by_segment(series), isinstance(series.stored, StoredFractions)
    kind = "FRACTIONAL" if fractions else "BINARY" if by_segment else "LABELMAP"
    steps = {"SegmentationFractionalType": str(series.options.fractional_type).upper(), "MaximumFractionalValue": STEPS}
    return {
        "ContentLabel": "SEGMENTATION",
        "ContentDescription": series.description,
        "ContentCreatorName": "",
        "SegmentationType": kind,
        **(steps if fractions else {}),
        "SegmentsOverlap": "UNDEFINED" if fractions and len(segments) > 1 else "NO",
        # Background comes last: OHIF 3.13 takes the colors of segments by their places in the sequence.
        "SegmentSequence": segments if by_segment else [*segments, _background(series.segments[0])],
    }


def _by_segment(series: SeriesPlan) -> bool:
    return isinstance(series.stored, StoredLabels) and series.stored.by_segment


def _note_bits(series: SeriesPlan) -> list[Note]:
    """Say who trips over masks whose rows are no whole bytes, as PS3.5 8.1.1 packs them.

    Orthanc 1.10.1 answers "Bad number of columns for a black-and-white image"; Weasis works around it since 4.6.6
    (nroduit/Weasis#820).
    """
    if not (isinstance(series.stored, StoredLabels) and series.stored.masks) or series.columns % 8 == 0:
        return []
    text = (
        f"{series.columns} columns are no multiple of 8: Orthanc hands out no such masks, so that OHIF shows none from "
        "there, and Weasis before 4.6.6 shows them wrong"
    )
    return [Note(NoteKind.INFO, text, fix=Fix("segmentation_type", SegmentationType.LABELMAP, "Write a label map"))]


def _segment(segment: SegmentPlan) -> Dataset:
    item = Dataset()
    item.SegmentNumber = segment.number
    item.SegmentLabel = segment.name
    if segment.told:
        item.SegmentDescription = segment.told
    item.SegmentAlgorithmType = segment.algorithm_type
    if segment.algorithm_name:
        item.SegmentAlgorithmName = segment.algorithm_name
    item.SegmentedPropertyCategoryCodeSequence = [code_item(segment.structure.category)]
    kind = code_item(segment.structure.type)
    if segment.structure.laterality:
        kind.SegmentedPropertyTypeModifierCodeSequence = [code_item(segment.structure.laterality)]
    item.SegmentedPropertyTypeCodeSequence = [kind]
    if segment.structure.region:
        region = code_item(segment.structure.region)
        if segment.structure.region_laterality:
            region.AnatomicRegionModifierSequence = [code_item(segment.structure.region_laterality)]
        item.AnatomicRegionSequence = [region]
    item.RecommendedDisplayCIELabValue = cielab(segment.color)
    item.TrackingID = segment.tracking_id
    item.TrackingUID = segment.tracking_uid
    return item


def _background(like: SegmentPlan) -> Dataset:
    """What 0 means in a label map."""
    item = Dataset()
    item.SegmentNumber = 0
    item.SegmentLabel = "Background"
    item.SegmentAlgorithmType = like.algorithm_type
    if like.algorithm_name:
        item.SegmentAlgorithmName = like.algorithm_name
    item.SegmentedPropertyCategoryCodeSequence = [code_item(BACKGROUND)]
    item.SegmentedPropertyTypeCodeSequence = [code_item(BACKGROUND)]
    item.RecommendedDisplayCIELabValue = cielab((0, 0, 0))
    return item
