"""The recipes people copy to turn an array into DICOM, done right: each is one call here."""

from __future__ import annotations

import numpy as np
import pytest

from judges.crossfile import series_faults
from judges.readers import dciodvfy, dicom_files, dicom_validator, read_series, simpleitk_file, simpleitk_volume
from judges.volumes import SPACING, assert_placed
from napari_dicom_writer import ExportOptions, Patient, Volume, export

RNG = np.random.default_rng(9)
SHAPE = (6, 32, 24)


def assert_valid(path) -> None:
    files = dicom_files(path)
    assert dciodvfy(files) == ([], [])
    assert dicom_validator(files) == []


def test_a_2d_array_to_one_file(tmp_path):
    """Elsewhere: a CT with a fixed UID and no position, that no viewer tells from the next one."""
    array = RNG.integers(0, 4096, (32, 24), "u2")
    path = export(array, tmp_path / "image.dcm", ExportOptions(patient=Patient(name="Test^Firstname", id="4711"))).path
    again = export(array, tmp_path / "again.dcm").path
    assert path == tmp_path / "image.dcm"
    assert_valid(path)
    (first,), (second,) = read_series(path)[0], read_series(again)[0]
    np.testing.assert_array_equal(first.pixel_array, array)
    np.testing.assert_array_equal(simpleitk_file(path).values[0], array)
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.PatientID != second.PatientID
    assert (str(first.PatientName), first.Modality) == ("Test^Firstname", "OT")


STACKS = {
    "8-bit": RNG.integers(0, 256, SHAPE, "u1"),
    "16-bit": RNG.integers(0, 65536, SHAPE, "u2"),
    "RGB": RNG.integers(0, 256, (*SHAPE, 3), "u1"),
}


@pytest.mark.parametrize("kind", STACKS)
def test_a_stack_that_simpleitk_reads_as_a_stack(tmp_path, kind):
    """Elsewhere: slices without position or with their number as one, read back in any order, 1 mm apart."""
    array = STACKS[kind]
    volume = Volume(array, spacing=SPACING, position=(10, 20, 30), rgb=kind == "RGB")
    report = export(volume, tmp_path / "stack")
    assert_valid(report.path)
    assert len(dicom_files(report.path)) == SHAPE[0]
    assert series_faults(read_series(report.path)[0], SHAPE) == []
    reading = simpleitk_volume(report.path)
    np.testing.assert_array_equal(reading.values, array)
    np.testing.assert_allclose(np.linalg.norm(reading.affine[:3, :3], axis=0), SPACING)
    assert_placed(reading, array, volume.affine, 1e-5)


def test_a_16_bit_mr_volume(tmp_path):
    """Elsewhere: floats cast to uint16, which wraps what is negative and cuts what is fractional."""
    array = RNG.normal(size=SHAPE)
    stored = np.rint(1000 * array).astype("i2")
    volume = Volume(stored, spacing=SPACING, window=(stored.min(), stored.max()))
    report = export(volume, tmp_path / "mr", ExportOptions(modality="MR"))
    assert_valid(report.path)
    (instances,) = read_series(report.path)
    assert {(i.Modality, i.BitsAllocated, i.PixelRepresentation) for i in instances} == {("MR", 16, 1)}
    assert float(instances[0].SpacingBetweenSlices) == SPACING[0]
    assert_placed(simpleitk_volume(report.path), stored, volume.affine, 1e-5)


@pytest.mark.parametrize("container", [list, tuple, iter, set])
def test_layers_come_in_any_container(tmp_path, container):
    volumes = [Volume(STACKS["16-bit"], spacing=SPACING, name=name) for name in "ab"]
    report = export(container(volumes), tmp_path / "out")
    assert sorted(series.layer for series in report.plan.series) == ["a", "b"]
    assert_valid(report.path)
