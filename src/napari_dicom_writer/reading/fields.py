"""Fields of view beside each other: pictures that share planes, and lie at several places in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.reading.settings import FEW
from napari_dicom_writer.reading.stacking import stack, why_no_stack
from napari_dicom_writer.reading.time_points import moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.picture import Picture
    from napari_dicom_writer.reading.stacking import Stack

_NEAR = 0.05  # of a pixel: how far pictures of one field may lie aside


def fields_apart(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Tell fields of view apart, by where pictures lie in their planes; one field where all lie above each other.

    Planes may lean, as those of a tilted gantry. What lies a little aside is put where the first of its plane lies.
    More than a few fields are none: a table or a patient that moves.
    """
    places = [picture.place for picture in pictures]
    if why_no_stack(places) or not (planes := stack(places)).aside:
        return [list(pictures)]
    positions = np.array([place.position for place in places], float)
    across = positions @ np.stack([planes.row, planes.column], axis=1)
    along = positions @ planes.normal
    near = _NEAR * min(places[0].spacing or (1.0,))
    leaning = [across - np.outer(along - along.min(), lean) for lean in (np.zeros(2), _lean(planes))]
    numbers = min((_clusters(points, near) for points in leaning), key=np.max)
    if numbers.max() >= FEW:
        return [list(pictures)]
    fields: list[list[Picture]] = [[] for _ in range(numbers.max() + 1)]
    for number, picture in zip(numbers, pictures, strict=True):
        fields[number].append(picture)
    return sorted(map(_leveled, fields), key=lambda field: field[0].place.position or ())


def _leveled(field: list[Picture]) -> list[Picture]:
    """Put pictures that lie a little aside where the first of their plane lies, and say so."""
    planes = stack([picture.place for picture in field])
    if not planes.aside:
        return field
    first = np.repeat(planes.positions, planes.counts, axis=0)
    every = np.array([field[index].place.position for index in planes.order])
    off = float(np.linalg.norm(every - first, axis=1).max())
    return moved(field, planes.order, first, off)


def _lean(planes: Stack) -> NDArray[np.float64]:
    """How far planes shift along rows and columns for each mm along the normal, by the first of each."""
    way = planes.positions[-1] - planes.positions[0]
    length = float(way @ planes.normal)
    return np.array([way @ planes.row, way @ planes.column]) / length if length else np.zeros(2)


def _clusters(points: NDArray[np.float64], near: float) -> NDArray[np.intp]:
    """Number points (points, 2), those that lie together alike."""
    numbers, count = np.full(len(points), -1), 0
    while (numbers < 0).any():
        first = points[int(np.argmax(numbers < 0))]
        numbers[(numbers < 0) & (np.abs(points - first).max(axis=1) <= near)] = count
        count += 1
    return numbers
