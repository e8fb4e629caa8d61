"""MR Image (PS3.3 A.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import MRImageStorage

from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.decimals import decimal_string

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan


class MRImage(IOD):
    """Planes of an MR, derived. The IOD has no Modality LUT: real values go into a Real World Value Mapping."""

    key = "mr"
    sop_class_uid = MRImageStorage
    honors = frozenset({"series.patient_position", "series.repetition_time", "series.echo_time"})
    rules = PixelRules("MR", bits_8=False, color=False, lut=ModalityLUT.REAL_WORLD)

    def shared(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.4-1."""
        unit = series.options.value_unit
        mapped = unit or not series.stored.is_identity
        return compose(
            study.patient(series),
            study.general_study(series),
            study.general_series(series),
            study.patient_position(series),
            study.frame_of_reference(series),
            study.general_equipment(series),
            image.general_image(series, "DERIVED", "SECONDARY", "OTHER"),
            image.image_plane(series),
            image.image_pixel(series),
            mr_image(series),
            luts.real_world_value_mapping(series, unit) if mapped else {},
            luts.voi_lut(series),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Position, number, UID and temporal position."""
        return varying_image_plane(series, instance) | mr_image_of(series, instance)


def mr_image(series: SeriesPlan) -> Attributes:
    """MR Image (C.8.3.1); RM, the Research Mode, is the one scanning sequence that claims nothing."""
    attributes: Attributes = {
        "ScanningSequence": "RM",
        "SequenceVariant": "NONE",
        "ScanOptions": "",
        "MRAcquisitionType": "",
        "RepetitionTime": series.options.series.repetition_time,
        "EchoTime": series.options.series.echo_time,
        "EchoTrainLength": "",
    }
    if series.time and series.time.points > 1:
        attributes["NumberOfTemporalPositions"] = str(series.time.points)
        if series.time.step:
            attributes["TemporalResolution"] = decimal_string(series.time.step * 1000)
    return attributes


def mr_image_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """Temporal position in MR Image (C.8.3.1)."""
    if series.time is None or series.time.points == 1:
        return {}
    return {"TemporalPositionIdentifier": str(instance.frame.time_index + 1)}
