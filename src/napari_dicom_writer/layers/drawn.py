"""From layers of shapes and points to outlines in space. Imports no napari."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError
from napari_dicom_writer.layers.to_volume import to_volume
from napari_dicom_writer.model.contours import CLOSED, ENCLOSING, POINT, Outline
from napari_dicom_writer.model.segments import Labels, segments_of
from napari_dicom_writer.model.volume import SPATIAL, Volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.options.export import ExportOptions

DRAWN = ("shapes", "points")
"""Types of layers that hold no array."""
NUMBER, KIND = "number", "contour_type"
"""Columns of features: the number of the region, and Contour Geometric Type."""
_NAMES = ("name", "region", "roi", "structure", "label")
_ELLIPSE = 64  # corners of the polygon that an ellipse becomes
# What napari says beside the place of its vertices, and an array has not.
_PLACE = ("name", "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels", "metadata")


def to_drawing(data: Any, attributes: Mapping[str, Any], layer_type: str, options: ExportOptions) -> Volume:
    """Read a layer of shapes or points.

    Parameters
    ----------
    data
        Of shapes a sequence of vertices, (n, axes) each; of points (points, axes).
    attributes
        Of its layer tuple. A column of ``features`` that is called name, region, roi, structure or label says which
        region each belongs to; else all of them are one, called as the layer.
    layer_type
        ``shapes`` or ``points``.
    options
        `pixel_unit` and `world`.

    Returns
    -------
    Volume
        Its `drawn` holds the outlines; its array is nothing, until it is laid on the planes of an image.

    Raises
    ------
    LayerError
        An open path, a line, a shape of an unknown type, vertices that are not in space.
    """
    shapes = [np.atleast_2d(np.asarray(one, float)) for one in data] if data is not None else []
    if not shapes:
        raise LayerError("It holds nothing that is drawn", "Draw something, or deselect the layer")
    ndim = shapes[0].shape[1]
    given = {key: attributes[key] for key in _PLACE if key in attributes}
    volume = to_volume(np.broadcast_to(np.uint8(0), (1,) * ndim), given, "image", options)
    if any(axis not in SPATIAL for axis in volume.axes):
        raise LayerError("It has axes beside the spatial ones", "Draw it on a single time point or channel")
    rows = _rows(attributes, len(shapes))
    regions, names = _regions(rows, str(attributes.get("name") or ""))
    types = _types(attributes, len(shapes))
    drawn = []
    for number, (vertices, region, kind) in enumerate(zip(shapes, regions, types, strict=True)):
        name = f"{'point' if layer_type == 'points' else 'shape'} {number}"
        corners = vertices if layer_type == "points" else _corners(vertices, kind, name)
        given_kind = str(rows[number].get(KIND, CLOSED))
        closed = given_kind if given_kind in ENCLOSING else CLOSED
        drawn.append(Outline(region, POINT if layer_type == "points" else closed, _in_space(corners, volume), name))
    colors = _colors(attributes, layer_type, len(shapes))
    first = {region: at for at, region in reversed([*enumerate(regions)])}
    told = [{**rows[at], "name": names[label], "label": label} for label, at in first.items()]
    found = segments_of(told, "features of the layer")
    volume.labels = Labels(tuple(replace(one, color=colors[first[one.label]] or one.color) for one in found))
    volume.drawn = tuple(drawn)
    return volume


def _in_space(vertices: NDArray[np.float64], volume: Volume) -> NDArray[np.float64]:
    """Vertices in LPS millimeters; of a flat layer on its plane."""
    index = np.zeros((4, len(vertices)))
    index[3] = 1
    for column, axis in enumerate(volume.axes):
        index[SPATIAL.index(axis)] = vertices[:, column]
    if not np.isfinite(index).all():
        raise LayerError("Some of its vertices are not finite", "Draw them again")
    places: NDArray[np.float64] = (volume.affine @ index)[:3].T
    return places


def _corners(vertices: NDArray[np.float64], kind: str, name: str) -> NDArray[np.float64]:
    """Corners of a closed shape, the first not repeated."""
    if kind == "ellipse":
        center, to_one, to_other = vertices.mean(axis=0), vertices[1] - vertices[0], vertices[3] - vertices[0]
        angles = np.linspace(0, 2 * np.pi, _ELLIPSE, endpoint=False)[:, np.newaxis]
        corners: NDArray[np.float64] = center + (np.cos(angles) * to_one + np.sin(angles) * to_other) / 2
        return corners
    closed = len(vertices) > 3 and np.array_equal(vertices[0], vertices[-1])
    if kind == "path" and not closed:
        raise LayerError(f"Its {name} is an open path", "Draw it as a polygon, or end it where it begins")
    if kind not in ("polygon", "rectangle", "path"):
        raise LayerError(f"Its {name} is a {kind}, which encloses nothing", "Draw it as a polygon, or delete it")
    corners = vertices[:-1] if closed else vertices
    if len(corners) < 3:
        raise LayerError(f"Its {name} has {len(corners)} corners", "Draw three at least, or delete it")
    return corners


def _types(attributes: Mapping[str, Any], count: int) -> list[str]:
    given = attributes.get("shape_type", "polygon")
    return [given] * count if isinstance(given, str) else [str(one) for one in given]


def _rows(attributes: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """What the table says of each shape, by the names of its columns in small letters."""
    table = attributes.get("features")
    if table is None or not len(table):
        return [{} for _ in range(count)]
    columns = {str(name).lower(): list(table[name]) for name in table}
    return [{name: values[at] for name, values in columns.items() if at < len(values)} for at in range(count)]


def _regions(rows: Sequence[Mapping[str, Any]], alone: str) -> tuple[list[int], dict[int, str]]:
    """Number of the region that each belongs to, and the names of the regions.

    Their own numbers are taken where the table has some, and counted else; two of one name are two then.
    """
    known = next((name for name in _NAMES if name in rows[0]), None)
    names = [alone if known is None else str(row[known]) for row in rows]
    numbers = [_whole(row.get(NUMBER)) for row in rows]
    pairs = dict(zip(numbers, names, strict=True))
    if known is not None and all(numbers) and all(pairs[at] == name for at, name in zip(numbers, names, strict=True)):
        return numbers, pairs
    order = list(dict.fromkeys(names))
    return [order.index(name) + 1 for name in names], dict(enumerate(order, 1))


def _whole(value: Any) -> int:
    """A number from 1; 0 for whatever else."""
    try:
        return max(0, int(value)) if int(value) == float(value) else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def _colors(attributes: Mapping[str, Any], layer_type: str, count: int) -> list[tuple[int, int, int] | None]:
    """Color of each, where it is told in numbers."""
    key = "edge_color" if layer_type == "shapes" else "face_color"
    given = attributes.get(key)
    numbers = np.asarray(given if given is not None else [])
    if numbers.dtype.kind not in "fiu" or numbers.ndim not in (1, 2) or numbers.shape[-1] not in (3, 4):
        return [None] * count
    return [_color(row) for row in np.broadcast_to(numbers, (count, numbers.shape[-1]))]


def _color(row: Iterable[float]) -> tuple[int, int, int]:
    parts: Sequence[int] = [round(255 * min(1.0, max(0.0, float(part)))) for part in row]
    return parts[0], parts[1], parts[2]
