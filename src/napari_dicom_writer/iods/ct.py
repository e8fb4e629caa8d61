"""CT Image (PS3.3 A.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import CTImageStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan


class CTImage(IOD):
    """Planes of a CT, derived; values in Hounsfield units unless the options say otherwise."""

    key = "ct"
    sop_class_uid = CTImageStorage
    rules = PixelRules("CT", bits_8=False, color=False, lut=ModalityLUT.FULL)
    honors = IOD.honors | frozenset({"series.patient_position"})
    units = frozenset({"HU", "US", "OD", "MGML", "PCT", "Z_EFF", "ED", "EDW", "HU_MOD"})  # C.11.1.1.2

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Announce that the values are taken as Hounsfield units."""
        notes = super().check_options(options)
        if not options.value_unit:
            text, hint = "CT values taken as Hounsfield units", f"{mention('value_unit', 'US')} for others"
            notes.append(Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("value_unit", None, "Set unit…")))
        return notes

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.3-1."""
        ct = ct_image()
        if series.time:
            del ct["AcquisitionNumber"]  # varies
        return compose(
            study.patient(series),
            study.general_study(series),
            study.general_series(series),
            study.patient_position(series),
            study.frame_of_reference(series),
            study.general_equipment(series),
            image.general_image(series, "DERIVED", "SECONDARY", "AXIAL"),
            image.image_plane(series),
            image.image_pixel(series),
            ct,
            luts.modality_lut(series, series.options.value_unit or "HU"),
            luts.voi_lut(series),
            image.temporal_position(series),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Position, number, UID and time point."""
        return varying_image_plane(series, instance)


def ct_image() -> Attributes:
    """CT Image (C.8.2.1) beyond pixels and Modality LUT; nothing is known of the exposure."""
    return {"KVP": "", "AcquisitionNumber": ""}
