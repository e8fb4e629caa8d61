"""Values that a file made of whole numbers are stored as these numbers again, not in other steps."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from judges.readers import read, real_values, simpleitk_volume
from napari_dicom_writer import ExportOptions, export, plan_export

STORED = {
    "int16": np.arange(-600, 600).reshape(10, 12, 10).astype(np.int16) * 50,
    "uint16": np.arange(1200).reshape(10, 12, 10).astype(np.uint16) * 54,
    "uint8": (np.arange(1200) % 256).reshape(10, 12, 10).astype(np.uint8),
    "int32": np.arange(1200).reshape(10, 12, 10).astype(np.int32) * 50 + 1_000_000,
}


def scaled(path, array, slope: float, intercept: float):
    image = nibabel.Nifti1Image(array, np.eye(4))
    image.header.set_slope_inter(slope, intercept)
    image.header.set_xyzt_units(xyz="mm")
    nibabel.save(image, path)
    return np.asarray(nibabel.load(path).dataobj).transpose()


@pytest.mark.parametrize("modality", ["OT", "CT", "MR"])
@pytest.mark.parametrize(
    "scaling", [(0.0754069686, 3100.76172), (1 / 3, 0.0), (-0.25, 10.0), (1e-9, 0.0), (0.5, -1024)]
)
@pytest.mark.parametrize("dtype", STORED)
def test_no_value_is_rounded_to_other_steps(dtype, scaling, modality, tmp_path):
    values = scaled(tmp_path / "a.nii", STORED[dtype], *scaling)
    report = export(tmp_path / "a.nii", tmp_path / "out", ExportOptions(modality=modality))
    (series,) = report.plan.series
    step = abs(np.float32(scaling[0]))
    assert series.stored.largest_error < 1e-5 * step
    planes = np.stack([real_values(instance) for instance in read(tmp_path / "out")])
    np.testing.assert_allclose(planes, values, rtol=0, atol=1e-5 * step)
    if modality == "OT":
        np.testing.assert_allclose(simpleitk_volume(tmp_path / "out").values, values, rtol=0, atol=1e-5 * step + 1e-4)


def test_pet_has_no_intercept_and_takes_steps_of_its_own(tmp_path):
    scaled(tmp_path / "a.nii", STORED["uint8"], 0.25, 3.1)
    plan = plan_export(tmp_path / "a.nii", ExportOptions(modality="PT"))
    assert any("largest error" in note.text and note.kind == "lost" for note in plan.notes)
    scaled(tmp_path / "b.nii", STORED["uint8"], 0.25, 0.0)
    (series,) = plan_export(tmp_path / "b.nii", ExportOptions(modality="PT")).series
    assert (series.stored.slope, series.stored.intercept) == ("0.25", "0")
