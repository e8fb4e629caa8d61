"""A layer's transforms, composed as napari composes them. Checked against the layers' own of napari 0.9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import GeometryError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def data_to_world(attributes: Mapping[str, Any], ndim: int) -> NDArray[np.float64]:
    """Compose all of a layer's transforms: ``affine @ [[R @ Sh @ diag(scale), translate], [0, 1]]``.

    Whatever is given for fewer axes is meant for the last ones, as in napari.

    Returns
    -------
    numpy.ndarray
        (ndim + 1, ndim + 1): data index → world, in world units.

    Raises
    ------
    GeometryError
        Transforms that do not fit the axes, or an affine with a perspective.
    """
    remedy = "Pass the attributes of a napari layer: scale and translate per axis, rotate, shear and affine as matrices"
    try:
        scale = _padded(attributes.get("scale"), np.ones(ndim))
        rotate, shear = _rotation(attributes.get("rotate")), _shear(attributes.get("shear"))
        inner = np.eye(ndim + 1)
        with np.errstate(all="ignore"):  # what is not finite is refused later, and needs no warning
            inner[:ndim, :ndim] = _embedded(rotate, ndim) @ _embedded(shear, ndim) @ np.diag(scale)
        inner[:ndim, ndim] = _padded(attributes.get("translate"), np.zeros(ndim))
        affine = attributes.get("affine")
        # A napari Affine keeps its matrix in this attribute.
        matrix = np.eye(1) if affine is None else np.asarray(getattr(affine, "affine_matrix", affine), float)
        matrix = _embedded(matrix, ndim + 1)
        with np.errstate(all="ignore"):
            world: NDArray[np.float64] = matrix @ inner
    except (TypeError, ValueError) as error:
        raise GeometryError(f"Its transforms do not fit its {ndim} axes ({error})", remedy) from error
    if not np.array_equal(matrix[-1], inner[-1]):
        raise GeometryError("The last row of its affine is not 0 … 0 1, which a perspective has", remedy)
    return world


def _padded(values: Any, vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put values behind what stands for the axes they leave out."""
    given = np.asarray([] if values is None else values, float).ravel()
    if len(given) > len(vector):
        raise ValueError(f"{len(given)} numbers for {len(vector)} axes")
    vector[len(vector) - len(given) :] = given
    return vector


def _embedded(matrix: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Put a matrix into the lower right corner of the identity."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) > size:
        raise ValueError(f"a matrix of shape {matrix.shape} where {size}×{size} is the most")
    result = np.eye(size)
    at = size - len(matrix)
    result[at:, at:] = matrix
    return result


def _rotation(rotate: Any) -> NDArray[np.float64]:
    """Return a matrix; an angle in the last plane, or three of them about the axes, are in degrees."""
    given = np.asarray(np.eye(0) if rotate is None else rotate, float)
    if given.ndim == 2:
        return given
    if given.size not in (1, 3):
        raise ValueError(f"{given.size} angles of rotation")
    if given.size == 1:
        return _turn(given.item(), 2, 0, 1)
    alpha, beta, gamma = given.tolist()
    return _turn(alpha, 3, 0, 1) @ _turn(beta, 3, 2, 0) @ _turn(gamma, 3, 1, 2)


def _turn(degrees: float, size: int, one: int, other: int) -> NDArray[np.float64]:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(size)
    matrix[[one, other], [one, other]] = cos
    matrix[one, other], matrix[other, one] = -sin, sin
    return matrix


def _shear(shear: Any) -> NDArray[np.float64]:
    """Expand napari's upper-triangular vector, row by row; a full matrix stays."""
    given = np.asarray([] if shear is None else shear, float)
    if given.ndim == 2:
        return given
    size = round((1 + np.sqrt(1 + 8 * given.size)) / 2)
    matrix = np.eye(size)
    matrix[np.triu_indices(size, 1)] = given
    return matrix
