"""What a Parametric Map says of its values: quantity and unit as codes, never a unit that is none."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_files, dicom_validator, simpleitk_volume
from napari_dicom_writer import ExportOptions, LayerOptions, NoteKind, OptionsError, Volume, export, plan_export

VALUES = np.random.default_rng(8).normal(size=(3, 5, 7)).astype("f4")


def volume(values=VALUES):
    return Volume(values, spacing=(2, 1, 1), name="map")


def mapping(report):
    shared = pydicom.dcmread(report.path).SharedFunctionalGroupsSequence[0]
    return shared.RealWorldValueMappingSequence[0]


def test_image_type_says_that_a_quantity_was_derived_where_that_is_known(tmp_path):
    """By the defined terms of PS3.3 C.8.16.1.4; NONE claims nothing."""
    for given, term in (({}, "NONE"), ({"quantity": "adc"}, "QUANTITY"), ({"value_unit": "ms"}, "QUANTITY")):
        options = ExportOptions(object="parametric-map", **given)
        found = pydicom.dcmread(export(volume(), tmp_path / f"x{'-'.join(given)}", options).path)
        frame = found.SharedFunctionalGroupsSequence[0].ParametricMapFrameTypeSequence[0]
        assert found.ImageType == frame.FrameType == ["DERIVED", "PRIMARY", "VOLUME", term]


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


@pytest.mark.parametrize(("dtype", "limit"), [("f4", 1), ("f8", 1), ("f4", -np.inf)])
def test_nan_is_kept_and_declared_as_padding(tmp_path, dtype, limit):
    values = np.where(limit < VALUES, np.nan, VALUES).astype(dtype)
    report = export(volume(values), tmp_path / "x", ExportOptions(object="parametric-map", verify="medium"))
    dataset = pydicom.dcmread(report.path)
    keyword = "FloatPixelPaddingValue" if dtype == "f4" else "DoubleFloatPixelPaddingValue"
    assert np.isnan(dataset[keyword].value)
    np.testing.assert_array_equal(dataset.pixel_array, values)
    assert any("declared as padding" in note.text for note in report.plan.notes)
    assert dciodvfy([report.path]) == ([], [])
    assert dicom_validator([report.path]) == []


@pytest.mark.parametrize(("modality", "key"), [("OT", "sc"), ("CT", "ct"), ("MR", "mr"), ("PT", "pet")])
def test_a_companion_is_an_image_that_16_bit_programs_open(tmp_path, modality, key):
    values = np.where(VALUES > 2, np.nan, VALUES)
    options = ExportOptions(object="parametric-map", modality=modality, companion=True, value_unit="mm2/s")
    report = export(volume(values), tmp_path / "x", options)
    chart, image = report.plan.series
    assert (chart.iod, image.iod, image.description) == ("parametric-map", key, "map, 16 bits")
    assert [chart.number, image.number] == [1, 2]
    one, *others = [pydicom.dcmread(file) for file in dicom_files(report.path)]
    assert {other.StudyInstanceUID for other in others} == {one.StudyInstanceUID}
    assert {other.FrameOfReferenceUID for other in others} == {one.FrameOfReferenceUID}
    np.testing.assert_array_equal(one.pixel_array, values.astype("f4"))
    # The map names the plane of each frame, and the series.
    places = {other.SOPInstanceUID: other.ImagePositionPatient for other in others}
    assert one.ReferencedSeriesSequence[0].SeriesInstanceUID == image.uid
    for frame in one.PerFrameFunctionalGroupsSequence:
        named = frame.ReferencedImageSequence[0].ReferencedSOPInstanceUID
        assert places[named] == frame.PlanePositionSequence[0].ImagePositionPatient
    folder = next(path for path in report.path.iterdir() if path.name.startswith("2-"))
    if key != "mr":  # whose real values SimpleITK does not know
        lowest = np.where(np.isnan(values), np.nanmin(values), values)
        np.testing.assert_allclose(simpleitk_volume(folder).values, lowest, atol=2 * image.stored.largest_error)
    assert any("NaN" in note.text and "its companion" in note.where for note in report.plan.notes)
    assert dciodvfy(dicom_files(report.path)) == ([], [])
    assert dicom_validator(dicom_files(report.path)) == []


def test_a_map_names_the_image_that_it_is_exported_with():
    scan = Volume(np.zeros((3, 5, 7), "i2"), spacing=(2, 1, 1), name="scan")
    image, chart = plan_export([scan, (volume(), LayerOptions(object="parametric-map"))]).series
    assert chart.shown_with.series_uid == image.uid
    (alone,) = plan_export(volume(), ExportOptions(object="parametric-map")).series
    assert alone.shown_with is None
    (note,) = [note for note in alone.notes if "No image of this export" in note.text]
    assert note.fix.option == "companion"
    ohif = [{v.software: v.opens for v in series.opens_in}["OHIF"] for series in (chart, alone)]
    assert ohif == [True, False]
