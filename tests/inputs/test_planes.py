"""Planes along another direction of the patient: the same voxels in their places, in other planes."""

from __future__ import annotations

import numpy as np
import pytest

from inputs.geometries import GEOMETRIES, nifti
from judges.readers import simpleitk_volume
from judges.volumes import assert_placed, indexed, oblique
from napari_dicom_writer import ExportError, ExportOptions, Volume, export, plan_export

WANTED = {"axial": (2, "H"), "coronal": (1, "P"), "sagittal": (0, "L")}


@pytest.mark.parametrize("planes", WANTED)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_every_voxel_keeps_its_place(geometry, planes, tmp_path):
    source = nifti(tmp_path / "a.nii", GEOMETRIES[geometry])
    values = source.values.reshape(5, 4, 3).transpose()
    affine = GEOMETRIES[geometry][:, [2, 1, 0, 3]]
    export(Volume(values, affine=affine), tmp_path / "out", ExportOptions(planes=planes))
    reading = simpleitk_volume(tmp_path / "out")
    assert_placed(reading, values, affine, 1e-4)
    normal = reading.affine[:3, 0] / np.linalg.norm(reading.affine[:3, 0])
    along = np.abs(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))[WANTED[planes][0]]
    assert abs(normal[WANTED[planes][0]]) == pytest.approx(along.max(), abs=1e-5)


@pytest.mark.parametrize("planes", WANTED)
def test_rows_and_columns_lie_as_pictures_are_hung(planes):
    volume = Volume(np.zeros((3, 4, 5), np.uint8), spacing=(3, 1, 1))
    (series,) = plan_export(volume, ExportOptions(planes=planes)).series
    expected = {"axial": "L, P, H", "coronal": "L, H, A", "sagittal": "P, H, L"}[planes]
    assert series.directions == expected
    assert (
        series.axes
        == {
            "axial": "3 planes × 4 rows × 5 columns",
            "coronal": "3 rows × 4 planes × 5 columns",
            "sagittal": "3 rows × 4 columns × 5 planes",
        }[planes]
    )


def test_lazy_arrays_stay_lazy(tmp_path):
    da = pytest.importorskip("dask.array")
    volume = Volume(da.from_array(indexed(), chunks=2), affine=oblique(), axes="ZYX")
    export(volume, tmp_path / "out", ExportOptions(planes="sagittal"))
    assert_placed(simpleitk_volume(tmp_path / "out"), indexed(), oblique(), 1e-5)


def test_leading_axes_stay(tmp_path):
    volume = Volume(np.zeros((2, 3, 4, 5), np.uint8), spacing=(3, 1, 1), axes="TZYX")
    (series,) = plan_export(volume, ExportOptions(planes="coronal")).series
    assert (series.time_points, series.planes, series.rows, series.columns) == (2, 4, 3, 5)


def test_slanted_planes_are_said():
    turned = np.cos(np.pi / 4)
    direction = np.array([[0, 0, 1], [-turned, turned, 0], [turned, turned, 0]])
    volume = Volume(np.zeros((3, 4, 5), np.uint8), spacing=(1, 1, 1), direction=direction)
    plan = plan_export(volume, ExportOptions(planes="axial"))
    assert any("45° off" in note.text for note in plan.notes)


def test_a_single_plane_cannot_be_turned():
    volume = Volume(np.zeros((4, 5), np.uint8), spacing=(1, 1))
    assert plan_export(volume, ExportOptions(planes="axial")).instances == 1
    with pytest.raises(ExportError, match="only plane is not sagittal"):
        plan_export(volume, ExportOptions(planes="sagittal"))
