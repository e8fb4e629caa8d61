"""Where volumes lie, and files of every format that hold them, written by the libraries that own the formats.

Each writer returns the file and what its own library says of it: values, and the LPS place of each voxel, in mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import nibabel
import numpy as np
import SimpleITK as sitk

from judges.volumes import affine_of, rotation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHAPE = (5, 4, 3)  # columns, rows, planes
SPACING = (0.7, 0.8, 2.5)
_ROTATED = rotation(np.random.default_rng(4))

# (column, row, plane, 1) → LPS mm
GEOMETRIES = {
    "LPS": affine_of(np.diag(SPACING), (-20, -30, 40)),
    "RAS": affine_of(np.diag([-0.7, -0.8, 2.5]), (90, 126, -72)),
    "LAS": affine_of(np.diag([0.7, -0.8, 2.5]), (-90, 126, -72)),
    "sagittal": affine_of(np.array([[0, 0, 2.5], [0.7, 0, 0], [0, -0.8, 0]]), (1, 2, 3)),
    "coronal, feet first": affine_of(np.array([[0.7, 0, 0], [0, 0, 2.5], [0, 0.8, 0]]), (1, 2, 3)),
    "oblique": affine_of(_ROTATED @ np.diag(SPACING), (12.5, -80.25, 31)),
    "oblique, left-handed": affine_of(_ROTATED @ np.diag([0.7, -0.8, 2.5]), (12.5, -80.25, 31)),
    "micrometers": affine_of(np.diag([0.00065, 0.00065, 0.0025]), (0.001, 0.002, 0.003)),
}


@dataclass(frozen=True)
class Written:
    """A file, and what its library says of it: values and places (voxels × 3)."""

    path: Path
    values: np.ndarray
    places: np.ndarray


def values(dtype: str = "int16") -> np.ndarray:
    """(column, row, plane), each voxel with a value of its own."""
    return np.arange(np.prod(SHAPE)).astype(dtype).reshape(SHAPE)


def to_ras(affine: np.ndarray) -> np.ndarray:
    """LPS to RAS, and back."""
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def nifti(path: Path, affine: np.ndarray, unit: str = "mm", kind: type = nibabel.Nifti1Image) -> Written:
    """Write by nibabel, in a unit of length."""
    factor = {"mm": 1.0, "meter": 1000.0, "micron": 0.001}[unit]
    in_unit = to_ras(affine)
    in_unit[:3] /= factor
    image = kind(values(), in_unit)
    image.header.set_xyzt_units(xyz=unit)
    image.set_sform(in_unit, code=1)
    image.set_qform(None, code=0)
    nibabel.save(image, path)
    return by_nibabel(path, factor)


def by_nibabel(path: Path, factor: float = 1.0) -> Written:
    """What nibabel says of a file."""
    image = nibabel.load(path)
    index = np.indices(image.shape[:3]).reshape(3, -1).T
    ras = nibabel.affines.apply_affine(image.affine, index) * factor
    return Written(path, np.asarray(image.dataobj).reshape(len(index), -1), ras * (-1, -1, 1))


def itk(path: Path, affine: np.ndarray) -> Written:
    """Write by SimpleITK: MetaImage, NRRD, NIfTI."""
    image = sitk.GetImageFromArray(values().transpose())
    steps = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(steps.tolist())
    image.SetDirection((affine[:3, :3] / steps).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    sitk.WriteImage(image, str(path))
    return by_itk(path)


def by_itk(path: Path) -> Written:
    """What SimpleITK says of a file, voxel by voxel."""
    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image).transpose()
    index = np.indices(array.shape).reshape(3, -1).T
    places = [image.TransformIndexToPhysicalPoint(tuple(map(int, at))) for at in index]
    return Written(path, array.reshape(len(index), -1), np.array(places))


FORMATS: dict[str, Callable[[Path, np.ndarray], Written]] = {
    "scan.nii": nifti,
    "scan.nii.gz": nifti,
    "scan.img": lambda path, affine: nifti(path, affine, kind=nibabel.Nifti1Pair),
    "nifti2.nii": lambda path, affine: nifti(path, affine, kind=nibabel.Nifti2Image),
    "meter.nii": lambda path, affine: nifti(path, affine, "meter"),
    "micron.nii": lambda path, affine: nifti(path, affine, "micron"),
    "scan.mha": itk,
    "scan.mhd": itk,
    "scan.nrrd": itk,
    "scan.nhdr": itk,
}
