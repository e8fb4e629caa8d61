"""Files that a result is derived from: with all that is taken, and much that must not be."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.uid import ExplicitVRLittleEndian

from judges.raw_dicom import dataset, part10
from napari_dicom_writer import Patient, Study
from napari_dicom_writer.identity.reference_file import keywords

PATIENT = Patient(name="Müller^Jürgen^^Dr.", id="Ä-4711", birth_date="1952-02-29", sex="M")
STUDY = Study(
    instance_uid="1.2.826.0.1.42",
    frame_of_reference_uid="1.2.826.0.1.43",
    date="2026-01-31",
    time="23:59:58.25",
    id="Étude 7",
    description="Größe",
    accession_number="ACC 0815",
    referring_physician="Žižek^Šárka",
)
KEYWORDS = {**keywords(Patient), **{f"study {k}": v for k, v in keywords(Study).items()}}.values()
FORBIDDEN = {
    "PatientAge": "074Y",
    "PatientWeight": "71.5",
    "PatientComments": "likes tea",
    "OtherPatientNames": "Somebody^Else",
    "IssuerOfPatientID": "Hospital",
    "PhysiciansOfRecord": "Who",
    "InstitutionName": "Clinic",
    "OperatorsName": "Operator",
    "StationName": "CT1",
    "DeviceSerialNumber": "12345",
    "ProtocolName": "Thorax",
    "PositionReferenceIndicator": "sternum",
}


def save(header: pydicom.Dataset, path: Path) -> Path:
    header.file_meta = pydicom.dataset.FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.save_as(path, enforce_file_format=True)
    return path


def raw(path: Path, values: dict[str, bytes]) -> Path:
    """A file with a patient and a study, and whatever else there should be."""
    plain = {"PatientName": b"Doe^Jane", "PatientID": b"0815", "StudyInstanceUID": b"1.2.345"}
    path.write_bytes(part10(dataset(plain | values)))
    return path
