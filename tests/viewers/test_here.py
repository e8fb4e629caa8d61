"""What we claim of the software that runs here, held against that software."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
from pydicom import dcmread

from judges import readers as judges
from judges.ohif import ohif_volume
from judges.tables import MODALITIES
from judges.volumes import affine_of, rotation
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.model.verdict import Verdict, summary
from napari_dicom_writer.reading.survey import survey
from napari_dicom_writer.viewers import VIEWERS

READERS = {
    "SimpleITK": judges.simpleitk_volume,
    "highdicom": judges.highdicom_volume,
    "dcm2niix": judges.dcm2niix_volume,
    "GDCM": judges.gdcm_volume,
    "nibabel": judges.nibabel_volume,
    "dicom2nifti": judges.dicom2nifti_volume,
}
HERE = (*READERS, "OHIF")
"""What runs beside the tests; of OHIF, its published rules do."""
RNG = np.random.default_rng(11)
SPACING = (2.0, 0.7, 0.9)
SHAPES = {
    "stack": ((5, 20, 24), ("plane", "row", "column")),
    "two planes": ((2, 20, 24), ("plane", "row", "column")),
    "a plane": ((20, 24), ("row", "column")),
    "time": ((3, 5, 20, 24), ("time", "plane", "row", "column")),
    "two moments": ((2, 20, 24), ("time", "row", "column")),
    "movie": ((3, 20, 24), ("time", "row", "column")),
}
OBLIQUE = rotation(RNG) @ np.diag(SPACING)


def opens(software, folder, planes: int, spacing=SPACING) -> bool:
    """Whether the software makes one volume of the right size and the right distance between planes."""
    if software == "OHIF":
        files = judges.dicom_files(folder)
        return all(ohif_volume(files, since_3_14=since).volume for since in (False, True))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SimpleITK's about uneven spacing; the verdict says more
            reading = READERS[software](folder)
    except Exception:
        return False
    steps = np.sort(np.linalg.norm(reading.affine[:3, :3], axis=0))
    expected = spacing[1:] if planes == 1 else sorted(spacing)
    close = partial(np.isclose, rtol=1e-5, atol=1e-4 * min(spacing))
    return planes in reading.values.shape[:2] and all(close(steps, s).any() for s in expected)


def of(series, software: str = "OHIF") -> Verdict:
    return next(verdict for verdict in series.opens_in if verdict.software == software)


def here(series) -> set[str]:
    """What opens it, of what runs here."""
    return {verdict.software for verdict in series.opens_in if verdict.opens} & set(HERE)


def assert_held(series, folder, spacing=SPACING):
    """Each verdict must be what the software does, and the survey of the files must say the same."""
    for verdict in series.opens_in:
        if verdict.software in HERE:
            assert opens(verdict.software, folder, series.planes, spacing) == verdict.opens, verdict
    assert [s.opens_in for s in survey(folder).series] == [series.opens_in]


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_verdicts_are_what_the_software_does(tmp_path, shape, modality):
    size, axes = SHAPES[shape]
    volume = Volume(RNG.integers(0, 99, size, dtype=np.int16), spacing=SPACING, axes=axes)
    (tmp_path / "x").mkdir()
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality))
    (series,) = report.plan.series
    assert_held(series, report.path)


@pytest.mark.parametrize("modality", ["MR", "PT"])
def test_time_points_a_second_apart(tmp_path, modality):
    volume = Volume(
        RNG.integers(0, 99, (3, 5, 20, 24), dtype=np.int16),
        spacing=SPACING,
        axes=("time", "plane", "row", "column"),
        time_step=1.5,
    )
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality))
    (series,) = report.plan.series
    assert_held(series, report.path)
    assert here(series) == {"dcm2niix", "OHIF"}
    assert of(series).why == of(series, "dcm2niix").why == "as 4-D"


@pytest.mark.parametrize("modality", ["OT", "MR"])
def test_a_series_for_each_time_point(tmp_path, modality):
    volume = Volume(
        RNG.integers(0, 99, (3, 5, 20, 24), dtype=np.int16), spacing=SPACING, axes=("time", "plane", "row", "column")
    )
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality, time="series-per-point"))
    folders = sorted(path for path in report.path.iterdir() if path.is_dir())
    assert len(folders) == len(report.plan.series) == 3
    for series, folder in zip(report.plan.series, folders, strict=True):
        assert_held(series, folder)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("mirror", [1, -1], ids=["right-handed", "left-handed"])
def test_oblique_and_mirrored_volumes(tmp_path, modality, mirror):
    affine = affine_of(OBLIQUE @ np.diag([mirror, 1, 1]), (-90, 140, 300))
    volume = Volume(RNG.integers(0, 99, (5, 20, 24), dtype=np.int16), affine=affine)
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality))
    (series,) = report.plan.series
    assert here(series) >= {"SimpleITK", "highdicom", "dcm2niix", "OHIF", "nibabel"}
    assert_held(series, report.path)


@pytest.mark.parametrize("syntax", ["explicit-le", "rle", "jpeg-ls", "jpeg-2000", "htj2k"])
def test_colors_open_too(tmp_path, syntax):
    volume = Volume(RNG.integers(0, 99, (5, 40, 44, 3), dtype=np.uint8), spacing=SPACING, rgb=True)
    report = export(volume, tmp_path / "x", ExportOptions(transfer_syntax=syntax))
    (series,) = report.plan.series
    assert of(series).why == ("makes no volume of YBR_RCT colors" if "2" in syntax else "brightens colors")
    assert_held(series, report.path)


def test_floats_of_magnetic_resonance(tmp_path):
    """Real values are in the Real World Value Mapping there."""
    volume = Volume(RNG.normal(size=(5, 20, 24)).astype(np.float32), spacing=SPACING)
    report = export(volume, tmp_path / "x", ExportOptions(modality="MR"))
    (series,) = report.plan.series
    assert here(series) >= {"SimpleITK", "highdicom", "dcm2niix", "OHIF", "nibabel"}
    assert_held(series, report.path)


@pytest.mark.parametrize("modality", ["OT", "CT"])
@pytest.mark.parametrize("step", [0.003, 0.001, 1e-4, 1e-5])
def test_microscopy(tmp_path, modality, step):
    spacing = (3 * step, step, 2 * step)
    volume = Volume(RNG.integers(0, 99, (3, 20, 24), dtype=np.uint16), spacing=spacing)
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality))
    (series,) = report.plan.series
    assert_held(series, report.path, spacing)


def test_a_stack_thinner_than_ohif_takes_from_3_14(tmp_path):
    volume = Volume(np.zeros((3, 20, 24), np.uint8), spacing=(0.004, 0.001, 0.001))
    report = export(volume, tmp_path / "x")
    files = judges.dicom_files(report.path)
    assert ohif_volume(files, since_3_14=False).volume
    assert ohif_volume(files, since_3_14=True).why == "all at one place"
    assert str(of(report.plan.series[0])) == "OHIF: no (from version 3.14 takes planes within 0.01 mm for one)"


@pytest.mark.parametrize(("position", "in_place"), [((0, 0, 3000), False), ((40, 30, 5), True)])
def test_ohif_is_not_promised_what_single_precision_misplaces(tmp_path, position, in_place):
    volume = Volume(np.zeros((20, 12, 12), np.uint8), spacing=(0.001,) * 3, position=position)
    report = export(volume, tmp_path / "x")
    outcome = ohif_volume(judges.dicom_files(report.path))
    assert outcome.volume == in_place, outcome
    assert of(report.plan.series[0]).opens == in_place


@pytest.mark.parametrize("missing", [["00004.dcm"], ["00002.dcm", "00003.dcm", "00004.dcm"]])
def test_uneven_planes(tmp_path, missing):
    """Such series are never written; `show` meets them."""
    volume = Volume(RNG.integers(0, 99, (7, 20, 24), dtype=np.int16), spacing=SPACING)
    report = export(volume, tmp_path / "x", ExportOptions(modality="CT"))
    for name in missing:
        (report.path / name).unlink()
    (series,) = survey(report.path).series
    assert not [verdict for verdict in series.opens_in if verdict.opens and verdict.software != "OHIF's pictures"]
    for software in HERE:
        assert not opens(software, report.path, 7 - len(missing)), software
    gaps = "misplaced" if len(missing) == 1 else "unevenly"
    assert ohif_volume(judges.dicom_files(report.path)).why.startswith(gaps)


@pytest.mark.parametrize("modality", ["CR", "DX", "MG"])
def test_modalities_of_single_pictures(tmp_path, modality):
    report = export(Volume(np.zeros((3, 20, 24), np.uint8), spacing=SPACING), tmp_path / "x")
    for file in judges.dicom_files(report.path):
        instance = dcmread(file)
        instance.Modality = modality
        instance.save_as(file)
    (series,) = survey(report.path).series
    assert not of(series).opens
    assert not opens("OHIF", report.path, 3)


def test_time_points_of_other_makers(tmp_path):
    """Several tags tell them apart; one that is not a number, or the same throughout, does not."""
    volume = Volume(np.zeros((2, 3, 20, 24), np.int16), spacing=SPACING, axes=("time", "plane", "row", "column"))
    report = export(volume, tmp_path / "x", ExportOptions(modality="CT"))

    def verdict(tag, value):
        for number, file in enumerate(judges.dicom_files(report.path)):
            instance = dcmread(file)
            setattr(instance, tag, value(number // 3))
            instance.save_as(file)
        (series,) = survey(report.path).series
        assert opens("OHIF", report.path, 3) == of(series).opens
        return of(series).opens

    assert not verdict("EchoTime", lambda time: 5)
    assert not verdict("DiffusionBValue", lambda time: None)
    assert verdict("TriggerTime", lambda time: 100 * time)


def test_a_summary_names_the_fewer():
    yes, no = [[Verdict(name, opens=opens) for name in "AB"] for opens in (True, False)]
    assert summary(yes) == "all 2 programs tested"
    assert summary([*yes, no[0]]) == "2 of 3 programs tested, not in A"
    assert summary([*no, yes[1]]) == "B, of 3 programs tested"
    assert summary(no) == "none of 2 programs tested"


def test_every_program_that_runs_here_is_in_the_table():
    assert {viewer.name for viewer in VIEWERS} >= set(HERE)


@pytest.mark.parametrize("shape", [(2049, 2, 3), (2, 2049, 3), (2, 3, 2049)])
def test_volumes_beyond_a_texture(tmp_path, shape):
    report = export(Volume(np.zeros(shape, np.uint8), spacing=SPACING), tmp_path / "x")
    verdict = of(report.plan.series[0])
    assert "graphics cards" in verdict.why
    assert not verdict.opens
    assert not opens("OHIF", report.path, shape[0])


@pytest.mark.parametrize(
    ("shape", "syntax"), [((3, 20, 24), "deflated"), ((2, 1, 7), "explicit-le"), ((2, 7, 1), "explicit-le")]
)
def test_odd_files_and_planes(tmp_path, shape, syntax):
    volume = Volume(RNG.integers(0, 99, shape, dtype=np.int16), spacing=SPACING)
    report = export(volume, tmp_path / "x", ExportOptions(transfer_syntax=syntax))
    (series,) = report.plan.series
    assert_held(series, report.path)
