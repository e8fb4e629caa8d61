"""From outlines in space to layers of shapes and points: the inverse of `layers.drawn`. Imports no napari."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.layers.drawn_regions import KIND, NUMBER
from napari_dicom_writer.layers.labels import features_of
from napari_dicom_writer.model.contours import ENCLOSING, POINT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.model.segments import Segment
    from napari_dicom_writer.model.volume import Volume

_COLOR = (1.0, 1.0, 0.0, 1.0)  # where none is known: seen on gray
_EDGE, _POINT = 1.0, 5.0  # pixels of the image
_BACK = -1 + 1e-6  # cosine between two edges of which one lies on the other
_FLAT = 1e-9  # of the square around


def by_layer(volume: Volume) -> list[tuple[str, Volume]]:
    """Part a volume into what is a layer each: napari holds points apart from other outlines.

    Returns
    -------
    list of (str, Volume)
        What each has for itself, in words; empty of the only one, and of the outlines.
    """
    if volume.drawn is None or len({outline.kind == POINT for outline in volume.drawn}) < 2:
        return [("", volume)]
    found = []
    for label in ("", "points"):
        part = copy(volume)
        part.drawn = tuple(outline for outline in volume.drawn if (outline.kind == POINT) == bool(label))
        part.notes = () if label else volume.notes
        found.append((label, part))
    return found


def to_shapes(
    outlines: Sequence[Outline], segments: Sequence[Segment], affine: NDArray[np.float64], axes: Sequence[int]
) -> tuple[Any, dict[str, Any], str]:
    """Make the data of a layer, and what its attributes say beside its place.

    Parameters
    ----------
    outlines
        All points, or none.
    segments
        What their regions are; their labels are the regions' numbers.
    affine
        (plane, row, column, 1) → LPS mm.
    axes
        Which of planes, rows and columns each axis of the layer is.

    Returns
    -------
    data, attributes, "shapes" or "points"
        ``features`` hold the region of each: its name, number, codes, and what else is known.
    """
    inverse = np.linalg.inv(affine)[:3]
    data = [_in_pixels(outline, inverse)[:, list(axes)] for outline in outlines]
    used = {outline.region for outline in outlines}
    segments = [segment for segment in segments if segment.label in used]
    of_region = {segment.label: row for row, segment in enumerate(segments)}
    rows = [of_region[outline.region] for outline in outlines]
    table = {NUMBER if name == "index" else name: column for name, column in features_of(segments).items()}
    features = {name: [column[row] for row in rows] for name, column in table.items()}
    colors = [(*(part / 255 for part in s.color), 1.0) if s.color else _COLOR for s in segments]
    shown = np.array([colors[row] for row in rows])
    if outlines[0].kind == POINT:
        return np.concatenate(data), {"features": features, "face_color": shown, "size": _POINT}, "points"
    return (
        data,
        {
            "shape_type": ["polygon" if _is_polygon(outline) else "path" for outline in outlines],
            "features": features | {KIND: [outline.kind for outline in outlines]},
            "edge_color": shown,
            "face_color": shown * (1, 1, 1, 0),
            "edge_width": _EDGE,
        },
        "shapes",
    )


def _in_pixels(outline: Outline, inverse: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points as (plane, row, column); what encloses nothing is a path that ends where it begins."""
    points = outline.points
    if outline.kind in ENCLOSING:
        points = _stepwise(points) if _is_polygon(outline) else np.vstack([points, points[:1]])
    found: NDArray[np.float64] = points @ inverse[:, :3].T + inverse[:, 3]
    return found


def _stepwise(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out points that repeat the one before: napari cannot part some polygons that have any."""
    kept: NDArray[np.float64] = points[np.append(True, np.diff(points, axis=0).any(axis=1))]
    return kept


def _is_polygon(outline: Outline) -> bool:
    """Whether it is closed, encloses something, and turns back on itself nowhere."""
    points = _stepwise(outline.points)
    points = points[: len(points) - bool((points[0] == points[-1]).all())]
    if outline.kind not in ENCLOSING or len(points) < 3:
        return False
    steps = np.roll(points, -1, axis=0) - points
    lengths = np.linalg.norm(steps, axis=1)
    cosines = (steps * np.roll(steps, 1, axis=0)).sum(axis=1) / (lengths * np.roll(lengths, 1))
    around = points - points[0]
    area = np.linalg.norm(np.cross(around, np.roll(around, -1, axis=0)).sum(axis=0)) / 2
    return bool((cosines > _BACK).all() and area > _FLAT * lengths.sum() ** 2)
