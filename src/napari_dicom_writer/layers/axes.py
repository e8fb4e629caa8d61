"""What the axes of a layer are: told by one table of labels, by units, or by whoever exports it.

A label is compared as people write it: ``Time (s)``, ``time_point``, ``Z-axis`` and ``z`` are in the table once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import GeometryError, LayerError
from napari_dicom_writer.model.units import millimeters, quantity

if TYPE_CHECKING:
    from napari_dicom_writer.options.export import ExportOptions


class AxisKind(StrEnum):
    """What an axis is."""

    TIME = "time"
    CHANNEL = "channel"
    PLANE = "plane"
    ROW = "row"
    COLUMN = "column"
    SAMPLE = "sample"
    OTHER = "other"  # known to be none of these: angle, well
    OPEN = ""  # nothing tells, or a word nobody knows


PIXELS = (AxisKind.PLANE, AxisKind.ROW, AxisKind.COLUMN)

# The table: in lower case, in the singular, without separators.
_WORDS = {
    AxisKind.TIME: "t time timepoint timestep timeframe timeseries frame tp",
    AxisKind.CHANNEL: "c ch chan channel wavelength lambda band spectrum fluorophore marker stain dye",
    AxisKind.PLANE: "z zslice zplane zstack zposition plane pln slice opticalslice depth d section opticalsection",
    AxisKind.ROW: "y row line height h ypixel yposition",
    AxisKind.COLUMN: "x col column width w xpixel xposition",
    AxisKind.SAMPLE: "s sample rgb rgba color colour",
    AxisKind.OTHER: "angle rotation tilt view phase illumination well plate field fov site position pos tile mosaic "
    "scene series region roi block batch subject echo echotime te ti inversiontime delay lifetime exposure bvalue "
    "flipangle direction gradient repeat repetition replicate run trial modality contrast coil component polarization "
    "platerow platecolumn platecol wellrow wellcolumn wellcol a b m n p",
}
_NUMBER = re.compile(r"-?\d+|(dim|axis)[ _]?\d+|")  # what napari and others call an axis without a label
_WITH_UNIT = re.compile(r"(.+?)\s*(?:\(([^()]*)\)|\[([^\[\]]*)\]|/\s*(\S+)|,\s*(\S+)|\s+in\s+(\S+))")
_UNIT_LAST = re.compile(r"(.+?)[\s_-]+(s|sec|ms|us|µs|min|nm|um|µm|μm|mm|cm)")
_FILLER = re.compile(r"[\s_.-]+(axis|index|idx|dim|dimension|number)")
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
        """What `Volume.axes` calls it where it is none of the image's own: a plate's rows and columns are no pixels."""
        if self.kind in (AxisKind.TIME, AxisKind.CHANNEL):
            return str(self.kind)
        clash = self.label in [*PIXELS, AxisKind.TIME, AxisKind.CHANNEL]
        return f"{self.label or self.unit} axis" if clash or (self.unit and not self.label) else self.label


@cache
def _table() -> dict[str, AxisKind]:
    return {word: kind for kind, words in _WORDS.items() for word in words.split()}


def kind_of(label: str) -> AxisKind:
    """Look a label up in the table.

    Examples
    --------
    >>> [str(kind_of(label)) for label in ("Time (s)", "Z-axis", "frames", "well", "-3", "shoe size")]
    ['time', 'plane', 'time', 'other', '', '']
    """
    return _split(label)[0]


def _split(label: str) -> tuple[AxisKind, str]:
    """Kind of a label, and the unit in it."""
    text = label.strip().lower()
    parted = [found for pattern in (_WITH_UNIT, _UNIT_LAST) if (found := pattern.fullmatch(text))]
    readings = [(text, ""), *((found[1], next(filter(None, found.groups()[1:]), "").strip()) for found in parted)]
    for words, unit in readings:
        word = re.sub(r"[\s_.-]+", "", _FILLER.sub("", words))
        if kind := _table().get(word) or _table().get(word.removesuffix("s")):
            return kind, unit
    return AxisKind.OPEN, readings[-1][1]


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
    kind, in_label = _split(label)
    label = "" if _NUMBER.fullmatch(label.lower()) else label
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
            )
        kind = AxisKind.TIME if kind is AxisKind.OPEN else kind
        return Axis(kind, label, name, seconds=float(value.to("s").magnitude))
    if value.dimensionality == {"[length]": 1}:
        return Axis(kind, label, name, mm=float(value.to("mm").magnitude))
    # An unknown word with a unit such as degrees or kelvin is no axis in space.
    return Axis(AxisKind.OTHER if label and kind is AxisKind.OPEN else kind, label, name)


def _quantity(unit: Any, *, strict: bool = True) -> tuple[str, Any]:
    """Name and value of a unit; none for pixels, nor for what stands in a label and is no unit."""
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


def split_kinds(kinds: str | Sequence[str]) -> list[str]:
    """Split ``TZYX`` into letters, and ``time, plane, row, column`` into words."""
    if not isinstance(kinds, str):
        return [str(kind).strip() for kind in kinds]
    words = re.split(r"[\s,;]+", kinds.strip())
    return list(words[0]) if len(words) == 1 else words


def image_axes(axes: Sequence[Axis]) -> list[int]:
    """Find the axes of the image itself: planes, rows and columns, or rows and columns, in the array's order.

    Where labels tell rows and columns, an axis with another telling label is no plane; of two axes that claim to be
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
        raise LayerError("Fewer than two of its axes are in space", "Label the rows and columns of the layer y and x")
    return candidates[-3:]


def _may_be_space(axis: Axis) -> bool:
    """Whether nothing tells that an axis is none of the image's; where y and x are not told, A may be anterior."""
    return axis.kind in (*PIXELS, AxisKind.OPEN) or (axis.kind is AxisKind.OTHER and len(axis.label) == 1)


def _open_plane(axes: Sequence[Axis]) -> int | None:
    """Which axis beside rows and columns holds the planes, as far as nothing tells it otherwise."""
    unknown = [i for i, axis in enumerate(axes) if axis.kind is AxisKind.OPEN and axis.mm is not None]
    words = [i for i in unknown if axes[i].label]
    lengths = [i for i in words if axes[i].unit]
    # Of several unknown words none says more than the other: pairs of them, such as u and v, are no planes.
    telling = next((one for one in (words, lengths) if len(one) == 1), [])
    return max((i for i in unknown if i in telling or not axes[i].label), default=None)
