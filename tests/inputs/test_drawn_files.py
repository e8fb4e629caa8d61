"""Files drawn at random: any format, place, size, type and order of axes; each voxel must arrive in its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nibabel
import nrrd
import numpy as np
import SimpleITK as sitk
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from inputs.geometries import to_ras
from judges.readers import simpleitk_volume
from judges.volumes import affine_of, assert_placed, rotation
from napari_dicom_writer import export

TYPES = ("uint8", "int16", "uint16")


def write_nifti(path: Path, array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    image = nibabel.Nifti1Image(array, to_ras(affine))
    image.header.set_xyzt_units(xyz="mm")
    nibabel.save(image, path)
    return to_ras(nibabel.load(path).affine)


def write_itk(path: Path, array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    image = sitk.GetImageFromArray(array.transpose())
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(steps.tolist())
    image.SetDirection((affine[:3, :3] / steps).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    sitk.WriteImage(image, str(path))
    return affine


def write_nrrd(path: Path, array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    ras = to_ras(affine)
    header = {"space": "RAS", "space directions": ras[:3, :3].T, "space origin": ras[:3, 3], "kinds": ["domain"] * 3}
    nrrd.write(str(path), array, header)
    return affine


def write_tiff(path: Path, array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """OME-TIFF has sizes, and neither place nor directions."""
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    sizes = {f"PhysicalSize{axis}": float(step) for axis, step in zip("XYZ", steps, strict=True)}
    units = {f"PhysicalSize{axis}Unit": "mm" for axis in "XYZ"}
    tifffile.imwrite(path, array.transpose(), photometric="minisblack", metadata={"axes": "ZYX", **sizes, **units})
    return np.diag([*steps, 1])


WRITERS = {
    "a.nii": write_nifti,
    "a.nii.gz": write_nifti,
    "a.mha": write_itk,
    "a.mhd": write_itk,
    "a.nrrd": write_nrrd,
    "a.nhdr": write_nrrd,
    "a.ome.tif": write_tiff,
}


@st.composite
def drawn(draw):
    """Draw a file's name, its array (column, row, plane), and its affine."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    shape = draw(st.tuples(*[st.integers(2, 7)] * 3))  # of one row, SimpleITK makes another volume
    array = rng.permutation(int(np.prod(shape))).reshape(shape).astype(draw(st.sampled_from(TYPES)))
    flips = draw(st.tuples(*[st.sampled_from((-1, 1))] * 3))
    order = draw(st.permutations(range(3)))
    turned = draw(st.booleans())
    spacing = np.exp(rng.uniform(np.log(1e-3), np.log(5), 3)) if draw(st.booleans()) else rng.uniform(0.3, 5, 3)
    axes = rotation(rng) if turned else np.eye(3)
    linear = axes[:, list(order)] @ np.diag(spacing * flips)
    return draw(st.sampled_from(sorted(WRITERS))), array, affine_of(linear, rng.uniform(-200, 200, 3) * spacing.max())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(drawn())
def test_every_voxel_arrives_in_its_place(file):
    name, array, affine = file
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        affine = WRITERS[name](path, array, affine)
        export(path, Path(folder) / "out")
        reading = simpleitk_volume(Path(folder) / "out")
    smallest = np.linalg.norm(affine[:3, :3], axis=0).min()
    assert_placed(reading, array.transpose(), affine[:, [2, 1, 0, 3]], 2e-2 * smallest)
