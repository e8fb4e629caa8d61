"""What the axes of a layer are: told by their labels, by units, or by whoever exports it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import Fix, GeometryError, LayerError
from napari_dicom_writer.model.axis_names import NUMBER, AxisKind, kind_of, split_kinds, split_label
from napari_dicom_writer.model.units import millimeters, quantity

if TYPE_CHECKING:
    from napari_dicom_writer.options.export import ExportOptions


PIXELS = (AxisKind.PLANE, AxisKind.ROW, AxisKind.COLUMN)

SET_AXES = Fix("axes", None, "Set axes…")
"""The remedy for axes that are not understood: say what they are."""
_PIXEL = {"pixel", "pixels", "px", "dimensionless", "none", ""}


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of the layer.

    Attributes
    ----------
    kind : AxisKind
    label : str
        As given; empty where it is no more than a number.
    unit : str
        The layer's, or the one in the label; empty for pixels.
    mm, seconds : float or None
        Length of one unit. In pixels it is what the option says, and nobody knows how long one takes.
    """

    kind: AxisKind
    label: str
    unit: str
    mm: float | None = None
    seconds: float | None = None

    @property
    def name(self) -> str:
        """What `Volume.axes` calls it where it is not the image's own: a plate's rows and columns are not pixels."""
        if self.kind in (AxisKind.TIME, AxisKind.CHANNEL):
            return str(self.kind)
        clash = self.label in [*PIXELS, AxisKind.TIME, AxisKind.CHANNEL]
        return f"{self.label or self.unit} axis" if clash or (self.unit and not self.label) else self.label


def told_axes(attributes: Mapping[str, Any], ndim: int, options: ExportOptions) -> list[Axis]:
    """Tell the axes of a layer by label, then by unit; what neither tells stays open.

    Raises
    ------
    LayerError
        Another number of labels or units than axes.
    GeometryError
        Units that nobody knows, or that contradict the label.
    """
    labels = [str(label).strip() for label in attributes.get("axis_labels") or ()] or [""] * ndim
    given = attributes.get("units")
    units = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given] * ndim
    if len(labels) != ndim or len(units) != ndim:
        raise LayerError(
            f"It has {ndim} axes, but {len(labels)} axis labels and {len(units)} units", "Give one of each per axis"
        )
    return [_axis(label, unit, options) for label, unit in zip(labels, units, strict=True)]


def _axis(label: str, unit: Any, options: ExportOptions) -> Axis:
    kind, in_label = split_label(label)
    label = "" if NUMBER.fullmatch(label.lower()) else label
    name, value = _quantity(unit)
    if value is None or (kind is AxisKind.TIME and value.dimensionality != {"[time]": 1}):
        # napari gives one unit to all axes: micrometers along time say nothing, but its label may.
        name, value = _quantity(in_label, strict=False)
    if value is None:
        return Axis(kind, label, "", mm=millimeters(options.pixel_unit))
    if value.dimensionality == {"[time]": 1}:
        if kind in PIXELS:
            raise GeometryError(
                f"Axis {label!r} is in space by its label, and a time by its unit, {name!r}",
                "Correct the label or the unit of this axis",
                fix=SET_AXES,
            )
        kind = AxisKind.TIME if kind is AxisKind.OPEN else kind
        return Axis(kind, label, name, seconds=float(value.to("s").magnitude))
    if value.dimensionality == {"[length]": 1}:
        return Axis(kind, label, name, mm=float(value.to("mm").magnitude))
    # An unknown word with a unit such as degrees or kelvin is not an axis in space.
    return Axis(AxisKind.OTHER if label and kind is AxisKind.OPEN else kind, label, name)


def _quantity(unit: Any, *, strict: bool = True) -> tuple[str, Any]:
    """Name and value of a unit; none for pixels, nor for what stands in a label and is not a unit."""
    name = "" if unit is None else str(unit).strip()
    if name.lower() in _PIXEL:
        return "", None
    try:
        return name, quantity(unit)
    except ValueError as error:
        if not strict:
            return "", None
        raise GeometryError(f"The {error}", "Set the layer's units to ones that pint knows, such as mm") from None


def named_axes(axes: Sequence[Axis], kinds: str | Sequence[str]) -> list[Axis]:
    """Name the axes as whoever exports them says, whatever their labels tell.

    Parameters
    ----------
    axes
        As told by labels and units.
    kinds
        One for each axis: words or letters of the table, such as ``TZYX`` or ``time, plane, row, column``; any other
        word names an axis that is none of these.

    Raises
    ------
    LayerError
        If they do not fit the axes, or do not name one row and one column axis.
    """
    words = split_kinds(kinds)
    remedy = f"Name all {len(axes)}, one row and one column, at most one plane and one time axis among them"
    if len(words) != len(axes):
        raise LayerError(f"{len(words)} axes are named ({', '.join(words)}), but it has {len(axes)}", remedy)
    found = [kind_of(word) or AxisKind.OTHER for word in words]
    planes, rows, columns, times = (found.count(kind) for kind in (*PIXELS, AxisKind.TIME))
    if (rows, columns) != (1, 1) or planes > 1 or times > 1:
        raise LayerError(f"The axes {', '.join(words)} do not name one row and one column axis", remedy)
    return [
        replace(axis, kind=kind, label=word if kind is AxisKind.OTHER else axis.label)
        for axis, kind, word in zip(axes, found, words, strict=True)
    ]


def image_axes(axes: Sequence[Axis]) -> list[int]:
    """Find the axes of the image itself: planes, rows and columns, or rows and columns, in the array's order.

    Where labels tell rows and columns, an axis with another telling label is not a plane; of two axes that claim to be
    the same, such as the rows of a plate and ``y``, the last one is. Else the last three are taken that are neither
    time nor channel.

    Raises
    ------
    LayerError
        Fewer than two.
    """
    last = {axis.kind: i for i, axis in enumerate(axes) if axis.kind in PIXELS}
    if AxisKind.ROW in last and AxisKind.COLUMN in last:
        found = [*last.values()]
        if AxisKind.PLANE not in last and (plane := _open_plane(axes)) is not None:
            found.append(plane)
        return sorted(found)
    candidates = [i for i, axis in enumerate(axes) if _may_be_space(axis)]
    if len(candidates) < 2:
        remedy = "Label the rows and columns of the layer y and x"
        raise LayerError("Fewer than two of its axes are in space", remedy, fix=SET_AXES)
    return candidates[-3:]


def _may_be_space(axis: Axis) -> bool:
    """Whether nothing tells that an axis is none of the image's; where y and x are not told, A may be anterior."""
    return axis.kind in (*PIXELS, AxisKind.OPEN) or (axis.kind is AxisKind.OTHER and len(axis.label) == 1)


def _open_plane(axes: Sequence[Axis]) -> int | None:
    """Which axis beside rows and columns holds the planes, as far as nothing tells it otherwise."""
    unknown = [i for i, axis in enumerate(axes) if axis.kind is AxisKind.OPEN and axis.mm is not None]
    words = [i for i in unknown if axes[i].label]
    lengths = [i for i in words if axes[i].unit]
    # Of several unknown words none says more than the other: pairs of them, such as u and v, are not planes.
    telling = next((one for one in (words, lengths) if len(one) == 1), [])
    return max((i for i in unknown if i in telling or not axes[i].label), default=None)
