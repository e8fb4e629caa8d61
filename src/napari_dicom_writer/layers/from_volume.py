"""From a Volume to a napari layer tuple: the inverse of `layers.to_volume`. Imports no napari."""

from __future__ import annotations

from copy import copy
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError
from napari_dicom_writer.layers.from_drawn import to_shapes
from napari_dicom_writer.layers.labels import colormap_of, features_of
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.model.reordered import Reordered
from napari_dicom_writer.model.volume import SPATIAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.segments import Segment
    from napari_dicom_writer.model.volume import Volume

_WORLD = ("z", "y", "x")


def to_layer(volume: Volume) -> tuple[Any, dict[str, Any], str]:
    """Make a layer tuple that napari shows, and an export writes, exactly where the volume is.

    LPS (x, y, z) is napari's world (z, y, x) reversed, in mm; a time axis is in seconds where its step is known.

    Parameters
    ----------
    volume
        Its array goes into the layer as it is, but for the order of its planes, rows and columns: napari shows a slice
        of the array, and that of axes that are not nearest to the world's of the same number would be a line. One plane
        without a plane axis gets one, unless it is axial and at z = 0, as napari shows 2-D layers.

    Returns
    -------
    data, attributes, "image", "labels", "shapes" or "points"

    Raises
    ------
    LayerError
        If the export could not tell the axes apart again: an axis that is neither time nor channel between the spatial
        ones, or before a single plane; or a single plane of an array that cannot get another axis.
    """
    if volume.drawn is not None:
        return _of_drawn(volume)
    data, axes = volume.array, volume.axes
    if "plane" not in axes and not _is_flat(volume.affine, axes):
        data, axes = _with_plane_axis(volume)
    spatial = [i for i, axis in enumerate(axes) if axis in SPATIAL]
    _check_told_apart(axes, spatial)
    metadata: dict[str, Any] = {}
    order = _shown(volume.affine, [axes[i] for i in spatial])
    if order != sorted(order):
        moved = dict(zip(spatial, (spatial[i] for i in order), strict=True))
        data = _transposed(data, [moved.get(i, i) for i in range(len(data.shape))])
        axes = tuple(axes[moved.get(i, i)] for i in range(len(axes)))
        metadata = {METADATA_KEY: {"axes": [axes[i] for i in spatial]}}
    ndim = len(axes)
    labels, units = [axis or str(i - ndim) for i, axis in enumerate(axes)], ["pixel"] * ndim  # numbered as napari does
    for i, label in zip(spatial, _WORLD[-len(spatial) :], strict=True):
        labels[i], units[i] = label, "mm"
    scale, affine = _transform(volume.affine, axes, spatial)
    if "time" in axes and volume.time_step:
        time = axes.index("time")
        scale[time], affine[time, -1], units[time] = volume.time_step, volume.time_start, "s"
    attributes = {
        "name": volume.name,
        "rgb": volume.rgb,
        "axis_labels": tuple(labels),
        "units": tuple(units),
        "scale": tuple(scale.tolist()),
    }
    if metadata:
        attributes["metadata"] = metadata
    if (affine[:-1, :-1] == np.eye(ndim)).all():
        attributes["translate"] = tuple(affine[:-1, -1].tolist())
    else:
        attributes["affine"] = affine
    if volume.labels is not None:
        del attributes["rgb"]
        return data, attributes | _of_labels(volume.labels.segments), "labels"
    if volume.window and volume.window[0] < volume.window[1]:  # napari takes no others
        attributes["contrast_limits"] = volume.window
    return data, attributes, "image"


def _of_drawn(volume: Volume) -> tuple[Any, dict[str, Any], str]:
    """Lay outlines on the axes that an image of the same planes has."""
    plain = copy(volume)
    plain.drawn = plain.labels = None
    _, attributes, _ = to_layer(plain)
    order = attributes.get("metadata", {}).get(METADATA_KEY, {}).get("axes", SPATIAL)
    segments = volume.labels.segments if volume.labels else ()
    axes = [SPATIAL.index(axis) for axis in order]
    data, said, kind = to_shapes(volume.drawn or (), segments, volume.affine, axes)
    del attributes["rgb"]
    return data, attributes | said, kind


def _of_labels(segments: Sequence[Segment]) -> dict[str, Any]:
    colormap = colormap_of(segments)
    return {"features": features_of(segments)} | ({"colormap": colormap} if colormap else {})


def _transform(
    lps: NDArray[np.float64], axes: tuple[str, ...], spatial: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return scale (ndim) and affine (ndim + 1, ndim + 1), whose product takes an index to napari's world.

    Columns go by the order of the array's axes, rows from (x, y, z) to (z, y, x); a 2-D layer has no z.
    """
    scale, affine = np.ones(len(axes)), np.eye(len(axes) + 1)
    steps = lps[2::-1, [SPATIAL.index(axes[i]) for i in spatial]][-len(spatial) :]
    scale[spatial] = np.linalg.norm(steps, axis=0)
    affine[np.ix_(spatial, spatial)] = steps / scale[spatial]
    affine[spatial, -1] = lps[2::-1, 3][-len(spatial) :]
    return scale, affine


def _shown(affine: NDArray[np.float64], names: Sequence[str]) -> list[int]:
    """Say which of the spatial axes comes first to last, so that each is nearest to one of z, y and x."""
    if len(names) < 3:
        return list(range(len(names)))
    steps = affine[2::-1, [SPATIAL.index(name) for name in names]]
    nearness = np.abs(steps) / np.linalg.norm(steps, axis=0)
    # The first of equals is the order that is there.
    best = max(permutations(range(3)), key=lambda order: round(float(np.prod(nearness[range(3), order])), 9))
    return list(best)


def _transposed(data: Any, order: Sequence[int]) -> Any:
    return data.transpose(order) if hasattr(data, "__array_function__") else Reordered(data, order)


def _is_flat(affine: NDArray[np.float64], axes: tuple[str, ...]) -> bool:
    """Whether a single plane is where napari shows a 2-D layer: axial at z = 0, its normal of length 1."""
    lies_flat = (affine[2, 1:] == 0).all() and (affine[:3, 0] == (0, 0, 1)).all()
    return bool(lies_flat) and all(axis in ("row", "column", "time", "channel") for axis in axes)


def _with_plane_axis(volume: Volume) -> tuple[Any, tuple[str, ...]]:
    at = min(volume.axes.index("row"), volume.axes.index("column"))
    axes = (*volume.axes[:at], "plane", *volume.axes[at:])
    if not hasattr(volume.array, "__array_function__"):
        raise LayerError("It is a single plane without a plane axis", "Give its array three spatial axes")
    return np.expand_dims(volume.array, at), axes


def _check_told_apart(axes: tuple[str, ...], spatial: list[int]) -> None:
    """Refuse axes that `layers.to_volume` would take for others."""
    candidates = [i for i, axis in enumerate(axes) if axis not in ("time", "channel")]
    if candidates[-3:] != spatial:
        raise LayerError(
            "An axis that is neither time nor channel lies between its planes, rows and columns",
            "Move it to the front, or name it channel",
        )
