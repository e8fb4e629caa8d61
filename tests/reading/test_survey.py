"""What a survey says about our own series, other people's, and files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from judges.series import edit
from judges.volumes import oblique_volume
from napari_dicom_writer import ExportOptions, ReadError, Series, Volume, export
from napari_dicom_writer.reading.survey import survey

if TYPE_CHECKING:
    from napari_dicom_writer.reading.surveyed import SeriesSurvey


def only(folder: Path) -> SeriesSurvey:
    (series,) = survey(folder).series
    return series


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    array = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    volume = Volume(array, spacing=(3, 2, 1), position=(10, 20, 30), name="stack", window=(0, 99))
    return export(volume, tmp_path / "stack").path


def test_it_says_what_was_written(stack: Path) -> None:
    series = only(stack)
    assert (series.number, series.description, series.modality) == ("1", "stack", "OT")
    assert series.kind == "Secondary Capture Image Storage"
    assert (series.instances, series.frames, series.size, series.time_points) == (5, 5, (5, 6, 7), 1)
    assert (series.spacing, series.directions, series.position) == ((3, 2, 1), "L, P, H", (10, 20, 30))
    assert (series.values, series.window) == ((0, 209), (50, 100))
    opens = {verdict.software for verdict in series.opens_in if verdict.opens}
    assert opens >= {"SimpleITK", "highdicom", "dcm2niix", "OHIF"}
    assert "GDCM" not in opens
    assert series.remarks == ()


def test_an_oblique_volume_agrees_with_its_plan(tmp_path: Path) -> None:
    report = export(oblique_volume(), tmp_path / "oblique")
    series, plan = only(report.path), report.plan.series[0]
    assert series.spacing == pytest.approx(plan.spacing)
    assert series.directions == plan.directions
    assert series.position == tuple(map(float, plan.instances[0].frame.position))


def test_planes_a_fraction_of_a_micrometer_apart_are_told_apart(tmp_path: Path) -> None:
    volume = Volume(np.zeros((4, 8, 8), np.uint8), spacing=(2e-4, 1e-4, 1e-4))
    series = only(export(volume, tmp_path / "small").path)
    assert series.size[0] == 4
    assert series.spacing[0] == pytest.approx(2e-4)


@pytest.mark.parametrize("modality", ["CT", "MR"])
def test_values_are_the_real_ones(tmp_path: Path, modality: str) -> None:
    array = np.linspace(-1.5, 2.5, 4 * 8 * 8).reshape(4, 8, 8)
    series = only(export(Volume(array, spacing=(1, 1, 1)), tmp_path / "x", ExportOptions(modality=modality)).path)
    assert series.values == pytest.approx((-1.5, 2.5), abs=1e-4)


def test_time_points_are_counted(tmp_path: Path) -> None:
    series = only(export(Volume(np.zeros((3, 4, 8, 8), np.uint8), spacing=(1, 1, 1)), tmp_path / "x").path)
    assert (series.size, series.time_points) == ((4, 8, 8), 3)
    opens = {verdict.software: verdict.opens for verdict in series.opens_in}
    assert (opens["dcm2niix"], opens["SimpleITK"], opens["highdicom"], opens["OHIF"]) == (True, False, False, False)


def test_a_missing_plane_is_seen(stack: Path) -> None:
    (stack / "00003.dcm").unlink()
    series = only(stack)
    assert series.remarks == ("Its planes are not evenly spaced along their normal",)
    assert [v.software for v in series.opens_in if v.opens] == ["OHIF's pictures"]


def test_a_missing_picture_of_a_time_point_is_seen(tmp_path: Path) -> None:
    path = export(Volume(np.zeros((3, 4, 8, 8), np.uint8), spacing=(1, 1, 1)), tmp_path / "x").path
    (path / "00007.dcm").unlink()
    series = only(path)
    assert series.remarks == ("From 2 to 3 pictures share a position",)
    assert series.opens_in == ()


def test_planes_that_turn_are_no_volume(stack: Path) -> None:
    edit(stack / "00002.dcm", ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    series = only(stack)
    assert "differ in orientation" in series.remarks[0]
    assert (series.opens_in, series.directions) == ((), "")


def test_several_series_and_foreign_files(stack: Path, tmp_path: Path) -> None:
    options = ExportOptions(series=Series(number="12", description="second"))
    export(Volume(np.zeros((3, 8, 8), np.uint8), spacing=(1, 1, 1)), tmp_path / "two", options)
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / "empty.dcm").touch()
    (tmp_path / "cut.dcm").write_bytes((stack / "00001.dcm").read_bytes()[:200])
    (tmp_path / ".hidden").write_text("not looked at")
    found = survey(tmp_path)
    assert [(s.number, s.description, s.folder.name) for s in found.series] == [
        ("1", "stack", "stack"),
        ("12", "second", "two"),
    ]
    assert found.foreign == 3


def test_an_enhanced_object_says_what_it_is(stack: Path, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(stack / "00001.dcm")
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.EnhancedMRImageStorage
    dataset.NumberOfFrames = 2
    dataset.PerFrameFunctionalGroupsSequence = [pydicom.Dataset(), pydicom.Dataset()]
    dataset.SharedFunctionalGroupsSequence = [pydicom.Dataset()]
    dataset.PixelData *= 2
    (tmp_path / "enhanced").mkdir()
    dataset.save_as(tmp_path / "enhanced" / "x.dcm")
    series = only(tmp_path / "enhanced")
    assert series.kind == "Enhanced MR Image Storage"
    assert (series.instances, series.frames) == (1, 2)
    assert (series.size[0], series.time_points) == (1, 2)  # nothing says that its frames lie elsewhere


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "liver_1frame.dcm", "reportsi.dcm", "rtplan.dcm"])
def test_other_vendors_files_are_read(name: str) -> None:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    series = only(Path(path))
    assert series.kind
    assert series.instances == 1


def test_a_folder_of_anything_is_read() -> None:
    path = get_testdata_file("CT_small.dcm")
    assert isinstance(path, str)
    assert len(survey(Path(path).parent).series) > 20


def test_nonsense_in_a_header_costs_only_its_own_series(stack: Path) -> None:
    raw = bytearray((stack / "00001.dcm").read_bytes())
    start = raw.index(b"\x20\x00\x32\x00DS") + 8
    raw[start : start + 2] = b"zz"
    (stack / "00001.dcm").write_bytes(bytes(raw))
    assert "could not be understood" in only(stack).remarks[0]


def test_nothing_to_show_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds no DICOM series, but 0 other files"):
        survey(tmp_path)
    with pytest.raises(ReadError, match="no such folder"):
        survey(tmp_path / "nowhere")


def test_the_encoding_is_named_and_counts(tmp_path):
    volume = Volume(np.zeros((3, 20, 24), np.uint8), spacing=(1, 1, 1))
    report = export(volume, tmp_path / "x", ExportOptions(transfer_syntax="deflated"))
    (series,) = survey(report.path).series
    assert series.encoding == "Deflated Explicit VR Little Endian"
    assert series.opens_in == report.plan.series[0].opens_in
