"""Who was imaged, in which study, and what the series say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from napari_dicom_writer.options.fields import attribute, check

_SEXES = {"": "", "F": "female", "M": "male", "O": "other"}


_SIDES = {"": "", "L": "left", "R": "right"}


# PS3.3 C.7.3.1.1.2
_PATIENT_POSITIONS = {
    term: term for term in " HFP HFS HFDR HFDL FFP FFS FFDR FFDL LFP LFS RFP RFS AFDR AFDL PFDR PFDL".split(" ")
}


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Who was imaged (PS3.3 C.7.1.1, C.7.2.2). Without a name and an ID the patient is anonymous.

    Text only; an empty ID becomes one unique to the study, never a shared constant. The one exception is a patient
    named for a study that exists already: there an empty ID stays empty, as it may be in that study.
    """

    name: str = attribute("PatientName", "Family^Given^Middle^Prefix^Suffix", "Anonymous^")
    id: str = attribute("PatientID", "hospital number; empty: one unique to the study", label="ID")
    birth_date: str = attribute("PatientBirthDate", "YYYY-MM-DD")
    sex: str = attribute("PatientSex", "M, F or O", choices=_SEXES)
    age: str = attribute(
        "PatientAge", "number and unit (Y, M, W, D), such as 042Y; without a unit: in years", rare=True
    )
    weight: str = attribute("PatientWeight", "in kilograms", rare=True)
    size: str = attribute("PatientSize", "height in meters", rare=True)

    def __post_init__(self) -> None:
        check(self, "patient")


@dataclass(frozen=True, kw_only=True)
class Study:
    """The examination all exported series belong to (PS3.3 C.7.2.1).

    A new study is of today, with the Study ID 1, unless it says otherwise. Of one that exists already nothing is made
    up: what is not given stays empty.
    """

    instance_uid: str = attribute(
        "StudyInstanceUID", "of an existing study to add to; empty: a new study", label="Study UID", rare=True
    )
    frame_of_reference_uid: str = attribute(
        "FrameOfReferenceUID",
        "of an existing patient space the layers lie in; empty: a new one",
        label="Frame of reference",
        rare=True,
    )
    date: str = attribute("StudyDate", "YYYY-MM-DD; empty: today, in a new study", label="Study date")
    time: str = attribute("StudyTime", "HH:MM:SS; empty: now, in a new study", label="Study time", rare=True)
    id: str = attribute("StudyID", "short text; empty: 1, in a new study", label="Study ID", rare=True)
    description: str = attribute("StudyDescription", "what the study is about", label="Study")
    accession_number: str = attribute("AccessionNumber", "number of the order at the hospital", rare=True)
    referring_physician: str = attribute("ReferringPhysicianName", "Family^Given", rare=True)

    def __post_init__(self) -> None:
        check(self, "study")


@dataclass(frozen=True, kw_only=True)
class Series:
    """What the exported series say of themselves (PS3.3 C.7.3.1, C.7.5.1)."""

    description: str = attribute("SeriesDescription", "empty: the layer's name")
    number: str = attribute(
        "SeriesNumber", "of the first series; the next ones count on; empty: 1, or in an existing study a free one"
    )
    protocol: str = attribute("ProtocolName", "how the images were made", rare=True)
    body_part: str = attribute(
        "BodyPartExamined",
        "term of PS3.16 annex L, such as BRAIN or CHEST",
        usual=tuple("BRAIN HEAD NECK CHEST BREAST HEART LUNG ABDOMEN LIVER KIDNEY PELVIS SPINE KNEE".split()),
    )
    laterality: str = attribute("Laterality", "L or R, for a paired body part", choices=_SIDES, rare=True)
    patient_position: str = attribute(
        "PatientPosition", "CT and MR: such as HFS or FFP", choices=_PATIENT_POSITIONS, rare=True
    )
    date: str = attribute("SeriesDate", "YYYY-MM-DD; when the series was acquired", label="Series date", rare=True)
    time: str = attribute("SeriesTime", "HH:MM:SS; of PET, to which decay is corrected", label="Series time", rare=True)
    acquisition_date: str = attribute(
        "AcquisitionDate", "YYYY-MM-DD; when the images were acquired; Bio-Formats needs it", rare=True
    )
    acquisition_time: str = attribute("AcquisitionTime", "HH:MM:SS; of the first time point", rare=True)
    repetition_time: str = attribute("RepetitionTime", "MR: in milliseconds; dicom2nifti needs it", rare=True)
    echo_time: str = attribute("EchoTime", "MR: in milliseconds; dicom2nifti needs it", rare=True)
    institution: str = attribute("InstitutionName", "where the images were made", rare=True)
    department: str = attribute("InstitutionalDepartmentName", "department of the institution", rare=True)
    station: str = attribute("StationName", "name of the workstation, if it should be known", rare=True)
    operator: str = attribute("OperatorsName", "Family^Given of the person who made the images", rare=True)

    def __post_init__(self) -> None:
        check(self, "series")


@dataclass(frozen=True, kw_only=True)
class Pet:
    """What a PET was made with, for those who compute uptake from it (PS3.3 C.8.9.1, C.8.9.2)."""

    radiopharmaceutical: str = attribute("Radiopharmaceutical", "such as Fluorodeoxyglucose", rare=True)
    dose: str = attribute("RadionuclideTotalDose", "injected, in becquerel", label="Injected dose", rare=True)
    half_life: str = attribute("RadionuclideHalfLife", "in seconds; of fluorine-18 6586.2", rare=True)
    injection: str = attribute(
        "RadiopharmaceuticalStartDateTime", "moment of it, such as 2026-01-31 10:20:00", rare=True
    )
    decay_correction: str = attribute(
        "DecayCorrection",
        "to which moment values are corrected; empty: none is, or as the reference says",
        choices={"": "", "NONE": "none", "START": "start of the series", "ADMIN": "injection"},
        rare=True,
    )
    suv_type: str = attribute(
        "SUVType",
        "by what standard uptake values are normalized; empty: by body weight",
        label="SUV by",
        choices={
            "": "",
            "BW": "body weight",
            "BSA": "body surface area",
            "LBM": "lean body mass",
            "LBMJAMES128": "lean body mass (James, 128)",
            "LBMJANMA": "lean body mass (Janmahasatian)",
            "IBW": "ideal body weight",
        },
        rare=True,
    )

    def __post_init__(self) -> None:
        check(self, "pet")
