"""Floats of a small range: drawn by those who look, read by those who compute, either way as the plan says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from judges.readers import dciodvfy, dicom_files, dicom_validator, real_values, simpleitk_volume
from napari_dicom_writer import ExportOptions, OptionsError, Volume, export, plan_export
from napari_dicom_writer.reading.series import read_series

RANGES = [(0, 0.1), (0, 1), (-1, 1), (0, 10), (-10, 17), (0, 99)]
SHAPE = (2, 40, 50)


def ramp(low: float, high: float) -> Volume:
    """Every gray level, black to white."""
    values = np.linspace(low, high, np.prod(SHAPE)).reshape(SHAPE).astype("f4")
    return Volume(values, spacing=(3, 1, 1), window=(low, high), name="ramp")


def grays(volume: Volume) -> np.ndarray:
    """What a perfect display shows of the first plane."""
    low, high = volume.window
    return np.clip((volume.array[0].astype(float) - low) / (high - low), 0, 1) * 255


def pydicom_grays(path: Path) -> np.ndarray:
    dataset = pydicom.dcmread(path)
    slope, intercept = float(dataset.get("RescaleSlope", 1)), float(dataset.get("RescaleIntercept", 0))
    shown = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    return (np.asarray(shown, float) - intercept) / (slope * 65535) * 255


def highdicom_grays(path: Path) -> np.ndarray:
    image = highdicom.imread(path)
    return image.get_frame(1, apply_real_world_transform=False, apply_voi_transform=True, voi_output_range=(0.0, 255.0))


def dcmtk_grays(path: Path) -> np.ndarray:
    program = shutil.which("dcm2pnm")
    if program is None:
        pytest.skip("DCMTK is not installed")
    picture = path.with_suffix(".pgm")
    subprocess.run([program, "+Wi", "1", "+op", path, picture], check=True, capture_output=True)
    return np.asarray(Image.open(picture), float)


@pytest.mark.parametrize("way", ["rescale", "stored"])
@pytest.mark.parametrize("ends", RANGES)
def test_pydicom_shows_every_gray_level(tmp_path, ends, way):
    volume = ramp(*ends)
    report = export(volume, tmp_path / "x", ExportOptions(float_display=way))
    assert np.abs(pydicom_grays(dicom_files(report.path)[0]) - grays(volume)).max() < 0.1


@pytest.mark.parametrize("viewer", [highdicom_grays, dcmtk_grays])
@pytest.mark.parametrize("ends", RANGES)
def test_stored_values_are_shown_right_by_those_who_round_or_take_the_window_otherwise(tmp_path, ends, viewer):
    volume = ramp(*ends)
    report = export(volume, tmp_path / "x", ExportOptions(float_display="stored"))
    assert np.abs(viewer(dicom_files(report.path)[0]) - grays(volume)).max() <= 1
    assert not [note for note in report.plan.notes if "gray level" in note.text]


@pytest.mark.parametrize("ends", RANGES)
def test_with_a_slope_the_plan_says_what_they_show(tmp_path, ends):
    volume = ramp(*ends)
    report = export(volume, tmp_path / "x")
    (note,) = [note for note in report.plan.notes if "gray level" in note.text]
    assert note.fix.option == "float_display"
    span = ends[1] - ends[0]
    levels = int(note.text.split(" gray level")[0].rsplit(" ", 1)[1])
    white = highdicom_grays(dicom_files(report.path)[-1]).max() / 255
    assert f"white at {span / (span + 1):.0%}" in note.text
    assert white == pytest.approx(span / (span + 1), abs=0.01)
    assert len(np.unique(dcmtk_grays(dicom_files(report.path)[0]))) <= levels


@pytest.mark.parametrize("ends", [(0, 100), (-1000, 3000)])
def test_of_a_larger_range_nothing_is_said(ends):
    assert not [note for note in plan_export(ramp(*ends)).notes if "gray level" in note.text]


def test_real_values_are_in_the_slope_or_in_the_mapping(tmp_path):
    volume = ramp(-1, 2)
    found = {}
    for way in ("rescale", "stored"):
        options = ExportOptions(float_display=way, value_unit="mm2/s" if way == "stored" else "")
        report = export(volume, tmp_path / way, options)
        error = report.plan.series[0].stored.largest_error
        files = dicom_files(report.path)
        found[way] = np.abs(simpleitk_volume(report.path).values - volume.array).max() <= 1.01 * error
        assert np.abs(np.stack([real_values(pydicom.dcmread(f)) for f in files]) - volume.array).max() <= error
        (again,) = read_series(report.path)
        assert np.abs(again.read((), 0, SHAPE[0]) - volume.array).max() <= error
        assert again.window == pytest.approx(volume.window, abs=2 * error)
    assert found == {"rescale": True, "stored": False}, "SimpleITK knows no mapping, which the plan says"
    verdicts = {verdict.software: verdict.why for verdict in report.plan.series[0].opens_in}
    assert "Real World Value Mapping" in verdicts["SimpleITK"]
    item = pydicom.dcmread(files[0]).RealWorldValueMappingSequence[0]
    assert item.MeasurementUnitsCodeSequence[0].CodeValue == "mm2/s"


@pytest.mark.parametrize("unit", ["", "mm2/s"])
def test_validators_find_no_fault_in_stored_values(tmp_path, unit):
    report = export(ramp(0, 1), tmp_path / "x", ExportOptions(float_display="stored", value_unit=unit))
    errors, _ = dciodvfy(dicom_files(report.path))
    assert errors == []
    assert dicom_validator(dicom_files(report.path)) == []


@pytest.mark.parametrize("modality", ["CT", "PT"])
def test_objects_whose_readers_go_by_the_slope_refuse(modality):
    with pytest.raises(OptionsError, match="Rescale Slope") as refused:
        plan_export(ramp(0, 1), ExportOptions(modality=modality, float_display="stored"))
    assert refused.value.refusals[0].fix.option == "float_display"
    plan_export(ramp(0, 1), ExportOptions(modality=modality, object="sc", float_display="stored"))


@pytest.mark.parametrize(
    ("array", "modality"),
    [
        (np.zeros((2, 4, 5), "i2"), "OT"),
        (np.array([[70000, 10**6]]), "OT"),
        (np.zeros((2, 4, 5), "f4"), "OT"),
        (np.zeros((2, 4, 5), "u1"), "CT"),
        (np.random.default_rng(0).random((2, 4, 5)), "MR"),
    ],
)
def test_where_it_changes_nothing_the_plan_says_so(array, modality):
    volume = Volume(array, spacing=(1, 1, 1))
    plain = plan_export(volume, ExportOptions(modality=modality))
    given = plan_export(volume, ExportOptions(modality=modality, float_display="stored"))
    assert given.series[0].stored == plain.series[0].stored
    assert any("changes nothing" in note.text for note in given.notes)


def test_colors_have_none_of_it():
    volume = Volume(np.random.default_rng(0).random((2, 4, 5, 3)), spacing=(1, 1, 1), rgb=True)
    assert any(
        "changes nothing" in note.text for note in plan_export(volume, ExportOptions(float_display="stored")).notes
    )
