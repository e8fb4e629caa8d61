"""A result in the patient, the study and the space of its source: what is taken, what is not, what is refused."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_charset_files, get_testdata_file
from pydicom.datadict import tag_for_keyword
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from judges.crossfile import study_faults
from judges.raw_dicom import dataset, part10
from judges.readers import dcentvfy, dciodvfy, dicom_files, dicom_validator, read_series
from judges.tables import MODALITIES
from judges.volumes import oblique_volume
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    Fix,
    NoteKind,
    OptionsError,
    Patient,
    ReadError,
    Series,
    Study,
    Volume,
    export,
    plan_export,
)
from napari_dicom_writer.cli.arguments import on_command_line
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.identity.inherit import read_reference, with_reference
from napari_dicom_writer.identity.reference_file import _LEFT, TAKEN, keywords

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
SMALL = Volume(np.zeros((2, 3, 4), np.int16), spacing=(2, 1, 1), name="result")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A CT instance with all that is taken, and much that must not be."""
    header = pydicom.Dataset()
    header.SpecificCharacterSet = "ISO_IR 101"
    for group in (PATIENT, STUDY):
        for field, keyword in keywords(type(group)).items():
            setattr(header, keyword, getattr(group, field))
    header.SpecificCharacterSet = ["ISO_IR 100", "ISO 2022 IR 101"]
    for keyword, value in FORBIDDEN.items():
        setattr(header, keyword, value)
    header.Modality = "CT"
    header.SOPClassUID, header.SOPInstanceUID, header.SeriesInstanceUID = CTImageStorage, "1.2.3.4", "1.2.3.5"
    header.private_block(0x11, "SECRET", create=True).add_new(1, "LO", "hidden")
    return save(header, tmp_path / "source.dcm")


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


def texts(notes) -> list[str]:
    return [f"{note.kind}: {note}" for note in notes]


# ---------------------------------------------------------------------------------------------------------- reading


def test_what_is_taken_and_what_is_not(source):
    found = read_reference(source)
    assert (found.patient, found.study, found.modality) == (PATIENT, STUDY, "CT")
    assert [attribute.keyword for attribute in found.taken] == list(KEYWORDS)
    assert found.taken[0] == ("PatientName", "Müller^Jürgen^^Dr.")
    others = set(FORBIDDEN) - {"InstitutionName", "OperatorsName", "StationName", "DeviceSerialNumber", "ProtocolName"}
    assert {attribute.keyword for attribute in found.left} == others
    assert {attribute.text for attribute in found.left} == {"is not among what is taken"}
    assert found.left[0].name


def test_the_lists_are_right():
    assert all(tag_for_keyword(keyword) for keyword in _LEFT)
    assert not set(_LEFT) & set(KEYWORDS)
    assert set(TAKEN[Study]) == {item.name for item in fields(Study)}
    page = (Path(__file__).parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
    for keyword in KEYWORDS:
        tag = f"{tag_for_keyword(keyword):08X}"
        assert f"({tag[:4]},{tag[4:]})" in page


BUNDLED = ["CT_small", "MR_small_implicit", "MR_small_bigendian", "image_dfl", "JPEG2000", "rtplan", "badVR", "test-SR"]


@pytest.mark.parametrize("name", BUNDLED)
def test_other_peoples_files(name):
    path = get_testdata_file(f"{name}.dcm")
    header = pydicom.dcmread(path)
    found = read_reference(path)
    assert found.patient.name == str(header.PatientName)
    assert found.patient.id == header.PatientID
    assert found.study.instance_uid == header.get("StudyInstanceUID", "")
    assert found.study.frame_of_reference_uid == header.get("FrameOfReferenceUID", "")
    assert found.modality == header.Modality


@pytest.mark.parametrize("path", get_charset_files("chr[!S]*.dcm"), ids=lambda p: Path(p).name)
def test_names_of_all_scripts(path):
    assert read_reference(path).patient.name.rstrip("=") == str(pydicom.dcmread(path).PatientName)


@pytest.mark.parametrize(
    "name", ["no_meta.dcm", "ExplVR_LitEndNoMeta.dcm", "meta_missing_tsyntax.dcm", "DICOMDIR", "rtstruct.dump"]
)
def test_what_is_no_instance(name):
    path = get_testdata_file(name)
    with pytest.raises(ReadError) as error:
        read_reference(path)
    assert [refusal.where for refusal in error.value.refusals] == ["reference"]
    assert path not in str(error.value)


@pytest.mark.parametrize(
    ("keyword", "value", "field", "expected"),
    [
        ("PatientSex", b"m", "sex", "M"),
        ("PatientSex", b" F ", "sex", "F"),
        ("PatientSex", b"  ", "sex", ""),
        ("PatientBirthDate", b"19520229", "birth_date", "19520229"),
        ("PatientID", b"  0815 \0", "id", "0815"),
        ("PatientName", b"Doe\0", "name", "Doe"),
    ],
)
def test_values_with_padding_or_in_lower_case(tmp_path, keyword, value, field, expected):
    found = read_reference(raw(tmp_path / "x", {keyword: value}))
    assert getattr(found.patient, field) == expected
    assert found.left == ()


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientSex", b"unknown"),
        ("PatientSex", b"M\\F"),
        ("PatientBirthDate", b"19520230"),
        ("PatientBirthDate", b"1952"),
        ("PatientBirthDate", b"1952022\xff"),
        ("StudyDate", b"20260131\\20260201"),
        ("StudyTime", b"2560"),
        ("StudyID", b"x" * 17),
        ("StudyDescription", b"a\\b"),
        ("StudyDescription", b"Gr\xf6\xdfe"),
        ("StudyDescription", b"line\n"),
        ("StudyDescription", b"x" * 5000),
        ("AccessionNumber", b"\x1b$B"),
        ("ReferringPhysicianName", b"a^b^c^d^e^f"),
        ("ReferringPhysicianName", b"One\\Two"),
        ("StudyInstanceUID", b"1.2.03"),
        ("StudyInstanceUID", b"1.2.3\\1.2.4"),
        ("StudyInstanceUID", b"1.2.3\n"),
        ("FrameOfReferenceUID", b"none"),
    ],
)
def test_values_that_are_not_valid_are_left_with_the_reason(tmp_path, keyword, value):
    path = raw(tmp_path / "x", {keyword: value})
    (left,) = read_reference(path).left
    assert left.keyword == keyword
    assert left.text
    assert value.decode("latin_1") not in left.text
    options = ExportOptions(reference=path, same_study=False, same_space=False)
    merged, (note,) = with_reference(options)
    assert f"not valid there, and left out: {left.name}" in note.text
    assert merged.patient.name == "Doe^Jane"


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID"])
@pytest.mark.parametrize("value", [b"M\xfcller", b"Doe\\Secret", b"Secret\n", b"x" * 66, b"x" * 5000, b"\x1b$B;3"])
def test_doubt_about_the_patient_refuses_the_file(tmp_path, keyword, value):
    with pytest.raises(ReadError) as error:
        read_reference(raw(tmp_path / "x", {keyword: value}))
    (refusal,) = error.value.refusals
    assert pydicom.datadict.dictionary_description(keyword) in refusal.what
    assert "Secret" not in str(error.value)


def test_both_doubts_are_told_at_once(tmp_path):
    with pytest.raises(ReadError) as error:
        read_reference(raw(tmp_path / "x", {"PatientName": b"\xff", "PatientID": b"\xff"}))
    assert len(error.value.refusals) == 2


@pytest.mark.parametrize("charset", [b"ISO_IR 1000", b"x" * 5000])
def test_an_unknown_character_set_refuses_what_is_text(tmp_path, charset):
    with pytest.raises(ReadError):
        read_reference(raw(tmp_path / "x", {"SpecificCharacterSet": charset}))
    anonymous = {"SpecificCharacterSet": charset, "PatientName": b"", "PatientID": b"", "StudyID": b"7"}
    found = read_reference(raw(tmp_path / "x", anonymous))
    assert [attribute.keyword for attribute in found.taken] == ["StudyInstanceUID"]
    assert [attribute.keyword for attribute in found.left] == ["StudyID"]


CANARY = "Qvzx"
TEXT = st.text(max_size=80).map(lambda text: (CANARY + text).encode("utf-8", "surrogatepass"))
VALUES = st.dictionaries(st.sampled_from([*KEYWORDS, "PatientAge", "Modality"]), TEXT | st.binary(max_size=80))
CHARSETS = st.sampled_from([b"", b"ISO_IR 100", b"ISO_IR 192", b"GB18030", b"\\ISO 2022 IR 87", b"ISO_IR 13", b"?"])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(VALUES, CHARSETS)
def test_any_values_are_taken_or_refused_without_telling_them(tmp_path_factory, values, charset):
    path = tmp_path_factory.getbasetemp() / "fuzz.dcm"
    path.write_bytes(part10(dataset(values | {"SpecificCharacterSet": charset})))
    try:
        found = read_reference(path)
        merged, notes = with_reference(ExportOptions(reference=path))
    except ExportError as error:
        message = str(error)
    else:
        message = "".join(texts(notes))
        assert merged.reference is None
        assert all(CANARY not in attribute.text for attribute in found.left)
        assert "\ufffd" not in repr(found)
    assert CANARY not in message


# ---------------------------------------------------------------------------------------------------------- merging


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
        f"{title} is given, and is another one in the reference" for title in titles
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


# ------------------------------------------------------------------------------------------------------- end to end


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


# ----------------------------------------------------------------------------------------------------- command line


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
    assert "reference: Patient ID is given, and is another one in the reference. Leave it out" in said
    assert run(stack, tmp_path / "out", "--reference", tmp_path, "--dry-run") == 1
    assert capsys.readouterr().err == "reference: It is not a file. Choose another DICOM image.\n"
    assert not (tmp_path / "out").exists()
