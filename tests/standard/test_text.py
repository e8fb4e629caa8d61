"""Text against its VR: pydicom's validators, and what they let through."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.valuerep import DSfloat, validate_value

from napari_dicom_writer import ExportError, ExportOptions, Patient, Series, Study, export
from napari_dicom_writer.standard.decimals import decimal_string, decimal_string_above, decimal_string_below, product
from napari_dicom_writer.standard.text import check, title

# Above, sixteen bytes round to what a double reads as infinite; such values are refused before they come here.
finite = st.floats(-1e300, 1e300)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("PatientBirthDate", "20230231"),  # no such day: pydicom lets it through
        ("PatientBirthDate", "2023"),
        ("PatientBirthDate", "tomorrow"),
        ("StudyTime", "2561"),
        ("StudyTime", "12:60"),
        ("PatientID", "a\\b"),
        ("PatientID", "a\nb"),
        ("PatientID", "a\x00b"),
        ("PatientID", "x" * 65),
        ("StudyID", "x" * 17),
        ("PatientName", "a^b^c^d^e^f"),
        ("PatientName", "x" * 65),
        ("PatientSex", "fe-male"),
        ("PatientAge", "4200"),
        ("PatientWeight", "heavy"),
        ("StudyInstanceUID", "1.2.03"),
        ("StudyInstanceUID", "1.2." + "3" * 64),
        ("StudyInstanceUID", "1"),
        ("StudyInstanceUID", "3.1.2"),
        ("StudyInstanceUID", "1.40.2"),
        ("SeriesNumber", "99999999999"),
        ("SeriesNumber", "1.5"),
        ("BodyPartExamined", "b-rain"),
        ("BodyPartExamined", "x" * 17),
        ("PatientID", float("nan")),
        ("PatientID", 1.5),
        ("PatientID", True),
        ("PatientID", b"bytes"),
        ("PatientName", ["Doe", "Jane"]),
        ("PatientWeight", float("nan")),
        ("PatientWeight", float("inf")),
        ("PatientWeight", "-5"),
        ("PatientSize", 0),
        ("PatientWeight", "１２"),  # Python takes full-width digits for a number
        ("PatientWeight", "٣"),
        ("PatientWeight", "1e400"),
        ("SeriesNumber", "１２"),
        ("PatientBirthDate", "２０２０-０１-０２"),
        ("StudyTime", "１２:３０:００"),
        ("StudyInstanceUID", "1.2.３"),
        ("BodyPartExamined", "ＨＥＡＤ"),
        ("PatientID", "é" + "x" * 63),  # an odd number of bytes is padded, and then too long
        ("PatientName", "é" + "x" * 63),
    ],
)
def test_text_dicom_does_not_allow_is_an_error(keyword, value):
    with pytest.raises(ExportError) as error:
        check(keyword, value)
    assert title(keyword) in str(error.value), "the message names the attribute"
    if isinstance(value, str) and len(value) > 4:
        assert value not in str(error.value), "the value may identify a patient"


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("PatientBirthDate", "1970-02-28", "19700228"),
        ("PatientBirthDate", datetime.date(2000, 2, 29), "20000229"),
        ("StudyTime", "14:05", "1405"),
        ("StudyTime", datetime.time(1, 2, 3), "010203.000000"),
        ("PatientName", "Müller^Jürgen", "Müller^Jürgen"),
        ("PatientName", "Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("PatientID", "  7 ", "7"),
        ("PatientID", "é" * 64, "é" * 64),
        ("PatientID", None, ""),
        ("PatientWeight", 70.5, "70.5"),
        ("SeriesNumber", 5, "5"),
        ("StudyInstanceUID", "2.25.1", "2.25.1"),
    ],
)
def test_text_dicom_allows_is_kept(keyword, value, expected):
    assert check(keyword, value) == expected


@pytest.mark.parametrize("name", ["D" * n for n in (1, 62, 63, 64)] + ["é" * n for n in (62, 63, 64)])
def test_a_name_that_fills_its_length_gets_no_delimiter(tmp_path, name):
    patient, study, series = Patient(name=name), Study(referring_physician=name), Series(operator=name)
    report = export(np.zeros((4, 5), "u1"), tmp_path / "x", ExportOptions(patient=patient, study=study, series=series))
    written = pydicom.dcmread(report.path)
    for keyword in ("PatientName", "ReferringPhysicianName", "OperatorsName"):
        found = str(written[keyword].value)
        assert found in (name, f"{name}^")
        assert len(found) <= 64
        assert found.endswith("^") == (len(name) < 63 or name == "D" * 63)


def test_everything_wrong_with_the_options_is_said_at_once():
    with pytest.raises(ExportError) as error:
        Patient(birth_date="20230231", sex="X", id="a\\b")
    assert len(error.value.refusals) == 3


@pytest.mark.parametrize(
    "options",
    [
        {"modality": "XRAY"},
        {"verify": "maybe"},
        {"transfer_syntax": "jpeg"},
        {"pixel_unit": "second"},
        {"pixel_unit": "parsnip"},
        {"pixel_unit": "0 mm"},
        {"pixel_unit": "-1 mm"},
        {"nan": float("nan")},
        {"nan": float("inf")},
        {"patient": "Doe^Jane"},
        {"value_unit": "a\\b"},
        {"overwrite": "no"},
        {"overwrite": 0},
        {"nan": True},
        {"nan": "0"},
        {"nan": 10**400},
        {"workers": 0},
        {"workers": 1.5},
        {"pixel_unit": ["um"]},
    ],
)
def test_wrong_options_are_errors_with_the_choices(options):
    with pytest.raises(ExportError, match="Choose|Use|Give|Pass|Correct"):
        ExportOptions(**options)


def test_options_are_frozen_and_enumerations_take_strings():
    options = ExportOptions(modality="pet", time="series-per-point", patient=Patient(name="Doe^Jane"))
    assert str(options.modality) == "PT"
    assert options == ExportOptions(modality="PT", time="series-per-point", patient=Patient(name="Doe^Jane"))
    with pytest.raises(AttributeError):
        options.modality = "CT"


def test_groups_have_working_defaults():
    assert Series().number == ""
    assert Patient().name == "Anonymous^"
    assert Study().id == ""
    with pytest.raises(ExportError, match="series.laterality"):
        Series(laterality="B")
    with pytest.raises(ExportError, match="series.patient_position is not a term"):
        Series(patient_position="XYZ")
    assert str(ExportOptions(world="ras").world) == "RAS"


@given(finite)
def test_decimal_strings_fit_and_are_the_nearest_that_do(value):
    text = decimal_string(value)
    assert len(text) <= 16
    validate_value("DS", text, config.RAISE)
    assert text != "-0"
    # Sixteen bytes hold at least nine digits, whatever sign and exponent take.
    assert abs(float(text) - value) <= 1e-8 * abs(value)


@given(finite.filter(lambda v: abs(v) > 1e-90 or v == 0))
def test_directed_rounding_never_goes_the_wrong_way(value):
    low, high = decimal_string_below(value), decimal_string_above(value, 5)
    assert len(low) <= 16
    assert len(high) <= 16
    assert Decimal(low) <= Decimal(value) <= Decimal(high)
    DSfloat(low, validation_mode=config.RAISE)
    DSfloat(high, validation_mode=config.RAISE)


@given(st.floats(1e-8, 1e8), st.integers(-65535, 65535))
def test_a_slope_times_a_stored_value_is_exact(slope, factor):
    text = decimal_string_above(slope, 5)
    assert Decimal(product(text, factor)) == Decimal(text) * factor
