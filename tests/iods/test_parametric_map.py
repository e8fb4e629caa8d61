"""What a Parametric Map says of its values: quantity and unit as codes, never a unit that is none."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_validator
from napari_dicom_writer import ExportOptions, NoteKind, OptionsError, Volume, export, plan_export

VALUES = np.random.default_rng(8).normal(size=(3, 5, 7)).astype("f4")


def volume(values=VALUES):
    return Volume(values, spacing=(2, 1, 1), name="map")


def mapping(report):
    shared = pydicom.dcmread(report.path).SharedFunctionalGroupsSequence[0]
    return shared.RealWorldValueMappingSequence[0]


@pytest.mark.parametrize(
    ("quantity", "unit", "code"),
    [("adc", "um2/s", "um2/s"), ("attenuation", "HU", "[hnsf'U]"), ("suv", "SUV", "g/ml{SUVbw}"), ("fa", "", "1")],
)
def test_quantity_and_unit_are_codes(tmp_path, quantity, unit, code):
    options = ExportOptions(object="parametric-map", quantity=quantity, value_unit=unit)
    report = export(volume(), tmp_path / "x", options)
    found = mapping(report)
    assert found.MeasurementUnitsCodeSequence[0].CodeValue == code
    (item,) = found.QuantityDefinitionSequence
    assert item.ConceptNameCodeSequence[0].CodeMeaning == "Quantity"
    assert found.LUTExplanation == item.ConceptCodeSequence[0].CodeMeaning
    assert dciodvfy([report.path]) == ([], [])
    assert dicom_validator([report.path]) == []


def test_a_unit_that_is_not_given_is_asked_for():
    def asked(**given):
        plan = plan_export(volume(), ExportOptions(object="parametric-map", **given))
        return [note.fix for note in plan.notes if note.kind is NoteKind.ASSUMED and "without unit" in note.text]

    assert asked(quantity="ktrans")[0].value == "/min"
    assert asked(quantity="adc")[0].value is None  # it is given in several
    assert asked() != []
    assert asked(value_unit="ms") == asked(quantity="fa") == []


def test_what_is_no_unit_is_refused():
    with pytest.raises(OptionsError, match="not a unit of UCUM"):
        plan_export(volume(), ExportOptions(object="parametric-map", value_unit="Grad °C"))


def test_a_quantity_of_another_object_is_not_written_and_said():
    plan = plan_export(volume(), ExportOptions(quantity="adc"))
    assert any("it belongs to Enhanced MR, MR or Parametric Map" in note.text for note in plan.notes)
