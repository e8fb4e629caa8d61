"""A result in the patient, the study and the space of its source, from Python and on the command line."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.crossfile import study_faults
from judges.readers import dcentvfy, dciodvfy, dicom_files, dicom_validator, read_series
from judges.references import FORBIDDEN, KEYWORDS, PATIENT, STUDY, raw
from judges.tables import MODALITIES
from judges.volumes import oblique_volume
from napari_dicom_writer import ExportError, ExportOptions, Patient, Series, Volume, export, plan_export
from napari_dicom_writer.cli.main import main

SMALL = Volume(np.zeros((2, 3, 4), np.int16), spacing=(2, 1, 1), name="result")


def headers(path: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(file) for file in dicom_files(path)]


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_result_lands_in_its_study(tmp_path, source, modality):
    original = pydicom.dcmread(source)
    report = export(oblique_volume(), tmp_path / "out", ExportOptions(reference=source, modality=modality))
    for header in headers(report.path):
        for keyword in KEYWORDS:
            assert str(header[keyword].value) == str(original[keyword].value)
        given = {keyword for keyword in FORBIDDEN if header.get(keyword)}
        assert not given
        assert not [element for element in header if element.tag.is_private]
        assert header.SeriesInstanceUID != original.SeriesInstanceUID
        assert header.SOPInstanceUID != original.SOPInstanceUID
    files = dicom_files(report.path)
    assert dciodvfy(files) == ([], [])
    assert dicom_validator(files) == []


def test_a_result_agrees_with_its_source_in_all_that_a_study_shares(tmp_path):
    series = Series(number="1", institution="Clinic", operator="Who")
    export(oblique_volume(), tmp_path / "a", ExportOptions(patient=PATIENT, study=STUDY, series=series, modality="CT"))
    options = ExportOptions(reference=tmp_path / "a" / "00001.dcm", modality="CT", series=Series(number="2"))
    export(oblique_volume(), tmp_path / "b", options)
    both = dicom_files(tmp_path)
    assert dcentvfy(both) == []
    assert study_faults(read_series(tmp_path)) == []


def test_nobody_stays_nobody(tmp_path):
    """An empty name, ID and date of an existing study are not filled in, also where the name is our own default."""
    for name in (b"", b"Anonymous^"):
        empty = {"PatientName": name, "PatientID": b"", "StudyDate": b"", "StudyTime": b"", "StudyID": b""}
        path = raw(tmp_path / "x", empty)
        report = export(SMALL, tmp_path / "out", ExportOptions(reference=path, overwrite=True))
        for header in headers(report.path):
            assert header.PatientName == name.decode()
            assert {header.PatientID, header.StudyDate, header.StudyTime, header.StudyID} <= {"", None}
        assert dciodvfy(dicom_files(report.path))[0] == []  # it warns that a DICOMDIR would need them


def test_a_new_study_of_nobody_gets_an_id_of_its_own(tmp_path):
    path = raw(tmp_path / "x", {"PatientName": b"", "PatientID": b""})
    header = headers(export(SMALL, tmp_path / "out", ExportOptions(reference=path, same_study=False)).path)[0]
    assert header.PatientID.startswith("ANON-")
    assert header.StudyInstanceUID != "1.2.345"
    assert header.StudyID == "1"


def test_the_plan_knows_the_notes_once_and_the_path_not_at_all(source):
    plan = plan_export([SMALL, SMALL], ExportOptions(reference=source))
    said = [note for note in plan.notes if "reference" in note.text]
    assert len(said) == 3
    assert {note.where for note in said} == {""}
    assert source.name not in repr(plan)
    assert source.name.encode() not in pickle.dumps(plan)


def test_refusals_come_together_with_those_of_the_layers(tmp_path, source):
    options = ExportOptions(reference=source, patient=Patient(id="7"))
    with pytest.raises(ExportError) as error:
        export([SMALL, np.zeros((2, 3), complex)], tmp_path / "out", options)
    assert {refusal.where for refusal in error.value.refusals} == {"reference", "layer 2"}
    assert not (tmp_path / "out").exists()


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    np.save(tmp_path / "stack.npy", np.zeros((3, 20, 20), np.int16))
    return tmp_path / "stack.npy"


def run(*arguments: object) -> int:
    return main(["export", *map(str, arguments)])


def test_on_the_command_line(source, stack, tmp_path, capsys):
    assert run(stack, tmp_path / "out", "--modality", "CT", "--reference", source) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Patient and study taken from the reference: 12 attributes" in said
    assert "--no-same-space" in said
    header = headers(tmp_path / "out")[0]
    assert (header.PatientID, header.StudyInstanceUID) == (PATIENT.id, STUDY.instance_uid)
    assert header.FrameOfReferenceUID == STUDY.frame_of_reference_uid


def test_the_switches_on_the_command_line(source, stack, tmp_path):
    assert run(stack, tmp_path / "out", "--reference", source, "--no-same-study", "--no-same-space") == 0
    header = headers(tmp_path / "out")[0]
    assert (header.PatientID, header.StudyDescription) == (PATIENT.id, STUDY.description)
    assert header.StudyInstanceUID != STUDY.instance_uid
    assert header.FrameOfReferenceUID != STUDY.frame_of_reference_uid


def test_a_dry_run_tells_and_refuses_the_same(source, stack, tmp_path, capsys):
    assert run(stack, tmp_path / "out", "--reference", source, "--dry-run") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "taken from the reference" in said
    assert "The reference is CT, and what is written is OT" in said
    assert run(stack, tmp_path / "out", "--reference", source, "--dry-run", "--patient-id", "7") == 1
    said = capsys.readouterr().err
    assert "reference: Patient ID is given, and differs from the reference. Leave it out" in said
    assert run(stack, tmp_path / "out", "--reference", tmp_path, "--dry-run") == 1
    assert capsys.readouterr().err.startswith("reference: The DICOM files there hold no pictures")
    assert not (tmp_path / "out").exists()
