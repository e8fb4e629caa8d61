"""The planes of an image that is not there, from the contours that were drawn on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.model.contours import ENCLOSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.contours import Outline

_PARALLEL = 0.999  # cosine; numbers of a contour are rounded
_STRAIGHT = 1e-6
_SAME = 1e-2  # mm; closer ones are one plane
_WHOLE = 0.05  # of the distance between planes


def planes_from(outlines: Sequence[Outline]) -> tuple[NDArray[np.float64], Note]:
    """Find planes that contours lie on, and say so.

    Parameters
    ----------
    outlines
        One at least.

    Returns
    -------
    affine : numpy.ndarray
        (plane, row, column, 1) → LPS mm; pixels are 1 mm, the first of them before all contours.
    note : Note
    """
    normal = _normal([outline.points for outline in outlines if outline.kind in ENCLOSING])
    nearest = int(np.abs(normal).argmax())
    # As images usually run: columns to the left, of sagittal ones to posterior; planes to the head where they can.
    normal *= np.sign(normal[nearest]) * (-1 if nearest == 0 else 1)
    row = np.eye(3)[1 if nearest == 0 else 0]
    row -= (row @ normal) * normal
    row /= np.linalg.norm(row)
    axes = np.stack([normal, np.cross(normal, row), row])
    along = np.concatenate([outline.points for outline in outlines]) @ axes.T
    step, words = _step(np.array([float((outline.points @ normal).mean()) for outline in outlines]))
    affine = np.eye(4)
    affine[:3, :3] = axes.T * (step, 1, 1)
    affine[:3, 3] = axes.T @ (along[:, 0].min(), *np.floor(along[:, 1:].min(axis=0)))
    return affine, Note(NoteKind.ASSUMED, f"Its image is not there: its planes are those of its contours, {words}")


def _normal(rings: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Direction that most of the enclosed area faces; upright where nothing is enclosed."""
    faces = np.array([np.cross(ring, np.roll(ring, -1, axis=0)).sum(axis=0) for ring in rings] or [(0.0, 0.0, 1.0)])
    areas = np.linalg.norm(faces, axis=1)
    if not areas.max() > 0:
        return np.array([0.0, 0.0, 1.0])
    largest = faces[areas.argmax()] / areas.max()
    cosines = faces @ largest / np.where(areas > 0, areas, 1)
    alike = np.abs(cosines) > _PARALLEL
    normal = (faces[alike] * np.sign(cosines[alike])[:, np.newaxis]).sum(axis=0)
    normal /= np.linalg.norm(normal)
    nearest = np.eye(3)[np.abs(normal).argmax()]
    upright: NDArray[np.float64] = nearest * np.sign(normal @ nearest)
    return upright if np.abs(normal - upright).max() < _STRAIGHT else normal


def _step(places: NDArray[np.float64]) -> tuple[float, str]:
    """Distance of planes at these places along their normal, and how it is known."""
    places = np.sort(places)
    gaps = np.diff(places)
    gaps = gaps[gaps > _SAME]
    if not len(gaps):
        return 1.0, "the distance between them taken as 1 mm"
    count = np.rint(gaps / gaps.min()).sum()
    step = float((places[-1] - places[0]) / count)
    off = np.abs((places - places[0]) / step - np.rint((places - places[0]) / step)).max()
    words = f"{step:.4g} mm apart"
    return step, words if off < _WHOLE else f"{words}, and some lie between them"
