"""Volumes whose voxels say where they are, and the check that a reader found every one of them in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer import Volume

if TYPE_CHECKING:
    from judges.readers import Reading

SHAPE = (3, 4, 5)
SPACING = (2.5, 0.8, 0.7)


def indexed(shape: tuple[int, ...] = SHAPE, dtype: str = "int16") -> np.ndarray:
    """Voxels that hold their own flat index."""
    return np.arange(np.prod(shape)).astype(dtype).reshape(shape)


def rotation(rng: np.random.Generator) -> np.ndarray:
    """A random proper rotation."""
    q, r = np.linalg.qr(rng.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q if np.linalg.det(q) > 0 else q @ np.diag([1, 1, -1])


def affine_of(linear: np.ndarray, position: object = (0, 0, 0)) -> np.ndarray:
    """4×4 from 3×3 and a position."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = linear, position
    return matrix


def oblique(seed: int = 0) -> np.ndarray:
    """An oblique, anisotropic affine away from the origin."""
    rng = np.random.default_rng(seed)
    return affine_of(rotation(rng) @ np.diag(SPACING), rng.uniform(-200, 200, 3))


def oblique_volume(**keywords: object) -> Volume:
    """An oblique, anisotropic volume with voxels that hold their own index."""
    return Volume(indexed(), affine=oblique(), name="indexed", **keywords)


def world(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """LPS position of every voxel center: (planes × rows × columns, 3)."""
    index = np.indices(shape[:3]).reshape(3, -1)
    return (affine[:3, :3] @ index + affine[:3, 3:]).T


def assert_placed(reading: Reading, values: np.ndarray, affine: np.ndarray, tolerance: float) -> None:
    """Every voxel must be found at its world place, and there must be no others.

    Parameters
    ----------
    reading
        What a reader made of the files.
    values, affine
        What was exported: (planes, rows, columns[, samples]) and index → LPS mm.
    tolerance
        Largest distance in mm.
    """
    assert reading.values.size == values.size
    places = world(affine, values.shape)
    inverse = np.linalg.inv(reading.affine)
    index = np.rint(places @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    inside = (index >= 0) & (index < reading.values.shape[:3])
    assert inside.all(), "voxels lie outside of what was read"
    apart = np.linalg.norm(index @ reading.affine[:3, :3].T + reading.affine[:3, 3] - places, axis=1)
    assert apart.max() <= tolerance, f"a voxel is {apart.max():.3g} mm away"
    found = reading.values[tuple(index.T)]
    np.testing.assert_array_equal(found, values.reshape(found.shape))
