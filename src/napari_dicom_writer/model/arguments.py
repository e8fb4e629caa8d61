"""What a `Volume` is made with, checked: numbers, a window, and the geometry in either of two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.model.geometry import compose_affine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_ROUNDED = 1e-6  # of a length: single precision rounds less


def number(value: Any, name: str) -> float:
    """Return any number as a float."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise GeometryError(f"{name}={value!r} is not a number", f"Give {name} as a number") from None


def pair(window: Any) -> tuple[float, float]:
    """Return a window as (low, high); whether it shows anything is for the plan to say."""
    try:
        low, high = map(float, () if isinstance(window, str) else window)
    except (TypeError, ValueError, OverflowError):
        remedy = "Give (low, high), the least and the greatest value to display"
        raise LayerError(f"window={window!r} is not a pair of numbers", remedy) from None
    return low, high


def unit_columns(direction: ArrayLike) -> tuple[NDArray[np.float64], tuple[Note, ...]]:
    """Return directions of length 1 from rounded ones, whose length is not a distance; say how long they were."""
    axes = _array(direction, "direction")
    if axes.shape != (3, 3):
        return axes, ()  # refused with what else has the wrong shape
    lengths = np.linalg.norm(axes, axis=0)
    if not np.allclose(lengths, 1, atol=1e-3):
        raise GeometryError(
            "The columns of direction are not unit vectors", "Give directions of length 1, and the distances as spacing"
        )
    off = float(lengths[np.argmax(np.abs(lengths - 1))])
    text = f"Directions of length {off:.6g} taken as unit vectors: distances are the spacing given"
    return axes / lengths, (Note(NoteKind.ASSUMED, text),) if abs(off - 1) > _ROUNDED else ()


def _array(values: Any, name: str) -> NDArray[np.float64]:
    try:
        return np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise GeometryError(f"{name}={values!r} does not hold numbers", f"Give {name} as numbers") from None


def affine_of(
    spacing: Sequence[float] | None,
    position: Sequence[float] | None,
    direction: NDArray[np.float64] | None,
    affine: ArrayLike | None,
    *,
    planar: bool,
) -> NDArray[np.float64]:
    """One affine from either way of giving the geometry."""
    if affine is not None:
        if any(part is not None for part in (spacing, position, direction)):
            raise GeometryError("Both an affine and its parts are given", "Give either affine, or spacing and position")
        return _array(affine, "affine")
    spacing = (1.0, 1.0, 1.0) if spacing is None else tuple(_array(spacing, "spacing").ravel().tolist())
    if planar and len(spacing) == 2:
        spacing = (1.0, *spacing)
    position = (0.0, 0.0, 0.0) if position is None else tuple(_array(position, "position").ravel().tolist())
    square = direction is None or direction.shape == (3, 3)
    if len(spacing) != 3 or len(position) != 3 or not square:
        raise GeometryError(
            "Spacing, position or direction have the wrong shape",
            "Give spacing (planes, rows, columns) in mm, position (x, y, z), and direction 3×3",
        )
    if any(not s > 0 for s in spacing):
        raise GeometryError(f"Spacing {tuple(spacing)} is not positive", "Give positive distances in mm")
    return compose_affine(spacing, position, direction)
