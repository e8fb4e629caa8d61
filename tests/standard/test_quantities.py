"""Quantities and units are those of the standard's own tables."""

from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from napari_dicom_writer.standard.quantities import QUANTITIES, QUANTITY, is_ucum, ucum

GROUPS = [getattr(codes, f"cid{number}") for number in (7180, 7469)]
TERMS = {term.value: term for group in GROUPS for term in (getattr(group, keyword) for keyword in group.dir())}
TERMS[codes.DCM.Probability.value] = codes.DCM.Probability
TERMS[codes.DCM.StandardizedUptakeValue.value] = codes.DCM.StandardizedUptakeValue
KNOWN_UNITS = {getattr(codes.UCUM, keyword).value for keyword in codes.UCUM.dir()}


@pytest.mark.parametrize("key", QUANTITIES)
def test_code_and_meaning_agree_with_the_standard(key):
    code, units = QUANTITIES[key].code, QUANTITIES[key].units
    assert TERMS[code.value].meaning == code.meaning
    assert set(units) <= KNOWN_UNITS


def test_the_concept_is_the_standards():
    assert (QUANTITY.value, QUANTITY.meaning) == (codes.SCT.Quantity.value, codes.SCT.Quantity.meaning)


@pytest.mark.parametrize(
    ("unit", "code"), [("HU", "[hnsf'U]"), ("", "1"), ("US", "1"), ("SUV", "g/ml{SUVbw}"), ("BQML", "Bq/ml")]
)
def test_short_names_become_units_of_ucum(unit, code):
    assert ucum(unit).value == code
    assert ucum(unit).meaning in {getattr(codes.UCUM, keyword).meaning for keyword in codes.UCUM.dir()}


def test_what_has_blanks_is_none():
    assert [is_ucum(unit) for unit in ("mm2/s", "Grad C", "°C", "")] == [True, False, False, True]
