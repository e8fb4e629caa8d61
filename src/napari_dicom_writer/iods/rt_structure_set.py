"""RT Structure Set (PS3.3 A.19): contours of regions on the planes of an image, in one instance without pixels.

It is written in Explicit VR Little Endian; in Implicit, if a contour has more than 64 KiB of points.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import RTStructureSetStorage

from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.iods._base import IOD, compose
from napari_dicom_writer.iods.modules import common, study
from napari_dicom_writer.iods.modules.functional_groups import code_item, one_item
from napari_dicom_writer.iods.modules.references import reference
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.text import single_line

if TYPE_CHECKING:
    from napari_dicom_writer.errors import Note
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.segments import SegmentPlan

_STUDY = "1.2.840.10008.3.1.2.3.1"  # Detached Study Management, retired: what a referenced study is said to be
_SH = 16
_EXTRA = 'pip install "napari-dicom-writer[contours]"'


class RTStructureSet(IOD):
    """The outlines of regions: each label of a layer, plane by plane."""

    key = "rt-structure-set"
    sop_class_uid = RTStructureSetStorage
    rules = PixelRules("RT Structure Set", bits_8=True, color=False, lut=ModalityLUT.FULL)
    honors = frozenset()  # it was not acquired
    multiframe = True
    contours = True
    comment = ("Structure Set Description", 1024)
    alone = "it is legal, but programs fill contours only on the planes of an image"

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Take any modality: it is that of the image.

        Raises
        ------
        OptionsError
            If the library is missing that traces outlines.
        """
        if find_spec("contourpy") is None:
            raise OptionsError("An RT Structure Set needs contourpy", f"Get the extra: {_EXTRA}", "options")
        return []

    def modality(self, options: ExportOptions) -> str:
        """Always RTSTRUCT (C.8.8.1)."""
        return "RTSTRUCT"

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.19-1, but for ROI Contour (C.8.8.6), which only writing knows."""
        return compose(
            study.patient(series),
            study.general_study(series),
            _rt_series(series),
            study.frame_of_reference(series),
            study.general_equipment(series),
            _structure_set(series),
            _observations(series),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """UID and number; several instances are time points."""
        return common.sop_common_of(instance) | {"InstanceNumber": str(instance.number)}


def _rt_series(series: SeriesPlan) -> Attributes:
    """RT Series (C.8.8.1): no Laterality, and the operator may be empty."""
    attributes = study.general_series(series)
    attributes.pop("Laterality", None)
    return {"OperatorsName": ""} | attributes


def _structure_set(series: SeriesPlan) -> Attributes:
    """Structure Set (C.8.8.5)."""
    created, uid = series.study.created, series.study.frame_of_reference_uid
    frame = one_item(FrameOfReferenceUID=uid)
    if source := series.source:
        images = [reference(source.sop_class_uid, instance) for instance in source.instances]
        of_series = one_item(SeriesInstanceUID=source.series_uid, ContourImageSequence=images)
        of_study = reference(_STUDY, series.study.uid)
        of_study.RTReferencedSeriesSequence = of_series
        frame[0].RTReferencedStudySequence = [of_study]
    return {
        "StructureSetLabel": single_line(series.description, _SH) or "CONTOURS",
        **({"StructureSetName": series.description} if series.description else {}),
        **({"StructureSetDescription": series.comment} if series.comment else {}),
        "StructureSetDate": created.strftime("%Y%m%d"),
        "StructureSetTime": created.strftime("%H%M%S.%f"),
        "ReferencedFrameOfReferenceSequence": frame,
        "StructureSetROISequence": [_roi(segment, uid) for segment in series.segments],
    }


def _roi(segment: SegmentPlan, frame_of_reference_uid: str) -> Dataset:
    item = Dataset()
    item.ROINumber = str(segment.number)
    item.ReferencedFrameOfReferenceUID = frame_of_reference_uid
    item.ROIName = segment.name
    if segment.told:
        item.ROIDescription = segment.told
    item.ROIGenerationAlgorithm = segment.algorithm_type
    if segment.algorithm_name:
        item.ROIGenerationDescription = single_line(segment.algorithm_name, 64)
    return item


def _observations(series: SeriesPlan) -> Attributes:
    """RT ROI Observations (C.8.8.8): what each region shows, and what it is for in a treatment, where that is known."""
    items = []
    for segment in series.segments:
        item = Dataset()
        item.ObservationNumber = item.ReferencedROINumber = str(segment.number)
        item.RTROIInterpretedType, item.ROIInterpreter = segment.interpreted_type, ""
        kind = code_item(segment.structure.type)
        if segment.structure.laterality:
            kind.SegmentedPropertyTypeModifierCodeSequence = [code_item(segment.structure.laterality)]
        item.RTROIIdentificationCodeSequence = [kind]
        items.append(item)
    return {"RTROIObservationsSequence": items}
