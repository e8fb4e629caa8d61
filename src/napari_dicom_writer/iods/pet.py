"""Positron Emission Tomography Image (PS3.3 A.21)."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from pydicom.uid import PositronEmissionTomographyImageStorage

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError
from napari_dicom_writer.iods._base import IOD, compose, varying_image_plane
from napari_dicom_writer.iods.modules import common, image, luts, study
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.groups import Pet
from napari_dicom_writer.plan.stored_values import ModalityLUT, PixelRules
from napari_dicom_writer.standard.attributes import as_dataset
from napari_dicom_writer.standard.decimals import decimal_string
from napari_dicom_writer.standard.text import moment_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.plan.frames import InstancePlan
    from napari_dicom_writer.plan.plan import SeriesPlan, TimePlan

_UPTAKE = ("GML", "CM2ML")  # units of standard uptake values
_ISOTOPE = "RadiopharmaceuticalInformationSequence"
_CORRECTED = ("START", "ADMIN")


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
    honors = IOD.honors | frozenset(f"pet.{item.name}" for item in fields(Pet))
    assumed: ClassVar = {"CountsSource": "EMISSION", "DecayCorrection": "NONE"}
    inherits = frozenset(
        "RadiopharmaceuticalInformationSequence Radiopharmaceutical RadionuclideTotalDose RadionuclideHalfLife "
        "RadionuclidePositronFraction RadiopharmaceuticalStartTime RadiopharmaceuticalStartDateTime "
        "RadionuclideCodeSequence RadiopharmaceuticalCodeSequence CodeValue CodingSchemeDesignator CodeMeaning "
        "DecayCorrection CorrectedImage CountsSource AttenuationCorrectionMethod ScatterCorrectionMethod "
        "RandomsCorrectionMethod SeriesDate SeriesTime PatientWeight PatientSize".split()
    )

    def check_options(self, options: ExportOptions) -> list[Note]:
        """Announce what the PET Series module makes us say, and what is missing for those who compute uptake.

        Raises
        ------
        OptionsError
            As for every object; a kind of uptake of values that are not uptake.
        """
        notes = super().check_options(options)
        if not options.value_unit:
            text, hint = (
                "PET values taken as without unit",
                f"say which by {mention('value_unit')}, such as BQML or GML",
            )
            notes.append(Note(NoteKind.ASSUMED, text, hint=hint, fix=Fix("value_unit", None, "Set unit…")))
        if options.pet.suv_type and options.value_unit not in _UPTAKE:
            raise OptionsError(
                f"{mention('pet.suv_type', options.pet.suv_type)} is of uptake values, and the unit is another",
                f"Choose {mention('value_unit', 'GML')} for uptake, or leave it out",
                "options",
                fix=Fix("value_unit", "GML", "Values are uptake"),
            )
        if options.value_unit == "GML" and not options.pet.suv_type:
            text = "Uptake (SUV) taken as normalized by body weight"
            notes.append(Note(NoteKind.ASSUMED, text, fix=Fix("pet.suv_type", None, "Set kind…")))
        if not (_said(options, "SeriesDate") and _said(options, "SeriesTime")):
            text = "A PET says when its series began, which is not known: taken as the moment of the export"
            notes.append(Note(NoteKind.ASSUMED, text, fix=Fix("series.date", None, "Set date…")))
        if options.value_unit == "BQML" and (missing := _missing(options)):
            text = f"Uptake (SUV) cannot be computed from its values: {', '.join(missing)} not known"
            notes.append(Note(NoteKind.INFO, text))
        return notes

    def remarks(self, series: SeriesPlan) -> list[Note]:
        """Announce where the decay of its frames cannot be computed."""
        if _correction(series.options) not in _CORRECTED or _decay(series, series.instances[-1]) is not None:
            return []
        return [Note(NoteKind.ASSUMED, "Decay Factor taken as 1: half-life, or times, to compute it are not known")]

    def why_not(self, planes: int, time: TimePlan | None) -> str:
        """Image Index and Number of Slices are of VR US."""
        most = 2**16 - 1
        return f"a PET series holds {most:,} planes" if planes * (time.points if time else 1) > most else ""

    def tells_time(self, series: SeriesPlan) -> bool:
        """In Frame Reference Time."""
        return True

    def modules(self, series: SeriesPlan) -> Dataset:
        """Compose the modules of table A.21.3-1. Patient Position is excluded by the orientation code sequence."""
        lut = luts.modality_lut(series, "")
        del lut["RescaleType"]  # the Units of the series say it
        return compose(
            study.patient(series),
            study.general_study(series),
            series_start(series),
            study.general_series(series),
            pet_series(series),
            pet_isotope(series),
            study.frame_of_reference(series),
            study.general_equipment(series),
            image.general_image(series, "DERIVED", "PRIMARY"),
            image.image_plane(series),
            image.image_pixel(series),
            pet_image(series),
            lut,
            luts.voi_lut(series),
            image.temporal_position(series),
            common.sop_common(series, self.sop_class_uid),
        )

    def varying(self, series: SeriesPlan, instance: InstancePlan) -> Attributes:
        """Position, number, UID, index, frame time and decay."""
        return varying_image_plane(series, instance) | pet_image_of(series, instance)


def _said(options: ExportOptions, keyword: str) -> Any:
    """What the options, or the reference among the attributes, say of one of the series' attributes."""
    own = {item.metadata["keyword"]: getattr(options.series, item.name) for item in fields(options.series)}
    return own.get(keyword) or "".join(map(str, options.attributes.get(keyword, ())))


def _isotope(options: ExportOptions) -> dict[str, Any]:
    """The one radiopharmaceutical: as the reference says, but for what the options say."""
    items = options.attributes.get(_ISOTOPE, ())
    item: dict[str, Any] = dict(items[0]) if items else {}
    for option in fields(Pet):
        value, keyword = getattr(options.pet, option.name), option.metadata["keyword"]
        if value and keyword not in ("DecayCorrection", "SUVType"):
            item[keyword] = (value,)
    if start := options.pet.injection:
        item["RadiopharmaceuticalStartTime"] = (start[8:].partition("+")[0].partition("-")[0],)
    return item


def _missing(options: ExportOptions) -> list[str]:
    """What a viewer needs beside values in Bq/ml to compute uptake, and nobody said."""
    item = _isotope(options)
    injection = item.get("RadiopharmaceuticalStartDateTime") or item.get("RadiopharmaceuticalStartTime")
    needed = {
        "the patient's weight": options.patient.weight or options.attributes.get("PatientWeight"),
        "dose": item.get("RadionuclideTotalDose"),
        "half-life": item.get("RadionuclideHalfLife"),
        "moment of the injection": injection,
        "decay correction": _correction(options) in _CORRECTED,
    }
    return [name for name, known in needed.items() if not known]


def _correction(options: ExportOptions) -> str:
    return options.pet.decay_correction or "".join(options.attributes.get("DecayCorrection", ())) or "NONE"


def _decay(series: SeriesPlan, instance: InstancePlan) -> float | None:
    """By how much the frame decayed since the moment to which it is corrected; None where that is not known."""
    options, item = series.options, _isotope(series.options)
    offset = (series.time.offset(instance.frame.time_index) if series.time else 0.0) or 0.0
    since = timedelta(seconds=offset)
    if _correction(options) == "ADMIN":
        start = moment_of(_said(options, "SeriesDate"), _said(options, "SeriesTime"))
        stamp = str((item.get("RadiopharmaceuticalStartDateTime") or ("",))[0])[:14]
        injected = moment_of(stamp[:8], stamp[8:])
        if start is None or injected is None:
            return None
        since += start - injected
    if not since:
        return 1.0
    half_life = float((item.get("RadionuclideHalfLife") or (0,))[0])
    return 2.0 ** (since.total_seconds() / half_life) if half_life > 0 else None


def series_start(series: SeriesPlan) -> Attributes:
    """Series Date and Time, which a PET requires (C.8.9.1): where nobody says them, those of the export."""
    created, told = series.study.created, series.options.attributes
    moment: Attributes = {"SeriesDate": created.strftime("%Y%m%d"), "SeriesTime": created.strftime("%H%M%S")}
    return {keyword: value for keyword, value in moment.items() if not told.get(keyword)}


def pet_series(series: SeriesPlan) -> Attributes:
    """PET Series (C.8.9.1), but for what is assumed."""
    options, dynamic = series.options, series.time_points > 1
    unit, correction = options.value_unit or "NONE", options.pet.decay_correction
    attributes: Attributes = {
        "Units": unit,
        "SeriesType": ["DYNAMIC" if dynamic else "STATIC", "IMAGE"],
        "NumberOfSlices": series.planes,
        "CorrectedImage": "" if options.attributes.get("CorrectedImage") or correction not in _CORRECTED else "DECY",
        "CollimatorType": "",
    }
    if correction:
        attributes["DecayCorrection"] = correction
    if unit in _UPTAKE and (options.pet.suv_type or unit == "GML"):
        attributes["SUVType"] = options.pet.suv_type or "BW"
    if dynamic:
        attributes["NumberOfTimeSlices"] = series.time_points
    return attributes


def pet_isotope(series: SeriesPlan) -> Attributes:
    """PET Isotope (C.8.9.2) and NM/PET Patient Orientation (C.8.4.6), of type 2: empty where they are not known."""
    item = _isotope(series.options)
    return {
        _ISOTOPE: [as_dataset({"RadionuclideCodeSequence": (), **item})] if item else [],
        "PatientOrientationCodeSequence": [],
        "PatientGantryRelationshipCodeSequence": [],
    }


def pet_image(series: SeriesPlan) -> Attributes:
    """PET Image (C.8.9.4) but for what varies; the time between frames is not how long each took."""
    given = series.options.series
    attributes: Attributes = {"ActualFrameDuration": ""}
    attributes |= {} if given.acquisition_date else {"AcquisitionDate": ""}
    attributes |= {} if given.acquisition_time else {"AcquisitionTime": ""}
    return attributes


def pet_image_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """Image Index, Frame Reference Time and Decay Factor (C.8.9.4); the index counts time slices, then planes."""
    first, index = series.instances[0].frame.time_index, instance.frame.time_index
    offset = (series.time.offset(index) if series.time else 0.0) or 0.0
    attributes: Attributes = {
        "ImageIndex": (instance.number - 1) % series.planes + 1 + (index - first) * series.planes,
        "FrameReferenceTime": decimal_string(offset * 1000),
    }
    if _correction(series.options) in _CORRECTED:
        attributes["DecayFactor"] = decimal_string(_decay(series, instance) or 1.0)
    return attributes
