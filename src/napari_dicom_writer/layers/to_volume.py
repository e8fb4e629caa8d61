"""From a napari layer tuple to a Volume: axes, place, window, and what had to be assumed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Fix, GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.layers.axes import PIXELS, SET_AXES, image_axes, named_axes, told_axes
from napari_dicom_writer.layers.coordinates import check_even, with_coordinates
from napari_dicom_writer.layers.features import not_written
from napari_dicom_writer.layers.labels import labels_of, rows_of
from napari_dicom_writer.layers.multiscale import full_resolution
from napari_dicom_writer.layers.opened_from import lossy_of, notes_of_opening, order_of_opening, origin_of
from napari_dicom_writer.layers.transforms import data_to_world
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.axis_names import AxisKind, kind_of, split_kinds
from napari_dicom_writer.model.opened import is_array, opened
from napari_dicom_writer.model.planes import SET_Z, renamed
from napari_dicom_writer.model.volume import SPATIAL, Volume, color_note
from napari_dicom_writer.options.choices import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.layers.axes import Axis
    from napari_dicom_writer.options.export import ExportOptions


def to_volume(data: Any, attributes: Mapping[str, Any], layer_type: str, options: ExportOptions) -> Volume:
    """Read one layer tuple.

    Parameters
    ----------
    data, attributes, layer_type
        As napari hands them to a writer. Any attribute may be missing. One more is understood: ``axes``, which names
        the axes from ``time``, ``channel``, ``plane``, ``row``, ``column``, ``sample`` and any other word (or by the
        letters of ``TCZYXS``), whatever labels and units tell; planes, rows and columns then rise along the world's z,
        y and x in whichever order they are. And ``z``: mm toward the head, where the plane of a 2-D layer lies.
    options
        `pixel_unit` and `world`.

    Returns
    -------
    Volume
        Lazy as the data is; what had to be assumed is in its `notes`.

    Raises
    ------
    LayerError
        A layer that is not an image, or whose axes cannot be told apart.
    GeometryError
        Units that are not lengths; axes that mix space and time; transforms of the wrong shape.
    """
    if layer_type not in ("image", "labels"):
        raise LayerError(
            f"It is a {layer_type.lower()} layer", "Deselect it: images, labels, shapes and points can be written"
        )
    notes = notes_of_opening(attributes)
    array = _full_resolution(data, attributes, notes)
    attributes, said = with_coordinates(array, attributes, len(array.shape) - bool(attributes.get("rgb")))
    notes += said
    axes = _axes(array, attributes, options, notes)
    matrix = data_to_world(attributes, len(axes))
    rgb = bool(attributes.get("rgb") or False)
    if axes[-1].kind is AxisKind.SAMPLE:
        axes, matrix, rgb = axes[:-1], np.delete(np.delete(matrix, -2, 0), -2, 1), True
    spatial = image_axes(axes)
    _check_units(axes, spatial)
    _check_separable(matrix, spatial)
    check_even(array, [i for i, axis in enumerate(axes) if i in spatial or axis.kind is AxisKind.TIME])
    names = _names(axes, spatial, named=bool(attributes.get("axes")))
    _note_assumed(axes, spatial, names, options, notes)
    height = attributes.get("z")
    if len(spatial) == 2 and height is None:
        text = "A 2-D layer: its plane taken as axial, at z = 0"
        notes.append(Note(NoteKind.ASSUMED, text, hint="with a plane axis it may lie elsewhere", fix=SET_Z))
    step, start = _time(matrix, axes, notes)
    _note_other_steps(matrix, axes, spatial, notes)
    if layer_type == "image":  # colors of labels are written
        _note_display(attributes, rgb, notes)
    else:
        notes += not_written(rows_of(attributes))
    notes += color_note(array) if attributes.get("rgb") is None and not rgb else ()
    volume = Volume(
        array,
        affine=_to_lps(matrix, axes, names, options.world, float(height or 0)),
        axes=[names.get(i, axis.name) for i, axis in enumerate(axes)],
        rgb=rgb,
        name=str(attributes.get("name") or ""),
        window=_limits(attributes, notes),
        time_step=step,
        time_start=start,
        notes=notes,
        labels=labels_of(attributes) if layer_type == "labels" else None,
        origin=origin_of(attributes),
        lossy=lossy_of(attributes),
    )
    # A series is saved in the planes it was opened from, in whichever order they are shown.
    order = order_of_opening(attributes) if len(spatial) == 3 and not attributes.get("axes") else None
    return renamed(volume, order) if order else volume


def _full_resolution(data: Any, attributes: Mapping[str, Any], notes: list[Note]) -> Any:
    """Level 0 of multiscale data; ``np.asarray`` of it would silently give the lowest level."""
    levels = attributes.get("multiscale") or type(data).__name__ == "MultiScaleData"
    if levels:
        notes += full_resolution(len(data))
        data = data[0]
    if is_array(data):
        return opened(data)
    try:
        return np.asarray(data)
    except ValueError as error:
        raise LayerError(f"Its data are not an array ({error})", "Pass one array, or set multiscale=True") from error


def _axes(array: Any, attributes: Mapping[str, Any], options: ExportOptions, notes: list[Note]) -> list[Axis]:
    """Tell the axes apart. Samples are only the last, and only where ``rgb`` does not count them already."""
    rgb = bool(attributes.get("rgb") or False)
    ndim = len(array.shape) - rgb
    if ndim < 2:
        raise LayerError(f"It has {ndim} axes, and an image needs rows and columns", "Save a 2-D or 3-D layer")
    axes = told_axes(attributes, ndim, options)
    if kinds := split_kinds(attributes.get("axes") or ()):
        if rgb and len(kinds) == ndim + 1 and kind_of(kinds[-1]) is AxisKind.SAMPLE:
            kinds = kinds[:-1]
        axes = named_axes(axes, kinds)
        if AxisKind.SAMPLE in [axis.kind for axis in axes[: -1 + rgb or None]]:
            raise LayerError("The samples are not its last axis", "Move them there, with numpy.moveaxis()")
    else:
        colors = not rgb and array.shape[-1] in (3, 4) and array.dtype == np.uint8
        axes = [_sample_or_not(axis, colors=colors and i == ndim - 1) for i, axis in enumerate(axes)]
        if axes[-1].kind is AxisKind.SAMPLE:
            text = f"Axis {axes[-1].label!r}, {array.shape[-1]} long, is taken as colors"
            notes.append(Note(NoteKind.ASSUMED, text, hint="label it channel if it is none", fix=SET_AXES))
    if [axis.kind for axis in axes].count(AxisKind.TIME) > 1:
        raise LayerError("Two of its axes are time", "Label one of them with another name", fix=SET_AXES)
    return axes


def _sample_or_not(axis: Axis, *, colors: bool) -> Axis:
    """What is called a sample and holds no 8-bit colors is an axis as any other; a mere ``s`` says nothing then."""
    if axis.kind is not AxisKind.SAMPLE or colors:
        return axis
    return replace(axis, kind=AxisKind.OTHER if len(axis.label) > 1 else AxisKind.OPEN)


def _names(axes: Sequence[Axis], spatial: Sequence[int], *, named: bool) -> dict[int, str]:
    """Name the image's own axes: as whoever exports says, else by their order, in which napari shows them."""
    if named:
        return {i: str(axes[i].kind) for i in spatial}
    return dict(zip(spatial, SPATIAL[-len(spatial) :], strict=True))


def _note_assumed(
    axes: Sequence[Axis], spatial: Sequence[int], names: Mapping[int, str], options: ExportOptions, notes: list[Note]
) -> None:
    """Announce what neither labels nor units tell."""
    assumed = [axes[i].label or str(i) for i in spatial if not axes[i].unit]
    if assumed:
        of = "" if len(assumed) == len(spatial) else f" (axes {', '.join(assumed)})"
        text = f"Unit `pixel` taken as {options.pixel_unit}{of}"
        notes.append(Note(NoteKind.ASSUMED, text, fix=Fix("pixel_unit", None, "Set unit…")))
    if any(axes[i].kind in PIXELS and axes[i].kind != name for i, name in names.items()):
        # Labels in another order than napari's (z, y, x) would put the volume on its side.
        labels, order = (", ".join(axes[i].label or str(i) for i in spatial), ", ".join("zyx"[-len(spatial) :]))
        text = f"Axes labeled {labels} are placed as napari shows them: first to last is {order}"
        notes.append(
            Note(NoteKind.ASSUMED, text, hint=f"name them with {mention('axes')} to go by their labels", fix=SET_AXES)
        )
    for i in spatial:
        if axes[i].label and axes[i].kind not in PIXELS:
            text = f"Axis {axes[i].label!r} is taken as one of the image's own"
            notes.append(Note(NoteKind.ASSUMED, text, hint="label it channel if it is none", fix=SET_AXES))


def _time(matrix: NDArray[np.float64], axes: Sequence[Axis], notes: list[Note]) -> tuple[float | None, float]:
    """Seconds between time points, if known, and where they begin."""
    at = next((i for i, axis in enumerate(axes) if axis.kind is AxisKind.TIME), None)
    if at is None:
        return None, 0.0
    step, start, seconds = float(matrix[at, at]), float(matrix[at, -1]), axes[at].seconds
    if seconds is None:
        if start:
            notes.append(Note(NoteKind.LOST, f"Time begins at {start:g} of an unknown unit, which is not written"))
        return None, 0.0
    if step < 0:
        notes.append(
            Note(NoteKind.LOST, "Time runs backwards along its axis: the points are written in the axis's order")
        )
    return abs(step) * seconds or None, start * seconds


def _note_other_steps(
    matrix: NDArray[np.float64], axes: Sequence[Axis], spatial: Sequence[int], notes: list[Note]
) -> None:
    """Announce that DICOM does not hold where angles, wavelengths and the like are."""
    for i, axis in enumerate(axes):
        step, start = float(matrix[i, i]), float(matrix[i, -1])
        if i not in spatial and axis.kind is not AxisKind.TIME and (step, start) != (1, 0):
            unit = f" {axis.unit}" if axis.unit else ""
            text = f"Axis {axis.label or i} has steps of {step:g}{unit} from {start:g}{unit}, which are not written"
            notes.append(Note(NoteKind.LOST, text))


def _check_units(axes: Sequence[Axis], spatial: Sequence[int]) -> None:
    for i in spatial:
        if axes[i].mm is None:
            raise GeometryError(
                f"The unit of axis {axes[i].label or i}, {axes[i].unit!r}, is not a length",
                "Set the layer's units to a length, such as mm or um, or to pixel",
                fix=SET_AXES,
            )


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
    matrix: NDArray[np.float64], axes: Sequence[Axis], names: Mapping[int, str], world: World, height: float
) -> NDArray[np.float64]:
    """World (z, y, x), reversed, is LPS (x, y, z) without sign flips; for RAS, x and y are negated.

    A 2-D layer lies at `height` along z. The world's axes are called as the array's of the same number.
    """
    affine = np.eye(4)
    if len(names) == 2:
        affine[:3, :3] = 0
        affine[2, 0] = 1
        affine[2, 3] = height
    for i, row in names.items():
        lps = 2 - SPATIAL.index(row)
        factor = axes[i].mm or np.nan
        for j, column in names.items():
            affine[lps, SPATIAL.index(column)] = matrix[i, j] * factor
        affine[lps, 3] = matrix[i, -1] * factor
    if world is World.RAS:
        affine[:2] *= -1
    return affine


def _limits(attributes: Mapping[str, Any], notes: list[Note]) -> tuple[float, float] | None:
    limits = attributes.get("contrast_limits")
    if limits is None:
        return None
    try:
        low, high = limits
        return None if low is None and high is None else (float(low), float(high))
    except (TypeError, ValueError, OverflowError):
        notes.append(Note(NoteKind.LOST, "Its contrast limits are no pair of numbers, and not written"))
        return None


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
