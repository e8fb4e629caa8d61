"""From layers of shapes and points to outlines in space. Imports no napari."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError, Note, NoteKind
from napari_dicom_writer.layers.drawn_regions import KIND, check_as_many, regions_of
from napari_dicom_writer.layers.to_volume import to_volume
from napari_dicom_writer.model.contours import LINES, OPEN
from napari_dicom_writer.model.volume import SPATIAL, Volume

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.options.export import ExportOptions

DRAWN = ("shapes", "points")
"""Types of layers that hold no array."""
_ELLIPSE = 64  # corners of the polygon that an ellipse becomes
_SAY_OPEN = f"or say in a column {KIND!r} of the features that it is {OPEN}"
# What napari says beside the place of its vertices, and an array has not.
_PLACE = ("name", "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels", "metadata", "z")


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
        An open path or a line that is not said to be one, a shape of an unknown type, vertices that are not in space.
    """
    points = layer_type == "points"
    shapes, types = _shapes(data, attributes, points=points)
    if not shapes:
        raise LayerError("It holds nothing that is drawn", "Draw something, or deselect the layer")
    ndim = shapes[0].shape[1]
    given = {key: attributes[key] for key in _PLACE if key in attributes}
    volume = to_volume(np.broadcast_to(np.uint8(0), (1,) * ndim), given, "image", options)
    if more := len([axis for axis in volume.axes if axis not in SPATIAL]):
        what = f"It has {'an axis' if more == 1 else f'{more} axes'} beside the spatial ones, such as time"
        raise LayerError(
            what, f"Draw it in {ndim - more} dimensions, or keep those of each vertex: vertices[:, {more}:]"
        )
    regions = regions_of(attributes, len(shapes))
    drawn, errors = [], []
    for number, (vertices, kind) in enumerate(zip(shapes, types, strict=True)):
        name = f"{'point' if points else 'shape'} {number}"
        if points:
            drawn.append(regions.point(number, _in_space(vertices, volume), name))
            continue
        told = regions.told(number, name)
        corners = (_line if told in LINES else _corners)(vertices, kind, name)
        drawn.append(regions.outline(number, _in_space(corners, volume), name, told))
        if kind == "ellipse":
            errors.append(_inside_ellipse(drawn[-1].points))
    colors = _colors(attributes, layer_type, len(shapes))
    volume.labels = regions.labels(colors)
    volume.notes = (*volume.notes, *regions.notes, *_notes(attributes, len(shapes), errors))
    volume.drawn = tuple(drawn)
    if given.get("z") is not None:  # its plane is known
        volume.array, volume.axes = np.broadcast_to(np.uint8(0), (1, 1, 1)), SPATIAL
    return volume


def _shapes(data: Any, attributes: Mapping[str, Any], *, points: bool) -> tuple[list[NDArray[np.float64]], list[str]]:
    """Vertices of each, and its type; as `napari.layers.Shapes`, pairs of both are taken, and one array of vertices."""
    if data is None:
        return [], []
    if isinstance(data, np.ndarray) and data.ndim == 2 and not points:
        data = [data]
    pairs = [one if isinstance(one, tuple) and len(one) == 2 and isinstance(one[1], str) else (one, "") for one in data]
    told = attributes.get("shape_type", "polygon")
    kinds = [told] * len(pairs) if isinstance(told, str) else [str(one) for one in told]
    check_as_many(kinds, len(pairs), "types of shapes")
    try:
        shapes = [np.atleast_2d(np.asarray(vertices, float)) for vertices, _ in pairs]
    except (TypeError, ValueError) as error:
        raise LayerError(f"Some of its vertices are not numbers ({error})", "Pass (vertices, axes) of each") from None
    if len({shape.shape[1:] for shape in shapes}) > 1 or any(shape.ndim != 2 for shape in shapes):
        raise LayerError("Its vertices have not all the same axes", "Draw all of it in as many dimensions")
    return shapes, [own or kind for (_, own), kind in zip(pairs, kinds, strict=True)]


def _notes(attributes: Mapping[str, Any], count: int, errors: Sequence[float]) -> list[Note]:
    """Say how far polygons lie inside of their ellipses, and that what is hidden is written."""
    notes = []
    if errors:
        text = f"Ellipses are written as polygons of {_ELLIPSE} corners, up to {max(errors):.2g} mm inside of them"
        notes.append(Note(NoteKind.LOST, text))
    hidden = count - int(np.count_nonzero(np.broadcast_to(attributes.get("shown", True), count)))
    if hidden:
        text = f"{hidden:,} of its points {'is' if hidden == 1 else 'are'} hidden, and written"
        notes.append(Note(NoteKind.INFO, text))
    return notes


def _inside_ellipse(corners: NDArray[np.float64]) -> float:
    """How far the middles of its edges lie from the ellipse that a polygon stands for, mm."""
    radius = float(np.linalg.norm(corners - corners.mean(axis=0), axis=1).max())
    return radius * (1 - float(np.cos(np.pi / _ELLIPSE)))


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


def _line(vertices: NDArray[np.float64], kind: str, name: str) -> NDArray[np.float64]:
    """Points of a shape that is said to be open."""
    if kind not in ("path", "line"):
        what = f"Its {name} is a {kind}, and its {KIND!r} says that it is open"
        raise LayerError(what, "Draw it as a path, or correct that column of the features")
    if len(vertices) < 2:
        raise LayerError(f"Its {name} has one point", "Draw two at least, or delete it")
    return vertices


def _corners(vertices: NDArray[np.float64], kind: str, name: str) -> NDArray[np.float64]:
    """Corners of a closed shape, the first not repeated."""
    if kind == "ellipse":
        center, to_one, to_other = vertices.mean(axis=0), vertices[1] - vertices[0], vertices[3] - vertices[0]
        angles = np.linspace(0, 2 * np.pi, _ELLIPSE, endpoint=False)[:, np.newaxis]
        corners: NDArray[np.float64] = center + (np.cos(angles) * to_one + np.sin(angles) * to_other) / 2
        return corners
    closed = len(vertices) > 3 and np.array_equal(vertices[0], vertices[-1])
    if kind == "path" and not closed:
        remedy = f"Draw it as a polygon, or end it where it begins; {_SAY_OPEN}"
        raise LayerError(f"Its {name} is an open path", remedy)
    if kind not in ("polygon", "rectangle", "path"):
        remedy = f"Draw it as a polygon, or delete it; {_SAY_OPEN}"
        raise LayerError(f"Its {name} is a {kind}, which encloses nothing", remedy)
    corners = vertices[:-1] if closed else vertices
    if len(corners) < 3:
        raise LayerError(f"Its {name} has {len(corners)} corners", "Draw three at least, or delete it")
    return corners


def _colors(attributes: Mapping[str, Any], layer_type: str, count: int) -> list[tuple[int, int, int] | None]:
    """Color of each, where it is told in numbers."""
    key = "edge_color" if layer_type == "shapes" else "face_color"
    given = attributes.get(key)
    numbers = np.asarray(given if given is not None else [])
    if numbers.dtype.kind not in "fiu" or numbers.ndim not in (1, 2) or numbers.shape[-1] not in (3, 4):
        return [None] * count
    if numbers.ndim == 2:
        check_as_many(numbers, count, "colors")
    return [_color(row) for row in np.broadcast_to(numbers, (count, numbers.shape[-1]))]


def _color(row: Iterable[float]) -> tuple[int, int, int]:
    parts: Sequence[int] = [round(255 * min(1.0, max(0.0, float(part)))) for part in row]
    return parts[0], parts[1], parts[2]
