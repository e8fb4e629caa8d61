"""The modules of PS3.3 that several IODs share, one function each: plan in, attributes (keyword → value) out.

A function named ``…_of`` gives what varies from instance to instance; its values are text, or an int for US.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from napari_dicom_writer.iods.modules.common import MANUFACTURER, PRODUCT
from napari_dicom_writer.standard.text import person
from napari_dicom_writer.version import __version__

if TYPE_CHECKING:
    from napari_dicom_writer.iods.modules.attributes import Attributes
    from napari_dicom_writer.plan.plan import SeriesPlan

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


def patient(series: SeriesPlan) -> Attributes:
    """Patient (C.7.1.1) and Patient Study (C.7.2.2)."""
    given = _given(series.options.patient)
    return (
        {"PatientBirthDate": "", "PatientSex": ""}
        | given
        | {
            "PatientName": person(series.study.patient_name),
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
        "Modality": series.modality,
        "SeriesInstanceUID": series.uid,
        "SeriesNumber": str(series.number),
    }
    if series.description:
        attributes["SeriesDescription"] = series.description
    for keyword in ("SeriesDate", "SeriesTime", "ProtocolName", "BodyPartExamined"):
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


def enhanced_general_equipment(series: SeriesPlan) -> Attributes:
    """Enhanced General Equipment (C.7.5.2): a program has no serial number, and says its version for one."""
    return general_equipment(series) | {"DeviceSerialNumber": __version__}


def frame_of_reference(series: SeriesPlan) -> Attributes:
    """Frame of Reference (C.7.4.1): one for all layers of an export."""
    return {"FrameOfReferenceUID": series.study.frame_of_reference_uid, "PositionReferenceIndicator": ""}
