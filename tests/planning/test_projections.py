"""Projections: distances at a detector or on a film, and no place in the patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_files
from napari_dicom_writer import ExportError, ExportOptions, LayerOptions, Volume, export, plan_export, read
from napari_dicom_writer.errors import NoteKind
from napari_dicom_writer.reading.survey import survey

PLANE = np.arange(20, dtype="u2").reshape(4, 5)
RADIOGRAPH = Volume(PLANE, spacing=(0.15, 0.14), name="ap")
CINE = Volume(np.stack([PLANE, PLANE + 1]), spacing=(0.15, 0.14), axes="TYX", time_step=0.1)
STACK = Volume(np.stack([PLANE, PLANE + 1]), spacing=(2, 0.15, 0.14))
KEYWORDS = {"detector": "ImagerPixelSpacing", "film": "NominalScannedPixelSpacing"}
PLACE = (
    "PixelSpacing ImagePositionPatient ImageOrientationPatient SliceThickness SliceLocation FrameOfReferenceUID".split()
)


@pytest.mark.parametrize("at", KEYWORDS)
@pytest.mark.parametrize(("layer", "key"), [(RADIOGRAPH, "sc"), (CINE, "sc"), (CINE, "multi-frame")])
def test_distances_are_said_where_they_are_measured_and_no_place(tmp_path, at, layer, key):
    report = export(layer, tmp_path / "x", ExportOptions(modality="DX", object=key, spacing_at=at))
    files = dicom_files(report.path)
    assert len(files) == (2 if layer is CINE and key == "sc" else 1)
    for header in map(pydicom.dcmread, files):
        assert header[KEYWORDS[at]].value == [0.15, 0.14]
        assert not [keyword for keyword in PLACE if keyword in header]
        assert header["PatientOrientation"].is_empty
    assert dciodvfy(files)[0] == []
    assert any(note.kind is NoteKind.LOST and "not its place" in note.text for note in report.plan.notes)
    assert {series.opens_in for series in report.plan.series} == {()}


def test_reading_says_where_distances_are_measured(tmp_path):
    told: list[str] = []
    path = export(RADIOGRAPH, tmp_path / "x.dcm", ExportOptions(modality="DX", spacing_at="detector")).path
    ((data, attributes, _),) = read(path, announce=told.append)
    assert attributes["scale"][-2:] == pytest.approx((0.15, 0.14))
    np.testing.assert_array_equal(data[0], PLANE)
    assert any("at the detector" in text for text in told)
    (series,) = survey(Path(path)).series
    assert any("at the detector" in remark for remark in series.remarks)


@pytest.mark.parametrize(
    ("layer", "key", "reason"),
    [
        (STACK, "sc", "2 planes lie behind each other"),
        (RADIOGRAPH, "ct", "CT has its pixel spacing in the patient"),
        (RADIOGRAPH, "multi-frame", "has its pixel spacing in the patient"),
    ],
)
def test_what_has_a_place_is_no_projection(layer, key, reason):
    with pytest.raises(ExportError, match=reason) as error:
        plan_export(layer, ExportOptions(object=key, spacing_at="detector"))
    assert error.value.refusals[0].fix.option == "spacing_at"


@pytest.mark.parametrize(
    ("modality", "layer", "asked"), [("DX", RADIOGRAPH, True), ("DX", STACK, False), ("US", RADIOGRAPH, False)]
)
def test_where_it_may_be_a_projection_it_is_asked(modality, layer, asked):
    fixes = [note.fix for note in plan_export(layer, ExportOptions(modality=modality)).notes if note.fix]
    assert any((fix.option, fix.value) == ("spacing_at", "detector") for fix in fixes) == asked


def test_labels_do_not_lie_on_a_projection():
    labels = (PLANE % 3, {"units": ("mm",) * 2, "scale": (0.15, 0.14), "name": "bones"}, "labels")
    plan = plan_export([(RADIOGRAPH, LayerOptions(spacing_at="detector")), labels])
    assert plan.series[0].projected
    assert plan.series[1].source is None
    assert any("belongs to no image of this export" in note.text for note in plan.series[1].notes)
