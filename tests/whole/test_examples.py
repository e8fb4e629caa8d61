"""Every example runs as a script, without a warning, and writes what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from napari_dicom_writer.reading.survey import survey

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


def run(script: Path, out: Path) -> str:
    command = [sys.executable, "-W", "error", str(script), str(out)]
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_writes_series_that_open(script: Path, tmp_path: Path) -> None:
    assert "opens as a volume in: " in run(script, tmp_path)
    found = survey(tmp_path).series
    assert found
    for series in found:
        assert series.remarks == ()
        pictures = {"OHIF"} if series.size[0] == 1 else set()
        wanted = {"SimpleITK", "highdicom", "dcm2niix", "OHIF"}
        assert {v.software for v in series.opens_in if not v.opens} & wanted == pictures


def test_nifti_becomes_one_series_per_time_point_and_a_picture(tmp_path: Path) -> None:
    run(next(path for path in EXAMPLES if path.stem == "nifti_to_dicom"), tmp_path)
    found = survey(tmp_path).series
    assert [(s.size, s.time_points, s.directions) for s in found] == [((24, 96, 128), 1, "L, AH, FA")] * 2
    assert (tmp_path / "example4d.png").stat().st_size > 10_000
