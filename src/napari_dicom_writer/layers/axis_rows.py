"""The axes of a layer as a table to look at and to edit: kind, size, step and unit of each.

Edits go into a layer tuple, not into the layer: its scale and units as they are edited, and ``axes`` for the kinds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError, GeometryError, LayerError, Refusals
from napari_dicom_writer.layers.axes import PIXELS, SET_AXES
from napari_dicom_writer.layers.to_volume import to_volume
from napari_dicom_writer.layers.transforms import data_to_world
from napari_dicom_writer.model.axis_names import AxisKind, kind_of
from napari_dicom_writer.model.units import quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.options.export import ExportOptions

KINDS = (*PIXELS, AxisKind.TIME, AxisKind.CHANNEL, AxisKind.SAMPLE, AxisKind.OTHER)
"""What an axis can be said to be."""
LENGTHS = ("pixel", "mm", "µm", "nm", "cm", "m")
DURATIONS = ("", "s", "ms", "min")
_LABELS = dict(zip(KINDS, ("z", "y", "x", "t", "c", "sample", "series"), strict=True))

Edits = Mapping[tuple[int, str], str]
"""(Number of the axis, ``kind``, ``step`` or ``unit``) → text, as somebody typed or chose it."""


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One axis.

    Attributes
    ----------
    kind : AxisKind
        What it is taken as.
    size : int
    step : float or None
        Between neighbors, in the unit; None for samples that ``rgb`` tells.
    unit : str
        In short, such as ``µm``; ``pixel`` where nobody knows it.
    label : str
        As the layer has it.
    """

    kind: AxisKind
    size: int
    step: float | None
    unit: str
    label: str = ""


def axis_rows(data: Any, attributes: Mapping[str, Any], options: ExportOptions) -> list[AxisRow]:
    """Tell what each axis of an image or labels layer is taken as, samples included.

    Parameters
    ----------
    data, attributes
        Of a layer tuple.
    options
        What tells of axes beside them.
    """
    shape = (data[0] if attributes.get("multiscale") else data).shape
    rgb = bool(attributes.get("rgb"))
    count = len(shape) - rgb
    labels = [str(label) for label in attributes.get("axis_labels") or ()] or [""] * count
    units = list(attributes.get("units") or ()) or [""] * count
    try:
        steps = np.linalg.norm(data_to_world(attributes, count)[:-1, :-1], axis=0).tolist()
    except GeometryError:
        steps = [math.nan] * count
    kinds = _taken_kinds(data, attributes, options) or _guessed_kinds(labels)
    rows = [
        AxisRow(kind, size, step, short_unit(unit), label)
        for kind, size, step, unit, label in zip(kinds, shape, steps, units, labels, strict=False)
    ]
    return rows + [AxisRow(AxisKind.SAMPLE, shape[-1], None, "pixel")] * rgb


def _taken_kinds(data: Any, attributes: Mapping[str, Any], options: ExportOptions) -> list[AxisKind]:
    """Return what the axes are taken as, without samples that ``rgb`` tells; none if they cannot be understood."""
    try:
        volume = to_volume(data, attributes, "image", options)
    except ExportError:
        return []
    leading = iter(volume.leading_names(options.unnamed_axis))
    names = [name if name in PIXELS else next(leading) for name in volume.axes]
    kinds = [AxisKind(name) if name in set(KINDS) else AxisKind.OTHER for name in names]
    return kinds + [AxisKind.SAMPLE] * (volume.rgb and not attributes.get("rgb"))


def _guessed_kinds(labels: Sequence[str]) -> list[AxisKind]:
    """Begin with what can be repaired: kinds by label, the last open ones in space."""
    kinds = [kind_of(label) for label in labels]
    missing = [kind for kind in PIXELS if kind not in kinds]
    for axis in reversed([i for i, kind in enumerate(kinds) if not kind]):
        kinds[axis] = missing.pop() if missing else AxisKind.OTHER
    return kinds


def short_unit(unit: object) -> str:
    """Write a unit as people do.

    Examples
    --------
    >>> [short_unit(unit) for unit in ("micrometer", "second", "pixel", None)]
    ['µm', 's', 'pixel', 'pixel']
    """
    name = "" if unit is None else str(unit)
    if name in ("", "pixel"):
        return "pixel"
    try:
        # Pint 0.26 writes the Greek letter mu, which looks the same.
        return f"{quantity(unit).units:~}".replace("\N{GREEK SMALL LETTER MU}", "\N{MICRO SIGN}") or name
    except ValueError:
        return name


def unit_for(kind: AxisKind, unit: str) -> str:
    """Return what a unit says of an axis of some kind: a length says nothing of time, where napari gives all one unit.

    Examples
    --------
    >>> unit_for(AxisKind.TIME, "µm"), unit_for(AxisKind.TIME, "ms"), unit_for(AxisKind.ROW, "µm")
    ('', 'ms', 'µm')
    """
    return "" if kind is AxisKind.TIME and (unit == "pixel" or _is("[length]", unit)) else unit


def with_edits(attributes: Mapping[str, Any], rows: Sequence[AxisRow], edits: Edits) -> dict[str, Any]:
    """Put edits into the attributes of a layer tuple.

    Parameters
    ----------
    attributes
        Of the layer.
    rows
        Its `axis_rows`.
    edits
        What of them is edited.

    Raises
    ------
    LayerError
        With a refusal for everything that is wrong with the edits.
    """
    if wrong := problems(rows, edits):
        refusals = Refusals()
        for error in dict.fromkeys(wrong.values()):
            with refusals.collect():
                what, remedy = error
                raise LayerError(what, remedy, fix=SET_AXES)
        refusals.raise_if_any()
    edited = dict(attributes)
    count = len(rows) - bool(attributes.get("rgb"))
    scale = [1.0] * count
    given = list(attributes.get("scale") or ())
    scale[count - len(given) :] = map(float, given)
    units = list(attributes.get("units") or ["pixel"] * count)
    for (axis, name), text in edits.items():
        if name == "step":
            before = rows[axis].step or math.nan
            # In whichever direction it went, and by whatever else the layer is scaled.
            scale[axis] *= float(text) / before if math.isfinite(before) else float(text)
        elif name == "unit":
            units[axis] = text or "pixel"
    if any(name == "step" for _, name in edits):
        edited["scale"] = scale
    if any(name == "unit" for _, name in edits):
        edited["units"] = tuple(units)
    if any(name == "kind" for _, name in edits):
        edited["axes"] = [_word(kind, rows[axis], axis) for axis, kind in enumerate(edited_kinds(rows, edits))]
    return edited


def _word(kind: AxisKind, row: AxisRow, axis: int) -> str:
    """Name an axis; one that is none of the image's keeps its label."""
    if kind is not AxisKind.OTHER:
        return str(kind)
    return row.label if kind_of(row.label) is AxisKind.OTHER else f"axis {axis}"


def edited_kinds(rows: Sequence[AxisRow], edits: Edits) -> list[AxisKind]:
    """What the axes are with the edits."""
    return [AxisKind(edits.get((axis, "kind"), row.kind)) for axis, row in enumerate(rows)]


def labels_for(rows: Sequence[AxisRow], edits: Edits) -> list[str]:
    """Axis labels that tell the kinds as edited; those that do already stay."""
    pairs = zip(rows, edited_kinds(rows, edits), strict=True)
    return [row.label if kind in (row.kind, kind_of(row.label)) else _LABELS[kind] for row, kind in pairs]


def problems(rows: Sequence[AxisRow], edits: Edits) -> dict[tuple[int, str], tuple[str, str]]:
    """Say what is wrong with edits.

    Returns
    -------
    dict of (int, str) to (str, str)
        Number of the axis and ``kind``, ``step`` or ``unit`` → what is wrong, and its remedy.
    """
    kinds = edited_kinds(rows, edits)
    chosen = [axis for axis, name in edits if name == "kind"]
    found = _wrong_kinds(rows, kinds, chosen) if chosen else {}
    for axis in dict.fromkeys(axis for axis, _ in edits):
        step, unit = edits.get((axis, "step")), edits.get((axis, "unit"))
        if step is not None and not _is_step(step):
            what = f"The step of axis {axis} ({kinds[axis]}) is {step!r}, not a number above 0"
            found[axis, "step"] = what, "Give the distance from one to the next, such as 2.5"
        meant = unit_for(kinds[axis], rows[axis].unit) if unit is None else unit
        if wrong := _wrong_unit(axis, kinds[axis], meant, needed=step is not None):
            found[axis, "unit"] = wrong
    return found


def _wrong_kinds(
    rows: Sequence[AxisRow], kinds: Sequence[AxisKind], chosen: Sequence[int]
) -> dict[tuple[int, str], tuple[str, str]]:
    """Say what is wrong with kinds, at every axis that has part in it; a kind that is missing, at those chosen."""
    counts = Counter(kinds)
    found = {}
    for kind in (*PIXELS, AxisKind.TIME, AxisKind.SAMPLE):
        for axis in (axis for axis, one in enumerate(kinds) if one is kind and counts[kind] > 1):
            found[axis, "kind"] = f"{counts[kind]} axes are taken as {kind}", "Choose another kind for all but one"
    for kind in (AxisKind.ROW, AxisKind.COLUMN):
        for axis in chosen if not counts[kind] else ():
            found[axis, "kind"] = f"No axis is taken as {kind}", "Choose one row and one column axis"
    for axis in (axis for axis, kind in enumerate(kinds) if kind is AxisKind.SAMPLE):
        if axis != len(kinds) - 1 or rows[axis].size not in (3, 4):
            what = f"Axis {axis}, {rows[axis].size} long, cannot hold samples"
            found[axis, "kind"] = what, "Only the last axis can, with 3 (RGB) or 4 (RGBA) of them"
    return found


def _is_step(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return 0 < value < math.inf


def _wrong_unit(axis: int, kind: AxisKind, unit: str, *, needed: bool) -> tuple[str, str] | None:
    if kind is AxisKind.TIME:
        if needed and not unit:
            return f"The step of axis {axis} ({kind}) has no unit of time", "Choose one, such as s or ms"
        if unit and not _is("[time]", unit):
            return f"The unit of axis {axis} ({kind}), {unit!r}, is no duration", "Choose one, such as s or ms"
    elif kind in PIXELS and unit != "pixel" and not _is("[length]", unit):
        return f"The unit of axis {axis} ({kind}), {unit!r}, is no length", "Choose one, such as mm or µm"
    return None


def _is(dimension: str, unit: str) -> bool:
    """Whether a unit, without a number, has a dimension."""
    try:
        value = quantity(unit)
    except ValueError:
        return False
    return bool(value.dimensionality == {dimension: 1}) and not any(letter.isdigit() for letter in unit)
