"""Enhanced CT and MR: time points in one file, and what no layer knows is asked for, or assumed aloud."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from judges.readers import dciodvfy, dcm2niix_volume, dicom_validator
from judges.tables import of
from judges.volumes import oblique_volume
from napari_dicom_writer import (
    ExportOptions,
    NoteKind,
    OptionsError,
    Series,
    TransferSyntax,
    Volume,
    export,
    plan_export,
)
from napari_dicom_writer.standard.body_parts import body_part

KEYS = ["enhanced-ct", "enhanced-mr"]
TIMES = np.random.default_rng(3).integers(-900, 900, (3, 4, 12, 15)).astype("i2")
AXES = ("time", "plane", "row", "column")


def planned(key, **given):
    return plan_export(oblique_volume(), ExportOptions(**of(key), **given))


def anatomy(report):
    return pydicom.dcmread(report.path).SharedFunctionalGroupsSequence[0].FrameAnatomySequence[0]


@pytest.mark.parametrize("key", KEYS)
def test_time_points_are_dimensions_of_one_file(tmp_path, key):
    volume = Volume(TIMES, spacing=(2.5, 0.7, 0.6), axes=AXES, time_step=1.5)
    report = export(volume, tmp_path / "x", ExportOptions(**of(key)))
    dataset = pydicom.dcmread(report.path)
    assert dataset.DimensionOrganizationType == "3D_TEMPORAL"
    frames = dataset.PerFrameFunctionalGroupsSequence
    content = [frame.FrameContentSequence[0] for frame in frames]
    expected = [(time, 1, place) for time in (1, 2, 3) for place in (1, 2, 3, 4)]
    assert [tuple(item.DimensionIndexValues) for item in content] == expected
    assert [(i.TemporalPositionIndex, int(i.StackID), i.InStackPositionNumber) for i in content] == expected
    offsets = [frame.TemporalPositionSequence[0].TemporalPositionTimeOffset for frame in frames]
    assert offsets == [1.5 * (time - 1) for time, *_ in expected]
    intercept = float(dataset.SharedFunctionalGroupsSequence[0].PixelValueTransformationSequence[0].RescaleIntercept)
    np.testing.assert_array_equal(dataset.pixel_array.reshape(TIMES.shape) + intercept, TIMES)
    assert dciodvfy([report.path]) == ([], [])
    assert dicom_validator([report.path]) == []
    # dcm2niix makes a volume with time; SimpleITK one long stack, as the verdicts say.
    np.testing.assert_array_equal(dcm2niix_volume(report.path).values[:, :, ::-1], TIMES)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(report.path))).reshape(TIMES.shape), TIMES)
    said = {verdict.software: verdict.opens for verdict in report.plan.series[0].opens_in}
    assert (said["dcm2niix"], said["SimpleITK"], said["highdicom"]) == (True, False, False)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    ("series", "region", "side"),
    [
        ({"body_part": "BRAIN"}, "Brain", "U"),
        ({"body_part": "KNEE", "laterality": "L"}, "Knee", "L"),
        ({}, "Body structure", "U"),
    ],
)
def test_the_part_of_the_body_is_that_of_the_options_or_none(tmp_path, key, series, region, side):
    report = export(oblique_volume(), tmp_path / "x", ExportOptions(**of(key), series=Series(**series)))
    found = anatomy(report)
    assert (found.AnatomicRegionSequence[0].CodeMeaning, found.FrameLaterality) == (region, side)
    asked = [
        n for n in report.plan.notes if n.kind is NoteKind.ASSUMED and n.fix and n.fix.option == "series.body_part"
    ]
    assert bool(asked) == (region == "Body structure")
    assert dciodvfy([report.path]) == ([], [])


@pytest.mark.parametrize("key", KEYS)
def test_the_side_of_a_paired_part_is_asked_for(key):
    elsewhere = planned(key, series=Series(body_part="ELSEWHERE"))
    assert any("ELSEWHERE has no code" in note.text for note in elsewhere.notes)
    with pytest.raises(OptionsError, match="of LUNG there are two") as error:
        planned(key, series=Series(body_part="LUNG"))
    assert error.value.refusals[0].fix.option == "series.laterality"


def test_the_safety_agency_is_asked_for_and_never_invented():
    with pytest.raises(OptionsError, match="agency whose safety standard") as error:
        plan_export(oblique_volume(), ExportOptions(object="enhanced-mr"))
    assert error.value.refusals[0].fix.option == "safety_agency"


def test_what_the_reference_knows_is_taken_from_it(tmp_path):
    known = Series(body_part="KNEE", laterality="R", patient_position="FFS")
    first = export(oblique_volume(), tmp_path / "a", ExportOptions(**of("enhanced-mr"), series=known))
    report = export(oblique_volume(), tmp_path / "b", ExportOptions(object="enhanced-mr", reference=first.path))
    dataset, found = pydicom.dcmread(report.path), anatomy(report)
    assert (dataset.ApplicableSafetyStandardAgency, dataset.BodyPartExamined) == ("IEC", "KNEE")
    assert (found.AnatomicRegionSequence[0].CodeMeaning, found.FrameLaterality) == ("Knee", "R")
    assert dciodvfy([report.path]) == ([], [])


def test_real_values_of_an_enhanced_mr_have_a_slope_and_a_unit(tmp_path):
    values = np.random.default_rng(1).normal(size=(3, 5, 7))
    options = ExportOptions(**of("enhanced-mr"), value_unit="ms")
    report = export(Volume(values, spacing=(2, 1, 1)), tmp_path / "x", options)
    shared = pydicom.dcmread(report.path).SharedFunctionalGroupsSequence[0]
    mapping = shared.RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "ms"
    assert mapping.RealWorldValueSlope == float(shared.PixelValueTransformationSequence[0].RescaleSlope)
    error = report.plan.series[0].stored.largest_error
    np.testing.assert_allclose(sitk.GetArrayFromImage(sitk.ReadImage(str(report.path))), values, atol=2 * error)
    assert dciodvfy([report.path]) == ([], [])


def test_an_hour_without_a_date_is_not_written_and_said():
    said = [note.text for note in planned("enhanced-ct", series=Series(acquisition_time="10:00")).notes]
    assert any("together with the date" in text for text in said)


def test_the_annex_says_which_parts_are_paired():
    assert [body_part(term).paired for term in ("LUNG", "CHEST")] == [True, False]
    assert body_part("NOSUCHPART") is None


@pytest.mark.parametrize("syntax", [s for s in TransferSyntax if s.lossless and s.encapsulated])
@pytest.mark.parametrize("key", KEYS)
def test_compressed_volumes_are_the_same(tmp_path, key, syntax):
    values = np.kron(TIMES[0], np.ones((1, 4, 4), "i2"))
    volume = Volume(values, spacing=(2.5, 0.7, 0.6), window=(0, 99))
    report = export(volume, tmp_path / "x", ExportOptions(**of(key), transfer_syntax=syntax))
    dataset = pydicom.dcmread(report.path)
    assert dataset.file_meta.TransferSyntaxUID == syntax.uid
    np.testing.assert_array_equal(dataset.pixel_array, values)
    if syntax is not TransferSyntax.HTJ2K:  # which ITK does not decode
        np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(report.path))), values)
    assert dciodvfy([report.path]) == ([], [])
