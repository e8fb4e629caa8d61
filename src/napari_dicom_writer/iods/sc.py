"""Secondary Capture Image (PS3.3 A.8.1) with the Image Plane module: the default, because it claims nothing untrue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import SecondaryCaptureImageStorage

from napari_dicom_writer.iods import modality_modules
from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import study as modules
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.plan.plan import InstancePlan, SeriesPlan


class SecondaryCapture(IOD):
    """Grey or colour planes of any origin, Modality OT."""

    key = "sc"
    sop_class_uid = SecondaryCaptureImageStorage
    rules = PixelRules("Secondary Capture", bits_8=True, color=True, lut=ModalityLUT.FULL)

    def shared(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.8-1."""
        unit = series.options.value_unit
        # US, unspecified: a Rescale Type is required as soon as there is a slope (PS3.3 C.11.1).
        identity = series.stored.is_identity and not unit
        return compose(
            modules.patient(series),
            modules.general_study(series),
            modules.general_series(series),
            modules.frame_of_reference(series),
            modules.general_equipment(series),
            modality_modules.sc_equipment(),
            modules.general_image(series, "DERIVED", "SECONDARY"),
            modules.patient_orientation(series),
            modules.image_plane(series),
            modules.image_pixel(series),
            {} if identity or series.stored.samples == 3 else modules.modality_lut(series, unit or "US"),
            modules.voi_lut(series),
            modules.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> modules.Attributes:
        """Position, number, UID and time point."""
        return varying_image_plane(series, instance)
