"""Positron Emission Tomography Image (PS3.3 A.21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import PositronEmissionTomographyImageStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.iods import modality_modules
from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import study as modules
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.plan import InstancePlan, SeriesPlan


class PETImage(IOD):
    """Planes of a PET, derived: the rescale intercept is always 0."""

    key = "pet"
    sop_class_uid = PositronEmissionTomographyImageStorage
    rules = PixelRules("PET", bits_8=False, color=False, lut=ModalityLUT.SLOPE_ONLY)
    # C.8.9.1.1.3
    units = frozenset(
        "CNTS NONE CM2 CM2ML PCNT CPS BQML MGMINML UMOLMINML MLMING MLG 1CM UMOLML PROPCNTS PROPCPS MLMINML MLML GML "
        "STDDEV".split()
    )

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Announce what the PET Series module makes us say."""
        notes = super().check_options(options)
        if not options.value_unit:
            text, hint = "PET values taken as without unit", "value_unit, such as BQML or GML"
            notes.append(Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("value_unit", None, "Set unit…")))
        return notes

    def shared(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.21.3-1. Patient Position is excluded by the orientation code sequence."""
        lut = modules.modality_lut(series, "")
        del lut["RescaleType"]  # the Units of the series say it
        return compose(
            modules.patient(series),
            modules.general_study(series),
            modules.general_series(series),
            modality_modules.pet_series(series, series.options.value_unit or "NONE"),
            modality_modules.pet_isotope(),
            modules.frame_of_reference(series),
            modules.general_equipment(series),
            modules.general_image(series, "DERIVED", "PRIMARY"),
            modules.image_plane(series),
            modules.image_pixel(series),
            modality_modules.pet_image(series),
            lut,
            modules.voi_lut(series),
            modules.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> modules.Attributes:
        """Position, number, UID, index and frame time."""
        return varying_image_plane(series, instance) | modality_modules.pet_image_of(series, instance)
