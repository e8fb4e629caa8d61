"""From a napari layer tuple to a Volume: the only module that speaks napari's words.

Checked against the layers' own data-to-world transforms of napari 0.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Fix, GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.model.units import millimeters, quantity
from napari_dicom_writer.model.volume import SPATIAL, Volume, color_note
from napari_dicom_writer.options.choices import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.options.export import ExportOptions

TIME_LABELS = {"t", "time", "times", "timepoint", "timepoints", "frame", "frames"}
CHANNEL_LABELS = {"c", "ch", "channel", "channels"}
_SPATIAL_LABELS = set("x y z row rows column columns col cols plane planes pln slice slices depth width height".split())
_NO_LABEL = re.compile(r"-?\d+|dim_?\d+|axis_?\d+|")
_PIXEL = {"pixel", "pixels", "px", "dimensionless", ""}
_INSTEAD = {
    "labels": "Labels become a DICOM Segmentation, which this version does not write: deselect the layer, or convert "
    "it to an image layer (right-click it, Convert to Image)",
}


@dataclass(frozen=True, slots=True)
class _Axis:
    """One axis of the layer: what it is, and how many mm or seconds one of its world units has."""

    kind: str  # "space", "time", "channel", another label, or "" when nothing tells
    factor: float | None


def to_volume(data: Any, attributes: Mapping[str, Any], layer_type: str, options: ExportOptions) -> Volume:
    """Read one layer tuple.

    Parameters
    ----------
    data, attributes, layer_type
        As napari hands them to a writer. Any attribute may be missing.
    options
        `pixel_unit` and `world`.

    Returns
    -------
    Volume
        Lazy as the data is; what had to be assumed is in its `notes`.

    Raises
    ------
    LayerError
        A layer that is no image, or whose axes cannot be told apart.
    GeometryError
        Units that are no length; axes that mix space and time; transforms of the wrong shape.
    """
    if layer_type != "image":
        remedy = _INSTEAD.get(layer_type, "Deselect it: only image layers can be written")
        raise LayerError(f"It is a {layer_type} layer, not an image", remedy)
    notes: list[Note] = []
    array = _full_resolution(data, attributes, notes)
    rgb = bool(attributes.get("rgb") or False)
    ndim = array.ndim - rgb
    if ndim < 2:
        raise LayerError(f"It has {ndim} axes, and an image needs rows and columns", "Save a 2-D or 3-D layer")
    matrix = data_to_world(attributes, ndim)
    axes = _axes(attributes, ndim, options, notes)
    spatial = _spatial(axes)
    _check_separable(matrix, spatial)
    step = next((matrix[i, i] * a.factor for i, a in enumerate(axes) if a.kind == "time" and a.factor), None)
    if step is not None and step < 0:
        notes.append(
            Note(NoteKind.LOST, "Time runs backwards along its axis: the points are written in the axis's order")
        )
    _note_display(attributes, rgb, notes)
    notes += color_note(array) if attributes.get("rgb") is None else ()
    names = dict(zip(spatial, SPATIAL[-len(spatial) :], strict=True))
    return Volume(
        array,
        affine=_to_lps(matrix, axes, spatial, options.world),
        axes=[names[i] if i in names else _leading_name(axis.kind) for i, axis in enumerate(axes)],
        rgb=rgb,
        name=str(attributes.get("name") or ""),
        window=_limits(attributes),
        time_step=abs(step) if step else None,
        notes=notes,
    )


def _leading_name(kind: str) -> str:
    """Name of a leading axis; a plate's `row` and `column` are no pixels."""
    return f"{kind} axis" if kind in SPATIAL else kind


def _full_resolution(data: Any, attributes: Mapping[str, Any], notes: list[Note]) -> Any:
    """Level 0 of multiscale data; ``np.asarray`` of it would silently give the lowest level."""
    levels = attributes.get("multiscale") or type(data).__name__ == "MultiScaleData"
    if levels:
        if len(data) > 1:
            text = f"Multiscale: the full resolution is written, not the {len(data) - 1} lower ones"
            notes.append(Note(NoteKind.INFO, text))
        data = data[0]
    if hasattr(data, "shape") and hasattr(data, "dtype") and hasattr(data, "ndim"):
        return data
    try:
        return np.asarray(data)
    except ValueError as error:
        raise LayerError(f"Its data are no array ({error})", "Pass one array, or set multiscale=True") from error


def data_to_world(attributes: Mapping[str, Any], ndim: int) -> NDArray[np.float64]:
    """Compose all of a layer's transforms: ``affine @ [[R @ Sh @ diag(scale), translate], [0, 1]]``.

    Returns
    -------
    numpy.ndarray
        (ndim + 1, ndim + 1): data index → world, in world units.
    """
    remedy = "Pass the attributes of a napari layer: scale and translate per axis, rotate, shear and affine as matrices"
    try:
        inner = np.eye(ndim + 1)
        scale = np.ones(ndim) if attributes.get("scale") is None else np.asarray(attributes["scale"], float)
        rotate = np.eye(ndim) if attributes.get("rotate") is None else np.asarray(attributes["rotate"], float)
        with np.errstate(all="ignore"):  # what is not finite is refused later, and needs no warning
            inner[:ndim, :ndim] = rotate.reshape(ndim, ndim) @ _shear(attributes.get("shear"), ndim) @ np.diag(scale)
        if attributes.get("translate") is not None:
            inner[:ndim, ndim] = np.asarray(attributes["translate"], float)
        affine = attributes.get("affine")
        if affine is None:
            return inner
        # A napari Affine keeps its matrix in this attribute.
        matrix = np.asarray(getattr(affine, "affine_matrix", affine), float).reshape(ndim + 1, ndim + 1)
        with np.errstate(all="ignore"):
            world: NDArray[np.float64] = matrix @ inner
    except (TypeError, ValueError) as error:
        raise GeometryError(f"Its transforms do not fit its {ndim} axes ({error})", remedy) from error
    if not np.array_equal(matrix[-1], inner[-1]):
        raise GeometryError("The last row of its affine is not 0 … 0 1, which a perspective has", remedy)
    return world


def _shear(shear: Any, ndim: int) -> NDArray[np.float64]:
    """Expand napari's upper-triangular vector, row by row; a full matrix stays."""
    if shear is None:
        return np.eye(ndim)
    given = np.asarray(shear, float)
    if given.ndim == 2:
        return given.reshape(ndim, ndim)
    matrix = np.eye(ndim)
    matrix[np.triu_indices(ndim, 1)] = given
    return matrix


def _axes(attributes: Mapping[str, Any], ndim: int, options: ExportOptions, notes: list[Note]) -> list[_Axis]:
    """Tell axes apart by label, then by unit."""
    labels = [str(label).strip() for label in attributes.get("axis_labels") or ()] or [""] * ndim
    units = attributes.get("units")
    units = [units] * ndim if units is None or isinstance(units, str) or not np.iterable(units) else list(units)
    if len(labels) != ndim or len(units) != ndim:
        raise LayerError(
            f"It has {ndim} axes, but {len(labels)} axis labels and {len(units)} units", "Give one of each per axis"
        )
    axes = [_axis(label, unit, options) for label, unit in zip(labels, units, strict=True)]
    if [axis.kind for axis in axes].count("time") > 1:
        raise LayerError("Two of its axes are time", "Label one of them with another name")
    spatial = _spatial(axes)
    assumed = [labels[i] or str(i) for i in spatial if _is_pixel(units[i])]
    if assumed:
        of = "" if len(assumed) == len(spatial) else f" (axes {', '.join(assumed)})"
        text = f"Unit `pixel` taken as {options.pixel_unit}{of}"
        notes.append(Note(NoteKind.ASSUMED, text, fix=Fix("pixel_unit", None, "Set unit…")))
    for i in spatial:
        if axes[i].factor is None:
            raise GeometryError(
                f"The unit of axis {labels[i] or i}, {str(units[i])!r}, is no length",
                "Set the layer's units to a length, such as mm or um, or to pixel",
            )
    _note_label_order([labels[i].lower() for i in spatial], notes)
    for i in spatial:
        if axes[i].kind and axes[i].kind.lower() not in _SPATIAL_LABELS:
            text = f"Axis {axes[i].kind!r} is taken as one of the image's own"
            notes.append(Note(NoteKind.ASSUMED, text, hint="label it channel if it is none"))
    if len(spatial) == 2:
        notes.append(Note(NoteKind.ASSUMED, "A 2-D layer: its plane taken as axial, at z = 0"))
    return axes


def _axis(label: str, unit: Any, options: ExportOptions) -> _Axis:
    kind = ""
    word = label.lower().split("(")[0].strip()  # "Time (s)"
    if word in TIME_LABELS:
        kind = "time"
    elif word in CHANNEL_LABELS:
        kind = "channel"
    elif not _NO_LABEL.fullmatch(label):
        kind = label
    if _is_pixel(unit):
        return _Axis(kind, None if kind == "time" else millimeters(options.pixel_unit))
    try:
        value = quantity(unit)
    except ValueError as error:
        raise GeometryError(f"The {error}", "Set the layer's units to ones that pint knows, such as mm") from None
    if value.dimensionality == {"[time]": 1}:
        return _Axis("time", float(value.to("s").magnitude))
    if kind == "time":  # napari gives one unit to all axes: a time axis in micrometers has no step
        return _Axis(kind, None)
    return _Axis(kind, float(value.to("mm").magnitude) if value.dimensionality == {"[length]": 1} else None)


def _is_pixel(unit: Any) -> bool:
    return unit is None or str(unit).strip().lower() in _PIXEL


def _spatial(axes: Sequence[_Axis]) -> list[int]:
    """The last three axes (two where there are no more) that are neither time nor channel."""
    candidates = [i for i, axis in enumerate(axes) if axis.kind not in ("time", "channel")]
    if len(candidates) < 2:
        raise LayerError("Fewer than two of its axes are in space", "Label the rows and columns of the layer y and x")
    return candidates[-3:]


def _note_label_order(labels: list[str], notes: list[Note]) -> None:
    """Labels x, y, z in another order than napari's (z, y, x) would put the volume on its side."""
    if set(labels) <= {"x", "y", "z"} and labels != ["z", "y", "x"][-len(labels) :]:
        text = f"Axes labeled {', '.join(labels)} are placed as napari shows them: first to last is z, y, x"
        notes.append(Note(NoteKind.ASSUMED, text))


def _check_separable(matrix: NDArray[np.float64], spatial: Sequence[int]) -> None:
    """Refuse a transform that moves the volume with time, or mixes space with another axis, beyond rounding noise."""
    other = [i for i in range(len(matrix) - 1) if i not in spatial]
    coupled = np.abs([*matrix[np.ix_(spatial, other)].ravel(), *matrix[np.ix_(other, spatial)].ravel(), 0.0])
    noise = 1e-9 * np.abs(matrix[np.ix_(spatial, spatial)]).max()
    if not coupled.max() <= noise and np.isfinite(matrix).all():
        raise GeometryError(
            "Its transform mixes spatial axes with others",
            "Remove rotation and shear between space and time or channel",
        )


def _to_lps(
    matrix: NDArray[np.float64], axes: Sequence[_Axis], spatial: Sequence[int], world: World
) -> NDArray[np.float64]:
    """World (z, y, x), reversed, is LPS (x, y, z) without sign flips; for RAS, x and y are negated."""
    factors = np.array([axes[i].factor for i in spatial], float)
    steps = matrix[np.ix_(spatial, spatial)] * factors[:, np.newaxis]
    origin = matrix[list(spatial), -1] * factors
    affine = np.eye(4)
    if len(spatial) == 3:
        affine[:3, :3], affine[:3, 3] = steps[::-1], origin[::-1]
    else:
        affine[:3, :3] = 0
        affine[2, 0] = 1
        affine[:2, 1:3], affine[:2, 3] = steps[::-1], origin[::-1]
    if world is World.RAS:
        affine[:2] *= -1
    return affine


def _limits(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    try:
        low, high = attributes.get("contrast_limits") or (None, None)
        return None if low is None or high is None else (float(low), float(high))
    except (TypeError, ValueError, OverflowError):
        return None  # not limits; a viewer chooses its own


def _note_display(attributes: Mapping[str, Any], rgb: bool, notes: list[Note]) -> None:
    """Announce what of napari's display DICOM's gray images do not hold."""
    if rgb:
        return
    colormap = attributes.get("colormap")
    name = colormap.get("name") if isinstance(colormap, dict) else getattr(colormap, "name", colormap)
    if isinstance(name, str) and name not in ("gray", "gray", ""):
        notes.append(Note(NoteKind.LOST, f"Colormap {name!r}: viewers will show the values in gray"))
    gamma = attributes.get("gamma")
    if isinstance(gamma, int | float) and gamma != 1:
        notes.append(Note(NoteKind.LOST, f"Gamma {gamma:g}: viewers will show the values without it"))
