"""RT Structure Sets on the command line: labels in a file, beside their image or with a series on disk."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import nibabel
import numpy as np
import pydicom
import pytest

from cli.shell import run

if TYPE_CHECKING:
    from pathlib import Path

LABELS = np.zeros((24, 20, 6), np.uint8)
LABELS[4:12, 5:11, 1:4], LABELS[14:18, 5:11, 2:5] = 1, 3
AFFINE = np.diag([0.8, 0.7, 2.5, 1])
AREAS = {"liver": 8 * 6 * 0.8 * 0.7, "left kidney": 4 * 6 * 0.8 * 0.7}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image, labels, their names, and the image as a series."""
    folder = tmp_path_factory.mktemp("files")
    scan = np.random.default_rng(0).integers(0, 900, LABELS.shape).astype(np.int16)
    for name, array, step in (("scan", scan, 1), ("organs", LABELS, 1), ("coarse", LABELS[::2], 2)):
        image = nibabel.Nifti1Image(array, AFFINE @ np.diag([step, 1, 1, 1]))
        image.header.set_xyzt_units("mm")
        nibabel.save(image, folder / f"{name}.nii")
    (folder / "names.csv").write_text("index,name\n1,liver\n3,left kidney\n", encoding="utf-8")
    assert run("export", folder / "scan.nii", folder / "series", "--modality", "CT") == 0
    return folder


def areas(path: Path) -> dict[str, float]:
    """Of the contour in the middle of each region, mm²; each names a plane of the image."""
    header = pydicom.dcmread(next(path.rglob("*RTSTRUCT*/*.dcm")) if path.is_dir() else path)
    names = {roi.ROINumber: roi.ROIName for roi in header.StructureSetROISequence}
    found = {}
    for roi in header.ROIContourSequence:
        contour = roi.ContourSequence[1]
        assert contour.ContourImageSequence[0].ReferencedSOPClassUID.name == "CT Image Storage"
        x, y, _ = np.array(contour.ContourData, float).reshape(-1, 3).T
        found[names[roi.ReferencedROINumber]] = abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2
    return found


def test_beside_its_image(files: Path, tmp_path: Path) -> None:
    """As it is started from a shell."""
    told = ["--modality", "CT", "--layer", "organs:object=rt-structure-set", "--segments", files / "names.csv"]
    command = [sys.executable, "-m", "napari_dicom_writer", "export", files / "scan.nii", files / "organs.nii"]
    subprocess.run([*map(str, command), str(tmp_path / "study"), *map(str, told)], check=True, capture_output=True)
    assert areas(tmp_path / "study") == pytest.approx(AREAS, rel=0.05)


def test_with_a_series_on_disk(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ("--object", "rt-structure-set", "--reference", files / "series", "--segments", files / "names.csv")
    assert run("export", files / "organs.nii", tmp_path / "plan", *told) == 0
    assert areas(tmp_path / "plan.dcm") == pytest.approx(AREAS, rel=0.05)
    said = capsys.readouterr().out
    assert "Explicit VR Little Endian" in said
    assert "First voxel" not in said


def test_on_another_grid(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ("--object", "rt-structure-set", "--reference", files / "series")
    assert run("export", files / "coarse.nii", tmp_path / "plan", *told) == 1
    assert "or choose --resample-labels nearest" in capsys.readouterr().err
    assert run("export", files / "coarse.nii", tmp_path / "plan", *told, "--resample-labels", "nearest") == 0
    assert set(areas(tmp_path / "plan.dcm")) == {"Label 1", "Label 3"}
