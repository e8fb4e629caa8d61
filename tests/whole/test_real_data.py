"""Real images that come inside installed packages, exported and read back."""

from __future__ import annotations

from pathlib import Path

import nibabel
import nilearn
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.pixels import apply_rescale

from judges.readers import (
    VOLUME_READERS,
    dciodvfy,
    dcm2niix_volume,
    dicom_files,
    dicom_validator,
    highdicom_volume,
    read_series,
    simpleitk_volume,
)
from judges.tables import MODALITIES
from judges.volumes import affine_of, assert_placed
from napari_dicom_writer import ExportOptions, GeometryError, Volume, export

NIBABEL = Path(nibabel.__file__).parent / "tests" / "data"
MNI = Path(nilearn.__file__).parent / "datasets" / "data" / "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
RAS_TO_LPS = np.diag([-1, -1, 1, 1])


def nifti(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Values as (…, plane, row, column) and the affine to LPS: NIfTI arrays are (column, row, plane, …)."""
    image = nibabel.load(path)
    return np.asarray(image.dataobj).T, RAS_TO_LPS @ image.affine[:, [2, 1, 0, 3]]


@pytest.fixture(scope="module")
def mni() -> tuple[np.ndarray, np.ndarray]:
    return nifti(MNI)


def test_mni152(tmp_path, mni):
    """Every third plane of it."""
    values, affine = mni[0][::3], mni[1] @ np.diag([3, 1, 1, 1])
    report = export(Volume(values, affine=affine, name="MNI152"), tmp_path / "mni", ExportOptions(modality="MR"))
    assert report.plan.instances == 63
    assert_placed(simpleitk_volume(report.path), values, affine, 1e-5)
    assert_placed(dcm2niix_volume(report.path), values, affine, 1e-4)


def test_mni152_by_its_own_axes_and_in_highdicom(tmp_path, mni):
    """The array as nibabel gives it, (x, y, z), cut to every fourth plane."""
    values, affine = mni
    affine = affine @ np.diag([4, 1, 1, 1])
    turned = Volume(values[::4].T, affine=affine, axes=("column", "row", "plane"))
    assert_placed(highdicom_volume(export(turned, tmp_path / "mni").path), values[::4], affine, 1e-5)


def test_mni152_as_a_layer_of_a_nifti_plugin(tmp_path, mni):
    """Such layers hold the array (z, y, x) in RAS world coordinates."""
    values, affine = mni
    values = values[90:95, 100:140, 50:80]
    ras = RAS_TO_LPS @ affine
    ras[:3, 3] += ras[:3, :3] @ (90, 100, 50)
    reverse = np.eye(4)[[2, 1, 0, 3]]
    layer = (values, {"affine": reverse @ ras, "units": ("mm",) * 3}, "image")
    report = export(layer, tmp_path / "out", ExportOptions(world="RAS"))
    assert_placed(simpleitk_volume(report.path), values, RAS_TO_LPS @ ras, 1e-5)


def test_a_4d_oblique_nifti_is_the_same_in_dcm2niix(tmp_path):
    values, affine = nifti(NIBABEL / "example4d.nii.gz")
    axes = ("time", "plane", "row", "column")
    volume = Volume(values, affine=affine, axes=axes, time_step=2.0, name="example4d")
    report = export(volume, tmp_path / "out", ExportOptions(modality="MR"))
    reading = dcm2niix_volume(report.path)
    assert reading.values.shape == (2, 24, 96, 128)
    for found, expected in zip(reading.values, values, strict=True):
        assert_placed(type(reading)(found, reading.affine), expected, affine, 1e-4)


@pytest.mark.parametrize("reader", VOLUME_READERS)
def test_a_4d_oblique_nifti_point_by_point(tmp_path, reader):
    values, affine = nifti(NIBABEL / "example4d.nii.gz")
    volume = Volume(values[:, :6], affine=affine, axes=("time", "plane", "row", "column"))
    report = export(volume, tmp_path / "out", ExportOptions(modality="MR", time="series-per-point"))
    for folder, expected in zip(sorted(report.path.iterdir()), values[:, :6], strict=True):
        assert_placed(VOLUME_READERS[reader](folder), expected, affine, 1e-4)


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_big_endian_nifti(tmp_path, modality):
    values, affine = nifti(NIBABEL / "anatomical.nii")
    assert values.dtype.byteorder == ">"
    report = export(Volume(values, affine=affine), tmp_path / "out", ExportOptions(modality=modality))
    assert_placed(simpleitk_volume(report.path), values, affine, 1e-5)
    assert_placed(highdicom_volume(report.path), values, affine, 1e-5)


def test_a_sheared_mgz_is_refused(tmp_path):
    image = nibabel.load(NIBABEL / "test.mgz")
    volume = Volume(np.asarray(image.dataobj)[..., 0].T, affine=RAS_TO_LPS @ image.affine[:, [2, 1, 0, 3]])
    with pytest.raises(GeometryError, match="off a right angle"):
        export(volume, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    report = export(volume, tmp_path / "out", ExportOptions(shear="resample"))
    reading = simpleitk_volume(report.path)
    steps = reading.affine[:3, :3] / np.linalg.norm(reading.affine[:3, :3], axis=0)
    np.testing.assert_allclose(steps.T @ steps, np.eye(3), atol=1e-9)
    # No voxel of the source is lost: all corners lie inside.
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in volume.shape], indexing="ij")).reshape(3, -1)
    places = (volume.affine[:3, :3] @ corners).T + volume.affine[:3, 3]
    index = (places - reading.affine[:3, 3]) @ np.linalg.inv(reading.affine[:3, :3]).T
    assert (index > -1e-6).all()
    assert (index < np.array(reading.values.shape) - 1 + 1e-6).all()


@pytest.mark.parametrize(("name", "modality"), [("CT_small.dcm", "CT"), ("MR_small.dcm", "MR")])
def test_a_derived_ct_and_mr_keep_values_and_place(tmp_path, name, modality):
    source = pydicom.dcmread(get_testdata_file(name, download=False))
    values = apply_rescale(source.pixel_array, source)
    row, column = np.array(source.ImageOrientationPatient, float).reshape(2, 3)
    spacing = np.array(source.PixelSpacing, float)
    linear = np.stack([np.cross(row, column), column * spacing[0], row * spacing[1]], axis=1)
    volume = Volume(values, affine=affine_of(linear, source.ImagePositionPatient), axes=("row", "column"))
    report = export(volume, tmp_path / "out.dcm", ExportOptions(modality=modality))
    assert report.path == tmp_path / "out.dcm"
    (written,) = read_series(report.path)[0]
    np.testing.assert_array_equal(apply_rescale(written.pixel_array, written), values)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        assert [float(v) for v in written[keyword].value] == [float(v) for v in source[keyword].value]
    assert written.ImageType[0] == "DERIVED"
    assert written.SOPInstanceUID != source.SOPInstanceUID
    files = dicom_files(report.path)
    assert (dciodvfy(files), dicom_validator(files)) == (([], []), [])
