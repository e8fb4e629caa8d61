"""PET as people use it: uptake that an independent reader computes from our files, and what is said of its making."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_files, dicom_validator, read_series
from judges.volumes import indexed, oblique, oblique_volume
from napari_dicom_writer import (
    ExportOptions,
    NoteKind,
    OptionsError,
    Patient,
    Pet,
    Series,
    Study,
    Volume,
    export,
    plan_export,
)

FDG = Pet(
    radiopharmaceutical="Fluorodeoxyglucose",
    dose="370000000",
    half_life="6586.2",
    injection="2026-01-31 09:05:30",
    decay_correction="START",
)
PATIENT = Patient(name="Doe^Jane", id="7", weight="71.5")
START = Series(date="2026-01-31", time="10:05:30")
KNOWN = {"modality": "PT", "value_unit": "BQML", "pet": FDG, "patient": PATIENT, "series": START}
TIME = ("time", "plane", "row", "column")


def moment(day: str, clock: str) -> datetime:
    return datetime.strptime(day + clock.partition(".")[0], "%Y%m%d%H%M%S")


def uptake(instance: pydicom.Dataset) -> np.ndarray:
    """SUV by body weight as the QIBA's recipe for vendor-neutral files computes it."""
    assert instance.Units == "BQML"
    assert "DECY" in instance.CorrectedImage
    (item,) = instance.RadiopharmaceuticalInformationSequence
    dose, half_life = float(item.RadionuclideTotalDose), float(item.RadionuclideHalfLife)
    if instance.DecayCorrection == "START":
        begun = moment(instance.SeriesDate, instance.SeriesTime)
        injected = moment(instance.SeriesDate, item.RadiopharmaceuticalStartTime)
        dose *= 2 ** (-(begun - injected).total_seconds() / half_life)
    else:
        assert instance.DecayCorrection == "ADMIN"
    activity = instance.pixel_array * float(instance.RescaleSlope) + float(instance.RescaleIntercept)
    return activity * float(instance.PatientWeight) * 1000 / dose


@pytest.mark.parametrize("correction", ["START", "ADMIN"])
def test_an_independent_reader_computes_uptake(tmp_path, correction):
    activity = np.random.default_rng(4).uniform(0, 30000, (3, 5, 6))
    pet = Pet(**{**vars(FDG), "decay_correction": correction})
    report = export(Volume(activity, affine=oblique()), tmp_path / "out", ExportOptions(**{**KNOWN, "pet": pet}))
    (instances,) = read_series(report.path)
    left = 370e6 * (0.5 ** (3600 / 6586.2) if correction == "START" else 1)
    factor = 71500 / left
    found = np.stack([uptake(instance) for instance in instances])
    largest = report.plan.series[0].stored.largest_error * factor
    order = 1 if np.abs(found - activity * factor).max() <= largest * 1.01 else -1
    np.testing.assert_allclose(found[::order], activity * factor, atol=largest * 1.01)
    assert not [note for note in report.plan.notes if note.kind is NoteKind.ASSUMED and "Decay" in note.text]
    assert not [note for note in report.plan.notes if "cannot be computed" in note.text]
    assert dciodvfy(dicom_files(report.path)) == ([], [])
    assert dicom_validator(dicom_files(report.path)) == []


def test_what_is_missing_for_uptake_is_said():
    options = ExportOptions(modality="PT", value_unit="BQML")
    (note,) = [note.text for note in plan_export(oblique_volume(), options).notes if "cannot be computed" in note.text]
    for word in ("weight", "dose", "half-life", "injection", "decay correction"):
        assert word in note


def test_uptake_says_by_what_it_is_normalized():
    def written(**options):
        (series,) = plan_export(oblique_volume(), ExportOptions(modality="PT", **options)).series
        from judges.walk import attributes

        return attributes(series), [note for note in series.notes if "uptake" in note.text.lower()]

    dataset, (note,) = written(value_unit="GML")
    assert (dataset.Units, dataset.SUVType, note.kind) == ("GML", "BW", NoteKind.ASSUMED)
    dataset, notes = written(value_unit="GML", pet=Pet(suv_type="LBM"))
    assert (dataset.SUVType, notes) == ("LBM", [])
    dataset, _ = written(value_unit="CM2ML", pet=Pet(suv_type="BSA"))
    assert dataset.SUVType == "BSA"
    assert "SUVType" not in written(value_unit="BQML")[0]
    with pytest.raises(OptionsError, match="is of uptake values"):
        written(value_unit="BQML", pet=Pet(suv_type="BW"))


def test_decay_of_frames(tmp_path):
    array = np.stack([indexed()] * 3)
    volume = Volume(array, affine=oblique(), axes=TIME, time_step=600)
    report = export(volume, tmp_path / "out", ExportOptions(**KNOWN))
    (instances,) = read_series(report.path)
    found = [(float(i.FrameReferenceTime), float(i.DecayFactor)) for i in instances[::3]]
    assert [time for time, _ in found] == [0, 600_000, 1_200_000]
    assert [factor for _, factor in found] == pytest.approx([1, 2 ** (600 / 6586.2), 2 ** (1200 / 6586.2)])
    assert dciodvfy(dicom_files(report.path)) == ([], [])


def test_decay_that_cannot_be_computed_is_said():
    volume = Volume(np.stack([indexed()] * 3), affine=oblique(), axes=TIME, time_step=600)
    unknown = {**KNOWN, "pet": Pet(decay_correction="START")}
    notes = [note.text for note in plan_export(volume, ExportOptions(**unknown)).notes]
    assert any("Decay Factor taken as 1" in text for text in notes)
    assert not any("Decay Factor" in note.text for note in plan_export(volume, ExportOptions(**KNOWN)).notes)


def test_nothing_is_claimed_of_corrections_and_of_the_moment():
    (series,) = plan_export(oblique_volume(), ExportOptions(modality="PT")).series
    said = " ".join(note.text for note in series.notes if note.kind is NoteKind.ASSUMED)
    for words in ("Counts Source EMISSION", "Decay Correction NONE", "when its series began", "without unit"):
        assert words in said
    (known,) = plan_export(oblique_volume(), ExportOptions(**KNOWN)).series
    said = " ".join(note.text for note in known.notes if note.kind is NoteKind.ASSUMED)
    assert ("Counts Source" in said, "Decay" in said, "began" in said) == (True, False, False)


def test_a_result_has_the_radiopharmaceutical_of_its_reference(tmp_path):
    study = Study(date="2026-01-31", time="09:00")
    attributes = {"CorrectedImage": ["ATTN", "DECY"], "CountsSource": "EMISSION"}
    options = ExportOptions(**{**KNOWN, "study": study, "attributes": attributes})
    source = export(oblique_volume(), tmp_path / "a", options).path / "00001.dcm"
    header = pydicom.dcmread(source)
    item = header.RadiopharmaceuticalInformationSequence[0]
    item.add_new((0x0009, 0x0010), "LO", "secret")
    item.AdministrationRouteCodeSequence = []
    header.save_as(source)
    report = export(oblique_volume(), tmp_path / "b", ExportOptions(modality="PT", value_unit="BQML", reference=source))
    result = pydicom.dcmread(report.path / "00001.dcm")
    (taken,) = result.RadiopharmaceuticalInformationSequence
    assert (taken.RadionuclideTotalDose, taken.Radiopharmaceutical) == (370e6, "Fluorodeoxyglucose")
    assert (taken.RadiopharmaceuticalStartDateTime, taken.RadiopharmaceuticalStartTime) == ("20260131090530", "090530")
    assert (result.DecayCorrection, list(result.CorrectedImage)) == ("START", ["ATTN", "DECY"])
    assert (result.SeriesDate, result.SeriesTime, float(result.PatientWeight)) == ("20260131", "100530", 71.5)
    assert "TimezoneOffsetFromUTC" not in result
    assert not [element for element in taken if element.tag.is_private]
    np.testing.assert_allclose(uptake(result), uptake(pydicom.dcmread(source)))
    assert not any("cannot be computed" in note.text for note in report.plan.notes)
    assert dciodvfy(dicom_files(report.path)) == ([], [])


def test_options_say_otherwise_than_the_reference(tmp_path):
    source = export(oblique_volume(), tmp_path / "a", ExportOptions(**KNOWN)).path / "00001.dcm"
    given = ExportOptions(modality="PT", reference=source, pet=Pet(dose="1000000", decay_correction="ADMIN"))
    result = pydicom.dcmread(export(oblique_volume(), tmp_path / "b", given).path / "00001.dcm")
    (item,) = result.RadiopharmaceuticalInformationSequence
    assert (item.RadionuclideTotalDose, item.Radiopharmaceutical) == (1e6, "Fluorodeoxyglucose")
    assert result.DecayCorrection == "ADMIN"
    # What is not a PET takes nothing of it.
    report = export(oblique_volume(), tmp_path / "c", ExportOptions(reference=source))
    plain = pydicom.dcmread(report.path / "00001.dcm")
    assert "RadiopharmaceuticalInformationSequence" not in plain
    assert "PatientWeight" not in plain


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("2026-01-31 09:05:30", "20260131090530"),
        ("2026-01-31T09:05", "202601310905"),
        ("20260131090530.5+0100", "20260131090530.5+0100"),
        ("2026-01-31", "20260131"),
    ],
)
def test_a_moment_is_written_as_dicom_has_it(typed, written):
    assert Pet(injection=typed).injection == written


@pytest.mark.parametrize("typed", ["2026-02-31 09:05", "09:05", "2026-01-31 25:00", "yesterday"])
def test_a_moment_that_does_not_exist_is_refused(typed):
    with pytest.raises(OptionsError, match="pet.injection"):
        Pet(injection=typed)
