"""Secondary Capture Image (PS3.3 A.8.1) with the Image Plane module: the default, because it claims nothing untrue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import SecondaryCaptureImageStorage

from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.options.choices import SpacingAt
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan


class SecondaryCapture(IOD):
    """Gray or color planes of any origin and modality."""

    key = "sc"
    sop_class_uid = SecondaryCaptureImageStorage
    projections = True
    rules = PixelRules("Secondary Capture", bits_8=True, color=True, lut=ModalityLUT.FULL, mappable=True)

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.8-1."""
        unit = series.options.value_unit
        rescaled = unit or not series.stored.is_identity
        return compose(
            study.patient(series),
            study.general_study(series),
            study.general_series(series),
            {} if series.projected else study.frame_of_reference(series),
            study.general_equipment(series),
            sc_equipment(series),
            image.general_image(series, "DERIVED", "SECONDARY"),
            image.patient_orientation(series),
            image.pixel_spacing(series) if series.projected else image.image_plane(series),
            image.image_pixel(series),
            _values(series) if rescaled and series.stored.samples == 1 else {},
            luts.voi_lut(series),
            image.temporal_position(series),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Position, number, UID and time point."""
        return varying_image_plane(series, instance)


def _values(series: SeriesPlan) -> Attributes:
    """Write what stored values mean, either way."""
    unit = series.options.value_unit
    if series.stored.mapped:
        return luts.real_world_value_mapping(series)
    # US, unspecified: a Rescale Type is required as soon as there is a slope (PS3.3 C.11.1).
    return luts.modality_lut(series, unit or "US")


def sc_equipment(series: SeriesPlan) -> Attributes:
    """SC Equipment (C.8.6.1): the images come from a workstation, or from a film that was digitized."""
    return {"ConversionType": "DF" if series.options.spacing_at is SpacingAt.FILM else "WSD"}
