"""Format × geometry: every voxel is written where the library that owns the format says it lies."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from inputs.geometries import FORMATS, GEOMETRIES, SHAPE, Written, by_nibabel, nifti, to_ras, values
from judges.readers import VOLUME_READERS
from napari_dicom_writer import GeometryError, export, load
from napari_dicom_writer.cli.main import main

DCM2NIIX_SMALLEST = 0.01  # mm; it computes in single precision


def assert_each_in_place(reading, source: Written, tolerance: float) -> None:
    """Every voxel of the source is found at its place, with its value, and there are no others."""
    assert reading.values.size == source.values.size
    inverse = np.linalg.inv(reading.affine)
    index = np.rint(source.places @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    assert ((index >= 0) & (index < reading.values.shape[:3])).all()
    apart = np.linalg.norm(index @ reading.affine[:3, :3].T + reading.affine[:3, 3] - source.places, axis=1)
    assert apart.max() <= tolerance
    np.testing.assert_array_equal(reading.values[tuple(index.T)].reshape(source.values.shape), source.values)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_voxel_is_where_its_library_says(name, geometry, tmp_path):
    affine = GEOMETRIES[geometry]
    source = FORMATS[name](tmp_path / name, affine)
    assert main(["export", str(source.path), str(tmp_path / "out")]) == 0
    # NIfTI holds single precision: a float32 of up to 130 mm.
    tolerance = 1e-3 * np.linalg.norm(affine[:3, :3], axis=0).min()
    for reader in ("SimpleITK", "highdicom"):
        assert_each_in_place(VOLUME_READERS[reader](tmp_path / "out"), source, tolerance)


@pytest.mark.parametrize("name", ["scan.nii", "meter.nii"])
def test_shear_is_handed_on_and_refused_by_its_angle(name, tmp_path):
    affine = GEOMETRIES["oblique"].copy()
    affine[:3, 1] += 0.1 * affine[:3, 0]
    source = FORMATS[name](tmp_path / name, affine)
    (volume,) = load(source.path)
    index = np.indices(SHAPE).reshape(3, -1).T
    places = index[:, ::-1] @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    np.testing.assert_allclose(places, source.places, atol=1e-4)
    with pytest.raises(GeometryError, match="5° off"):
        export(source.path, tmp_path / "out")


# ------------------------------------------------------------------------------------------------- which NIfTI form


def save_forms(path, sform: np.ndarray | None, qform: np.ndarray | None, codes: tuple[int, int]) -> None:
    image = nibabel.Nifti1Image(values(), None)
    image.header.set_xyzt_units(xyz="mm")
    image.header["pixdim"][1:4] = (0.7, 0.8, 2.5)
    if qform is not None:
        image.header.set_qform(to_ras(qform), code=codes[1])
    if sform is not None:
        image.header.set_sform(to_ras(sform), code=codes[0])
    nibabel.save(image, path)


@pytest.mark.parametrize(
    ("sform", "qform", "codes", "taken", "said"),
    [
        ("oblique", None, (1, 0), "oblique", ""),
        (None, "oblique", (0, 1), "oblique", ""),
        ("oblique", "oblique", (1, 1), "oblique", ""),
        ("RAS", "oblique", (2, 1), "RAS", "sform (aligned) and qform (scanner) place voxels up to"),
        ("RAS", "oblique", (4, 1), "RAS", "sform (MNI 152) and qform (scanner) place voxels up to"),
        ("RAS", "oblique", (0, 1), "oblique", ""),
    ],
)
def test_the_form_with_a_code_is_taken_and_a_contradiction_is_said(sform, qform, codes, taken, said, tmp_path):
    path = tmp_path / "scan.nii"
    save_forms(path, GEOMETRIES.get(sform), GEOMETRIES.get(qform), codes)
    (volume,) = load(path)
    np.testing.assert_allclose(volume.affine[:, [2, 1, 0, 3]], GEOMETRIES[taken], atol=1e-4)
    assert [note for note in volume.notes if "sform" in note.text] == [] if not said else said in volume.notes[0].text
    assert_matches_nibabel(volume, path)


def assert_matches_nibabel(volume, path) -> None:
    index = np.indices(SHAPE).reshape(3, -1).T
    places = index[:, ::-1] @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    np.testing.assert_allclose(places, by_nibabel(path).places, atol=1e-4)


def test_neither_form_is_said_and_taken_as_nibabel_does(tmp_path):
    save_forms(tmp_path / "scan.nii", None, None, (0, 0))
    (volume,) = load(tmp_path / "scan.nii")
    assert "neither sform nor qform" in volume.notes[0].text
    assert_matches_nibabel(volume, tmp_path / "scan.nii")


def test_a_missing_unit_is_said(tmp_path):
    source = nifti(tmp_path / "scan.nii", GEOMETRIES["RAS"])
    image = nibabel.load(source.path)
    image.header["xyzt_units"] = 0
    nibabel.save(image, tmp_path / "none.nii")
    (volume,) = load(tmp_path / "none.nii")
    assert [note.text for note in volume.notes] == ["The file has no unit of length: mm taken, as NIfTI tools do"]


def test_analyze_does_not_tell_left_from_right(tmp_path):
    nibabel.save(nibabel.AnalyzeImage(values(), np.diag([0.7, 0.8, 2.5, 1])), tmp_path / "scan.img")
    (volume,) = load(tmp_path / "scan.hdr")
    assert "left from right" in volume.notes[0].text
    assert_matches_nibabel(volume, tmp_path / "scan.img")
