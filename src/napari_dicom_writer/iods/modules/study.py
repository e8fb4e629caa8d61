"""The modules of PS3.3 that several IODs share, one function each: plan in, attributes (keyword → value) out.

A function named ``…_of`` gives what varies from instance to instance; its values are text, or an int for US.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from napari_dicom_writer.model.geometry import patient_letters
from napari_dicom_writer.version import __version__
from napari_dicom_writer.writing.encapsulation import lossy_attributes

if TYPE_CHECKING:
    from napari_dicom_writer.plan.plan import InstancePlan, SeriesPlan

Attributes = dict[str, Any]
MANUFACTURER = "napari-dicom-writer developers"
PRODUCT = "napari-dicom-writer"
# Body parts of PS3.16 annex L that exist once, where Laterality must be absent (PS3.3 C.7.3.1). For all others, and
# for an unknown body part, Laterality is required and may be empty.
UNPAIRED = frozenset(
    "ABDOMEN BLADDER BRAIN CSPINE CHEST COCCYX COLON CTSPINE HEAD HEART JAW LIVER LSPINE LSSPINE MEDIASTINUM NECK "
    "PANCREAS PELVIS PROSTATE SKULL SPINE SPLEEN SSPINE STERNUM THYROID TLSPINE TSPINE UTERUS WHOLEBODY".split()
)


def _given(options: object) -> Attributes:
    """Attributes of an options group that were given: its fields name them."""
    pairs = ((item.metadata["keyword"], getattr(options, item.name)) for item in fields(options))  # type: ignore[arg-type]
    return {keyword: value for keyword, value in pairs if value}


def person(name: str) -> str:
    """Write a name of one component with its delimiter: ``Doe`` is a family name (PS3.5 6.2.1)."""
    return name if not name or "^" in name or "=" in name else f"{name}^"


def patient(series: SeriesPlan) -> Attributes:
    """Patient (C.7.1.1) and Patient Study (C.7.2.2)."""
    given = _given(series.options.patient)
    return (
        {"PatientBirthDate": "", "PatientSex": ""}
        | given
        | {
            "PatientName": person(series.options.patient.name),
            "PatientID": series.study.patient_id,
        }
    )


def general_study(series: SeriesPlan) -> Attributes:
    """General Study (C.7.2.1)."""
    given = _given(series.options.study)
    given.pop("FrameOfReferenceUID", None)
    return (
        {"AccessionNumber": ""}
        | given
        | {
            "StudyInstanceUID": series.study.uid,
            "StudyID": series.study.id,
            "StudyDate": series.study.date,
            "StudyTime": series.study.time,
            "ReferringPhysicianName": person(series.options.study.referring_physician),
        }
    )


def general_series(series: SeriesPlan) -> Attributes:
    """General Series (C.7.3.1)."""
    options = series.options.series
    attributes: Attributes = {
        "Modality": str(series.options.modality),
        "SeriesInstanceUID": series.uid,
        "SeriesNumber": str(series.number),
        "SeriesDate": series.study.created.strftime("%Y%m%d"),
        "SeriesTime": series.study.created.strftime("%H%M%S"),
    }
    if series.description:
        attributes["SeriesDescription"] = series.description
    for keyword in ("ProtocolName", "BodyPartExamined"):
        if value := _given(options).get(keyword):
            attributes[keyword] = value
    if options.operator:
        attributes["OperatorsName"] = person(options.operator)
    if options.body_part not in UNPAIRED:
        attributes["Laterality"] = options.laterality
    return attributes


def patient_position(series: SeriesPlan) -> Attributes:
    """Patient Position (C.7.3.1.1.2): required for CT and MR, empty when it is not known."""
    return {"PatientPosition": series.options.series.patient_position}


def general_equipment(series: SeriesPlan) -> Attributes:
    """General Equipment (C.7.5.1): this software made the instances."""
    given = _given(series.options.series)
    known = {k: given[k] for k in ("InstitutionName", "InstitutionalDepartmentName", "StationName") if k in given}
    return known | {
        "Manufacturer": MANUFACTURER,
        "ManufacturerModelName": PRODUCT,
        "SoftwareVersions": __version__,
    }


def frame_of_reference(series: SeriesPlan) -> Attributes:
    """Frame of Reference (C.7.4.1): one for all layers of an export."""
    return {"FrameOfReferenceUID": series.study.frame_of_reference_uid, "PositionReferenceIndicator": ""}


def general_acquisition_of(series: SeriesPlan, instance: InstancePlan) -> Attributes:
    """General Acquisition (C.7.10.1): tells time points apart. Times count from the moment of the export."""
    if series.time is None:
        return {}
    attributes: Attributes = {"AcquisitionNumber": str(instance.time_index + 1)}
    if series.time.step is not None:
        moment = series.study.created + timedelta(seconds=instance.time_index * series.time.step)
        attributes |= {"AcquisitionDate": moment.strftime("%Y%m%d"), "AcquisitionTime": moment.strftime("%H%M%S.%f")}
    return attributes


def general_image(series: SeriesPlan, *image_type: str) -> Attributes:
    """General Image (C.7.6.1) of an image computed in napari."""
    attributes: Attributes = {
        "ImageType": list(image_type),
        "ContentDate": series.study.created.strftime("%Y%m%d"),
        "ContentTime": series.study.created.strftime("%H%M%S.%f"),
        "BurnedInAnnotation": "NO",
        **lossy_attributes(series.options.transfer_syntax),
        "DerivationDescription": f"Written from an image layer by {PRODUCT} {__version__}",
    }
    if series.comment:
        attributes["ImageComments"] = series.comment
    return attributes


def patient_orientation(series: SeriesPlan) -> Attributes:
    """Patient Orientation (C.7.6.1.1.1), for IODs that do not require the Image Plane module."""
    grid = series.grid
    return {"PatientOrientation": [patient_letters(grid.row_cosines), patient_letters(grid.column_cosines)]}


def general_image_of(instance: InstancePlan) -> Attributes:
    """Instance Number (C.7.6.1)."""
    return {"InstanceNumber": str(instance.number)}


def image_plane(series: SeriesPlan) -> Attributes:
    """Image Plane (C.7.6.2), but for the position. The thickness of a single plane is unknown: empty, type 2.

    Spacing Between Slices is in every object with planes: vtk-dicom takes gaps of a micrometer for 1 mm, and
    Bio-Formats knows no distance at all, where it is missing.
    """
    attributes: Attributes = {
        "PixelSpacing": list(series.grid.pixel_spacing),
        "ImageOrientationPatient": list(series.grid.orientation),
        "SliceThickness": series.grid.spacing_between_planes,
    }
    if series.grid.spacing_between_planes:
        attributes["SpacingBetweenSlices"] = series.grid.spacing_between_planes
    return attributes


def image_plane_of(instance: InstancePlan) -> Attributes:
    """Position of one plane (C.7.6.2)."""
    return {"ImagePositionPatient": "\\".join(instance.position), "SliceLocation": instance.location}


def image_pixel(series: SeriesPlan) -> Attributes:
    """Image Pixel (C.7.6.3) without the pixels."""
    stored = series.stored
    attributes: Attributes = {
        "SamplesPerPixel": stored.samples,
        "PhotometricInterpretation": series.options.transfer_syntax.photometric_interpretation(stored.samples),
        "Rows": series.rows,
        "Columns": series.columns,
        "BitsAllocated": stored.bits,
        "BitsStored": stored.bits,
        "HighBit": stored.bits - 1,
        "PixelRepresentation": int(stored.signed),
    }
    if stored.samples == 3:
        attributes["PlanarConfiguration"] = 0
    return attributes


def modality_lut(series: SeriesPlan, rescale_type: str) -> Attributes:
    """Modality LUT (C.11.1)."""
    stored = series.stored
    return {"RescaleIntercept": stored.intercept, "RescaleSlope": stored.slope, "RescaleType": rescale_type}


def voi_lut(series: SeriesPlan) -> Attributes:
    """VOI LUT (C.11.2) without its function, see `Window`."""
    window = series.window
    if window is None:
        return {}
    return {"WindowCenter": window.center, "WindowWidth": window.width}


def real_world_value_mapping(series: SeriesPlan, unit: str) -> Attributes:
    """Real World Value Mapping macro (C.7.6.16.2.11): real values where an IOD has no Modality LUT."""
    stored = series.stored
    code = Dataset()
    if len(unit) > 16:  # what a Code Value holds (PS3.3 8.1)
        code.LongCodeValue = unit
    else:
        code.CodeValue = unit or "1"
    code.CodingSchemeDesignator = "UCUM"
    code.CodeMeaning = unit or "no units"
    item = Dataset()
    item.LUTExplanation = "Values of the napari layer"
    item.LUTLabel = "LAYER_VALUES"
    limits = (-32768, 32767) if stored.signed else (0, 2**stored.bits - 1)
    vr = "SS" if stored.signed else "US"  # as Pixel Representation says; pydicom cannot know it inside a sequence
    item.add_new("RealWorldValueFirstValueMapped", vr, limits[0])
    item.add_new("RealWorldValueLastValueMapped", vr, limits[1])
    item.RealWorldValueIntercept = float(stored.intercept)
    item.RealWorldValueSlope = float(stored.slope)
    item.MeasurementUnitsCodeSequence = [code]
    return {"RealWorldValueMappingSequence": [item]}


def sop_common(series: SeriesPlan, sop_class_uid: str) -> Attributes:
    """SOP Common (C.12.1), but for the instance's UID; this software as Contributing Equipment (C.12.1.1.5)."""
    created = series.study.created
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109103", "DCM"
    purpose.CodeMeaning = "Modifying Equipment"
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = [purpose]
    equipment.Manufacturer = MANUFACTURER
    equipment.ManufacturerModelName = PRODUCT
    equipment.SoftwareVersions = __version__
    equipment.ContributionDateTime = created.strftime("%Y%m%d%H%M%S%z")
    return {
        "SOPClassUID": sop_class_uid,
        "SpecificCharacterSet": "ISO_IR 192",
        "InstanceCreationDate": created.strftime("%Y%m%d"),
        "InstanceCreationTime": created.strftime("%H%M%S.%f"),
        "TimezoneOffsetFromUTC": created.strftime("%z"),
        "ContributingEquipmentSequence": [equipment],
    }


def sop_common_of(instance: InstancePlan) -> Attributes:
    """SOP Instance UID (C.12.1)."""
    return {"SOPInstanceUID": instance.uid}
