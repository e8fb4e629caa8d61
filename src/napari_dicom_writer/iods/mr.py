"""MR Image (PS3.3 A.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import MRImageStorage

from napari_dicom_writer.iods import modality_modules
from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import study as modules
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.plan.plan import InstancePlan, SeriesPlan


class MRImage(IOD):
    """Planes of an MR, derived. The IOD has no Modality LUT: real values go into a Real World Value Mapping."""

    key = "mr"
    sop_class_uid = MRImageStorage
    rules = PixelRules("MR", bits_8=False, color=False, lut=ModalityLUT.REAL_WORLD)

    def shared(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.4-1."""
        unit = series.options.value_unit
        mapped = unit or not series.stored.is_identity
        return compose(
            modules.patient(series),
            modules.general_study(series),
            modules.general_series(series),
            modules.patient_position(series),
            modules.frame_of_reference(series),
            modules.general_equipment(series),
            modules.general_image(series, "DERIVED", "SECONDARY", "OTHER"),
            modules.image_plane(series),
            modules.image_pixel(series),
            modality_modules.mr_image(series),
            modules.real_world_value_mapping(series, unit) if mapped else {},
            modules.voi_lut(series),
            modules.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> modules.Attributes:
        """Position, number, UID and temporal position."""
        return varying_image_plane(series, instance) | modality_modules.mr_image_of(series, instance)
