"""No validator finds a fault in what is written, whatever the pixels, the axes and the options."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from judges.crossfile import series_faults, study_faults
from judges.readers import dcentvfy, dciodvfy, dicom_files, dicom_validator, read_series
from judges.tables import MODALITIES
from judges.volumes import SHAPE, indexed, oblique
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    Modality,
    Patient,
    Series,
    Study,
    Volume,
    export,
    plan_export,
)
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.iods.modules.study import UNPAIRED

RNG = np.random.default_rng(5)
PIXELS = {
    "uint8": indexed().astype("u1"),
    "odd uint8": indexed((3, 5, 7)).astype("u1"),
    "int16": indexed() - 30,
    "uint16": indexed().astype("u2") + 60000,
    "offset": indexed().astype("i8") + 10**9,
    "float": RNG.normal(size=SHAPE),
    "bool": indexed() > 30,
    "a plane": indexed()[0],
    "one voxel": np.full((1, 1), 2.5),
}
TIME = ("time", "plane", "row", "column")
LAYOUTS = ("one-series", "series-per-point")
AXES = {"time": ("time",), "channel": ("channel",), "both": ("channel", "time")}
EVERY_PATIENT_FIELD = Patient(
    name="Yamada^Tarou=山田^太郎=やまだ^たろう",
    id="Ä-4711",
    birth_date="1952-02-29",
    sex="F",
    age="074Y",
    weight="71.5",
    size="1.68",
)
EVERY_STUDY_FIELD = Study(
    instance_uid="2.25.1234567890",
    frame_of_reference_uid="2.25.987654321",
    date="2026-01-31",
    time="23:59:59",
    id="Étude 7",
    description="Größe, 3 µm, 脳",
    accession_number="ACC 0815",
    referring_physician="Žižek^Šárka",
)
EVERY_SERIES_FIELD = Series(
    description="Serie für alle",
    number="12",
    protocol="T1 ﾃｽﾄ",
    body_part="KNEE",
    laterality="L",
    patient_position="HFS",
    institution="Universitätsklinik",
    department="Radiologie",
    station="WS1",
    operator="Müller",
)
OPTIONS = {
    "every field": {"patient": EVERY_PATIENT_FIELD, "study": EVERY_STUDY_FIELD, "series": EVERY_SERIES_FIELD},
    "one-word name": {"patient": Patient(name="Doe"), "study": Study(referring_physician="Who")},
    "brain": {"series": Series(body_part="BRAIN")},
    "knee, side unknown": {"series": Series(body_part="KNEE")},
    "no name": {"patient": Patient(name="", id="")},
    "RAS": {"world": "RAS"},
}
UNITS = [("OT", "US"), ("OT", "HU"), ("CT", "US"), ("CT", "MGML"), ("CT", "Z_EFF"), ("MR", "ms"), ("MR", "mm2/s")]
UNITS += [("PT", "BQML"), ("PT", "GML"), ("PT", "CNTS")]


def assert_conforms(path) -> None:
    """Ask everyone."""
    files = dicom_files(path)
    errors, warned = dciodvfy(files)
    assert errors == []
    assert warned == []
    assert dicom_validator(files) == []
    series = read_series(path)
    # Series that differ in nothing a study shares; it takes any number of files.
    assert dcentvfy(files) == []
    assert study_faults(series) == []


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("pixels", PIXELS)
def test_pixels(tmp_path, modality, pixels):
    array = PIXELS[pixels]
    volume = Volume(array, affine=oblique(), window=(array.min(), array.max()), name="layer")
    report = export(volume, tmp_path / "out", ExportOptions(modality=modality))
    assert_conforms(report.path)
    (instances,) = read_series(report.path)
    shape = (1, *array.shape) if array.ndim == 2 else array.shape
    assert series_faults(instances, shape) == []


@pytest.mark.parametrize("samples", [3, 4])
@pytest.mark.parametrize("shape", [SHAPE, (3, 5, 7)])
def test_colors(tmp_path, shape, samples):
    volume = Volume(np.zeros((*shape, samples), "u1"), affine=oblique(), rgb=True, window=(0, 255))
    report = export(volume, tmp_path / "out")
    assert_conforms(report.path)
    assert series_faults(read_series(report.path)[0], shape) == []


STEPS = (None, 2.5, 1e-6, 30 * 86400.0)
# Each modality with each step, in both layouts and with all axes in turn.
TIMES = [
    (modality, LAYOUTS[(m + s) % 2], step, list(AXES)[(m + s) % 3])
    for m, modality in enumerate(MODALITIES)
    for s, step in enumerate(STEPS)
]


@pytest.mark.parametrize(("modality", "layout", "step", "axes"), TIMES)
def test_time_and_channels(tmp_path, modality, layout, step, axes):
    leading = AXES[axes]
    array = indexed((2,) * len(leading) + SHAPE)
    volume = Volume(array, affine=oblique(), axes=(*leading, "plane", "row", "column"), time_step=step, name="µ")
    report = export(volume, tmp_path / "out", ExportOptions(modality=modality, time=layout))
    assert_conforms(report.path)
    for instances in read_series(report.path):
        assert series_faults(instances, SHAPE) == []


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("name", OPTIONS)
def test_options(tmp_path, indexed_volume, modality, name):
    report = export(indexed_volume, tmp_path / "out", ExportOptions(modality=modality, **OPTIONS[name]))
    assert_conforms(report.path)


def test_every_field_arrives(tmp_path, indexed_volume):
    report = export(indexed_volume, tmp_path / "out", ExportOptions(modality="MR", **OPTIONS["every field"]))
    first = read_series(report.path)[0][0]
    assert str(first.PatientName) == EVERY_PATIENT_FIELD.name
    assert (first.PatientID, first.PatientBirthDate, first.PatientSex) == ("Ä-4711", "19520229", "F")
    assert (first.PatientAge, float(first.PatientWeight), float(first.PatientSize)) == ("074Y", 71.5, 1.68)
    assert (first.StudyInstanceUID, first.FrameOfReferenceUID) == ("2.25.1234567890", "2.25.987654321")
    assert (first.StudyDate, first.StudyTime, first.StudyID) == ("20260131", "235959", "Étude 7")
    assert (first.StudyDescription, first.AccessionNumber) == ("Größe, 3 µm, 脳", "ACC 0815")
    assert str(first.ReferringPhysicianName) == "Žižek^Šárka"
    assert (first.SeriesDescription, first.SeriesNumber, first.ProtocolName) == ("Serie für alle", 12, "T1 ﾃｽﾄ")
    assert (first.BodyPartExamined, first.Laterality, first.PatientPosition) == ("KNEE", "L", "HFS")
    assert (first.InstitutionName, first.InstitutionalDepartmentName) == ("Universitätsklinik", "Radiologie")
    assert (first.StationName, str(first.OperatorsName)) == ("WS1", "Müller^")


@pytest.mark.parametrize("array", [indexed(), RNG.normal(size=SHAPE)], ids=["int16", "float"])
@pytest.mark.parametrize(("modality", "unit"), UNITS)
def test_value_units(tmp_path, modality, unit, array):
    report = export(
        Volume(array, affine=oblique()), tmp_path / "out", ExportOptions(modality=modality, value_unit=unit)
    )
    assert_conforms(report.path)
    first = read_series(report.path)[0][0]
    if modality == "MR":
        assert first.RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence[0].CodeValue == unit
    else:
        assert (first.Units if modality == "PT" else first.RescaleType) == unit


def test_a_free_unit_extends_the_defined_terms(tmp_path, indexed_volume):
    """Rescale Type has Defined Terms, which may be extended (PS3.3 C.11.1.1.2): a warning and no error."""
    report = export(indexed_volume, tmp_path / "out", ExportOptions(value_unit="Grad °C"))
    errors, warned = dciodvfy(dicom_files(report.path))
    assert errors == []
    assert all("Unrecognized defined term <Grad °C>" in warning for warning in warned)
    assert read_series(report.path)[0][0].RescaleType == "Grad °C"


def test_a_unit_too_long_for_a_code_value_conforms(tmp_path, indexed_volume):
    """UCUM codes may pass the 16 characters of a Code Value; there is Long Code Value for these."""
    unit = "umol/(100.g.min.kPa)"
    report = export(indexed_volume, tmp_path / "out", ExportOptions(modality="MR", value_unit=unit))
    # dicom-validator would want a URN Code Value, although the code is not a URN.
    assert dciodvfy(dicom_files(report.path)) == ([], [])
    (code,) = read_series(report.path)[0][0].RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence
    assert code.LongCodeValue == unit


@pytest.mark.parametrize("name", ["x" * 64, "x" * 65, "脳" * 21, "a\\b\nc", " \t", "\U0001f9e0 brain"])
def test_any_layer_name(tmp_path, name):
    report = export([Volume(indexed(), affine=oblique(), name=name)] * 2, tmp_path / "out")
    assert_conforms(report.path)


def test_a_long_name_is_cut_to_64_characters_and_kept_whole_beside(tmp_path):
    """Characters, not bytes (PS3.5 6.2), which dciodvfy does not know."""
    report = export(Volume(indexed(), affine=oblique(), name="脳" * 100), tmp_path / "out")
    first = read_series(report.path)[0][0]
    assert (first.SeriesDescription, first.ImageComments) == ("脳" * 64, "脳" * 100)
    assert dicom_validator(dicom_files(report.path)) == []


def test_a_name_has_five_components_in_each_of_three_groups(tmp_path, indexed_volume):
    name = "Li^A^B^C^D=李^E^F^G^H=이^I^J^K^L"
    report = export(indexed_volume, tmp_path / "out", ExportOptions(patient=Patient(name=name)))
    assert_conforms(report.path)
    assert str(read_series(report.path)[0][0].PatientName) == name


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
@pytest.mark.parametrize("step", [np.nan, np.inf, -1.0, 1e12, 1e20])
def test_a_time_step_that_is_no_duration_is_refused(tmp_path, modality, step):
    array, options = np.zeros((3, *SHAPE), "i2"), ExportOptions(modality=modality)
    with pytest.raises(ExportError):
        export(Volume(array, spacing=(1, 1, 1), axes=TIME, time_step=step), tmp_path / "out", options)


def test_a_laterality_that_is_not_written_is_said(indexed_volume):
    options = ExportOptions(series=Series(body_part="BRAIN", laterality="L"))
    with contextlib.suppress(ExportError):  # a refusal would say it, too
        assert any("Laterality" in note.text for note in plan_export(indexed_volume, options).notes)


@pytest.mark.parametrize("modality", Modality)
def test_every_modality(tmp_path, modality):
    """Each is a term that validators know; without an object of its own, it is a Secondary Capture."""
    report = export(Volume(indexed()[:1], affine=oblique()), tmp_path / "out", ExportOptions(modality=modality))
    errors, warned = dciodvfy(dicom_files(report.path))
    # Terms of PS3.16 CID 29 that are younger than it.
    unknown = [line for line in warned if modality in ("CFM", "DMS", "OSS") and "Unrecognized defined term" in line]
    assert (errors, warned) == ([], unknown)
    assert dicom_validator(dicom_files(report.path)) == []
    (instance,) = read_series(report.path)[0]
    own = {row.modalities[0]: row.key for row in IODS.rows if row.modalities and row.auto}
    assert (instance.Modality, report.plan.series[0].iod) == (modality, own.get(modality, "sc"))


def test_many_layers_of_one_study(tmp_path):
    volumes = [Volume(array, affine=oblique(), name=name) for name, array in PIXELS.items() if array.ndim == 3]
    colors = Volume(np.zeros((*SHAPE, 3), "u1"), affine=oblique(), rgb=True, name="RGB")
    report = export([*volumes, colors], tmp_path / "out", ExportOptions(**OPTIONS["every field"]))
    assert_conforms(report.path)
    assert len(report.plan.series) == len(volumes) + 1


def test_dciodvfy_agrees_which_body_parts_are_unpaired(tmp_path):
    files = []
    for part in sorted(UNPAIRED):
        options = ExportOptions(series=Series(body_part=part))
        files += dicom_files(export(Volume(indexed()[:1], affine=oblique()), tmp_path / part, options).path)
    assert dciodvfy(files) == ([], [])


@pytest.mark.parametrize("number", ["0", "-2147483647", "2147483646"])
def test_series_numbers_at_the_ends_of_their_range(tmp_path, number):
    volumes = [Volume(indexed(), affine=oblique())] * 2
    report = export(volumes, tmp_path / "out", ExportOptions(series=Series(number=number)))
    assert_conforms(report.path)
    assert [int(s[0].SeriesNumber) for s in read_series(report.path)] == [int(number), int(number) + 1]


def test_series_numbers_past_their_range_are_refused(tmp_path):
    volumes = [Volume(indexed(), affine=oblique())] * 2
    with pytest.raises(ExportError):
        export(volumes, tmp_path / "out", ExportOptions(series=Series(number="2147483647")))


# --- the judges themselves --------------------------------------------------------------------------------------------


def test_the_judges_see_faults(tmp_path, indexed_volume):
    report = export(indexed_volume, tmp_path / "out", ExportOptions(modality="CT"))
    (instances,) = read_series(report.path)
    files = dicom_files(report.path)
    del instances[0].RescaleSlope
    instances[0].PatientName = "Other^"
    instances[0].save_as(files[0])
    errors, _ = dciodvfy(files)
    assert any("RescaleSlope" in error for error in errors)
    assert any("PatientName" in line for line in dcentvfy(files))
    assert any("0028,1053" in error for error in dicom_validator(files))


def test_a_crash_of_dciodvfy_is_no_verdict(tmp_path, indexed_volume):
    report = export(indexed_volume, tmp_path / "out")
    (instances,) = read_series(report.path)
    wide = instances[0]
    wide.BitsAllocated, wide.BitsStored, wide.HighBit, wide.PixelData = 32, 32, 31, 2 * wide.PixelData
    wide.save_as(tmp_path / "wide.dcm")
    with pytest.raises(RuntimeError, match="no verdict"):
        dciodvfy([tmp_path / "wide.dcm"])
