"""A reference beside what the user gives: what each says, and contradictions."""

from __future__ import annotations

from dataclasses import replace

import pydicom
import pytest

from judges.references import KEYWORDS, PATIENT, STUDY, raw
from napari_dicom_writer import ExportOptions, Fix, NoteKind, OptionsError, Patient, Series, Study
from napari_dicom_writer.cli.arguments import on_command_line
from napari_dicom_writer.identity.inherit import with_reference


def test_without_a_reference_nothing_changes():
    options = ExportOptions(modality="CT", same_study=False)
    assert with_reference(options) == (options, [])


def test_everything_is_taken_and_announced(source):
    merged, notes = with_reference(ExportOptions(reference=source))
    assert merged == ExportOptions(patient=PATIENT, study=STUDY)
    assert [note.kind for note in notes] == [NoteKind.INFO, NoteKind.ASSUMED, NoteKind.INFO]
    assert notes[0].text == "Patient and study taken from the reference: 12 attributes"
    assert (notes[1].fix, "--no-same-space" in notes[1].spelled(on_command_line).hint) == (
        Fix("same_space", False, "New space"),
        True,
    )
    assert notes[2].fix == Fix("modality", "CT", "Write as CT")
    assert {note.where for note in notes} == {""}


def test_the_same_modality_is_no_news(source):
    _, notes = with_reference(ExportOptions(reference=source, modality="CT"))
    assert len(notes) == 2


def test_what_the_user_adds_stays(source):
    given = ExportOptions(
        reference=source,
        patient=Patient(age="074Y", weight="70"),
        series=Series(description="denoised"),
        nan=0,
    )
    merged, _ = with_reference(given)
    assert merged.patient == replace(PATIENT, age="074Y", weight="70")
    assert replace(merged, patient=Patient(), study=Study()) == ExportOptions(series=given.series, nan=0)


def test_what_is_given_alike_is_no_conflict(source):
    patient = Patient(name="Müller ^Jürgen^^Dr.^", id="Ä-4711", birth_date="19520229")
    study = Study(time="235958.250", date="2026-01-31", instance_uid=STUDY.instance_uid)
    merged, _ = with_reference(ExportOptions(reference=source, patient=patient, study=study))
    assert (merged.patient, merged.study) == (PATIENT, STUDY)


def test_what_the_reference_does_not_say_is_the_users(tmp_path):
    path = raw(tmp_path / "x", {"PatientID": b""})
    merged, _ = with_reference(ExportOptions(reference=path, patient=Patient(id="7", sex="F"), study=Study(id="9")))
    assert merged.patient == Patient(name="Doe^Jane", id="7", sex="F")
    assert merged.study == Study(instance_uid="1.2.345", id="9")


def test_contradictions_are_refused_each_by_its_name(source):
    other = ExportOptions(
        reference=source,
        patient=Patient(name="Smith^John", id="Ä-4712", birth_date="1952-02-28", sex="F"),
        study=Study(
            instance_uid="1.2.3",
            frame_of_reference_uid="1.2.4",
            date="2026-02-01",
            time="23:59",
            id="8",
            description="x",
            accession_number="y",
            referring_physician="z",
        ),
    )
    with pytest.raises(OptionsError) as error:
        with_reference(other)
    titles = [pydicom.datadict.dictionary_description(keyword) for keyword in KEYWORDS]
    assert [r.what for r in error.value.refusals] == [
        f"{title} is given, and differs from the reference" for title in titles
    ]
    assert {r.where for r in error.value.refusals} == {"reference"}
    for secret in ("Smith", "4712", "4711", "Müller", "1952", str(source)):
        assert secret not in str(error.value)


def test_a_new_study(source):
    merged, notes = with_reference(ExportOptions(reference=source, same_study=False))
    assert (merged.patient, merged.study) == (PATIENT, replace(STUDY, instance_uid=""))
    assert "11 attributes" in notes[0].text


def test_a_third_study_takes_the_patient_only(source):
    given = Study(instance_uid="1.2.3", date="2020-01-01")
    merged, notes = with_reference(ExportOptions(reference=source, study=given, same_study=False))
    assert (merged.patient, merged.study) == (PATIENT, replace(given, frame_of_reference_uid="1.2.826.0.1.43"))
    assert "5 attributes" in notes[0].text


def test_a_new_space(source):
    merged, notes = with_reference(ExportOptions(reference=source, same_space=False, modality="CT"))
    assert merged.study == replace(STUDY, frame_of_reference_uid="")
    assert [note.kind for note in notes] == [NoteKind.INFO]
    given = Study(frame_of_reference_uid="1.2.3")
    merged, _ = with_reference(ExportOptions(reference=source, same_space=False, study=given))
    assert merged.study == replace(STUDY, frame_of_reference_uid="1.2.3")


def test_a_reference_without_a_space(tmp_path):
    _, notes = with_reference(ExportOptions(reference=raw(tmp_path / "x", {})))
    assert "no Frame of Reference" in notes[1].text


@pytest.mark.parametrize("value", [b"", b"1.2.03"])
def test_a_study_that_cannot_be_shared(tmp_path, value):
    path = raw(tmp_path / "x", {"StudyInstanceUID": value})
    with pytest.raises(OptionsError) as error:
        with_reference(ExportOptions(reference=path))
    (refusal,) = error.value.refusals
    assert (refusal.fix, "--no-same-study" in refusal.spelled(on_command_line).remedy) == (
        Fix("same_study", False, "New study"),
        True,
    )
    for options in (ExportOptions(same_study=False), ExportOptions(study=Study(instance_uid="1.2.3"))):
        merged, _ = with_reference(replace(options, reference=path))
        assert merged.study == options.study


def test_a_space_that_cannot_be_shared(tmp_path):
    path = raw(tmp_path / "x", {"FrameOfReferenceUID": b"1..2"})
    with pytest.raises(OptionsError) as error:
        with_reference(ExportOptions(reference=path))
    (refusal,) = error.value.refusals
    assert (refusal.fix, "--no-same-space" in refusal.spelled(on_command_line).remedy) == (
        Fix("same_space", False, "New space"),
        True,
    )
    with_reference(ExportOptions(reference=path, same_space=False))
