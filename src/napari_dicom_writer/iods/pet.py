"""Positron Emission Tomography Image (PS3.3 A.21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import PositronEmissionTomographyImageStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.mention import mention
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.decimals import decimal_string

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan, TimePlan


class PETImage(IOD):
    """Planes of a PET, derived: the rescale intercept is always 0."""

    key = "pet"
    sop_class_uid = PositronEmissionTomographyImageStorage
    # Signed pixels only where negative values exist (C.8.9.1.1.1); the intercept is 0 (C.8.9.4).
    rules = PixelRules("PET", bits_8=False, color=False, lut=ModalityLUT.SLOPE_ONLY, sign_by_values=True)
    # C.8.9.1.1.3
    units = frozenset(
        "CNTS NONE CM2 CM2ML PCNT CPS BQML MGMINML UMOLMINML MLMING MLG 1CM UMOLML PROPCNTS PROPCPS MLMINML MLML GML "
        "STDDEV".split()
    )

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Announce what the PET Series module makes us say."""
        notes = super().check_options(options)
        if not options.value_unit:
            text, hint = "PET values taken as without unit", f"{mention('value_unit')}, such as BQML or GML"
            notes.append(Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("value_unit", None, "Set unit…")))
        return notes

    def why_not(self, planes: int, time: TimePlan | None) -> str:
        """Image Index and Number of Slices are of VR US."""
        most = 2**16 - 1
        return f"a PET series holds {most:,} planes" if planes * (time.points if time else 1) > most else ""

    def shared(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.21.3-1. Patient Position is excluded by the orientation code sequence."""
        lut = luts.modality_lut(series, "")
        del lut["RescaleType"]  # the Units of the series say it
        return compose(
            study.patient(series),
            study.general_study(series),
            study.general_series(series),
            pet_series(series, series.options.value_unit or "NONE"),
            pet_isotope(),
            study.frame_of_reference(series),
            study.general_equipment(series),
            image.general_image(series, "DERIVED", "PRIMARY"),
            image.image_plane(series),
            image.image_pixel(series),
            pet_image(series),
            lut,
            luts.voi_lut(series),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Position, number, UID, index and frame time."""
        return varying_image_plane(series, instance) | pet_image_of(series, instance)


def pet_series(series: SeriesPlan, units: str) -> Attributes:
    """PET Series (C.8.9.1): no claim about corrections."""
    dynamic = series.time_points > 1
    attributes: Attributes = {
        "Units": units,
        "CountsSource": "EMISSION",
        "SeriesType": ["DYNAMIC" if dynamic else "STATIC", "IMAGE"],
        "NumberOfSlices": series.planes,
        "CorrectedImage": "",
        "DecayCorrection": "NONE",
        "CollimatorType": "",
    }
    if dynamic:
        attributes["NumberOfTimeSlices"] = series.time_points
    return attributes


def pet_isotope() -> Attributes:
    """PET Isotope (C.8.9.2) and NM/PET Patient Orientation (C.8.4.6): unknown, type 2."""
    return {
        "RadiopharmaceuticalInformationSequence": [],
        "PatientOrientationCodeSequence": [],
        "PatientGantryRelationshipCodeSequence": [],
    }


def pet_image(series: SeriesPlan) -> Attributes:
    """PET Image (C.8.9.4) but for what varies."""
    step = series.time.step if series.time else None
    duration = "" if step is None else str(round(step * 1000))
    # Type 2; an IS ends at 2**31, which is 24 days.
    attributes: Attributes = {"ActualFrameDuration": duration if len(duration) < 10 else ""}
    if series.time is None or step is None:  # type 2
        given = series.options.series
        attributes |= {"AcquisitionDate": ""} if not given.acquisition_date else {}
        attributes |= {"AcquisitionTime": ""} if not given.acquisition_time else {}
    return attributes


def pet_image_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """Image Index and Frame Reference Time (C.8.9.4); the index counts time slices, then planes."""
    first, time_index = series.instances[0].frame.time_index, instance.frame.time_index
    offset = (series.time.offset(time_index) if series.time else None) or 0.0
    return {
        "ImageIndex": (instance.number - 1) % series.planes + 1 + (time_index - first) * series.planes,
        "FrameReferenceTime": decimal_string(offset * 1000),
    }
