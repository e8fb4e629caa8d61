"""What is taken from a reference, what is not, and which files are refused."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_charset_files, get_testdata_file
from pydicom.datadict import tag_for_keyword

from judges.raw_dicom import dataset, part10
from judges.references import FORBIDDEN, KEYWORDS, PATIENT, STUDY, raw
from napari_dicom_writer import ExportError, ExportOptions, ReadError, Study
from napari_dicom_writer.identity.inherit import read_reference, with_reference
from napari_dicom_writer.identity.reference_file import TAKEN
from napari_dicom_writer.standard.patient_study import OF_PATIENT_OR_STUDY


def texts(notes) -> list[str]:
    return [f"{note.kind}: {note}" for note in notes]


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
    assert all(tag_for_keyword(keyword) for keyword in OF_PATIENT_OR_STUDY)
    assert not set(OF_PATIENT_OR_STUDY) & set(KEYWORDS)
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
