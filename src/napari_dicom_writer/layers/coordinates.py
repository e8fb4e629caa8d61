"""What xarray says of an array's axes: names, and where its indices lie, for layers that do not say it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_dicom_writer.errors import GeometryError, Note, NoteKind
from napari_dicom_writer.model.axis_names import AxisKind, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNEVEN = 1e-3  # of a step: coordinates are often single-precision, or rounded

_WITH_STEP = (AxisKind.PLANE, AxisKind.ROW, AxisKind.COLUMN, AxisKind.OPEN)


class _Steps(NamedTuple):
    """Where `length` indices of an axis lie: from `start` on, `step` apart, but for `off`.

    `moment` is that of the first.
    """

    length: int
    step: float
    start: float
    unit: str | None
    off: float
    moment: str


def with_coordinates(array: Any, attributes: Mapping[str, Any], ndim: int) -> tuple[Mapping[str, Any], list[Note]]:
    """Return the attributes of a layer with what its array's coordinates say, where the layer says nothing.

    Parameters
    ----------
    array
        Of any kind; those of xarray have ``dims`` and ``coords``.
    attributes
        As of a layer tuple. A layer of napari has all of them.
    ndim
        Of the array, without samples that ``rgb`` counts.

    Returns
    -------
    mapping, list of Note
        Moments count from the first one, which is not written; napari counts them from 1970.
    """
    names = getattr(array, "dims", None)
    if not isinstance(names, tuple) or len(names) < ndim:
        return attributes, []
    labels = attributes.get("axis_labels")
    said = dict(attributes)
    if not (labels and any(kind_of(str(one)) for one in labels)):
        said["axis_labels"] = names[:ndim]
    steps = [_steps(array, axis) for axis in range(ndim)]
    moments = [(axis, one.moment) for axis, one in enumerate(steps) if one and one.moment]
    notes = [Note(NoteKind.LOST, f"Axis {names[at]!r} begins at {when}, which is not written") for at, when in moments]
    if any(attributes.get(name) is not None for name in ("scale", "translate", "affine")) or not any(steps):
        if moments and attributes.get("translate") is not None:
            counted = {axis for axis, _ in moments}
            said["translate"] = [0.0 if i in counted else start for i, start in enumerate(attributes["translate"])]
        return said, notes
    single = [(name, one) for name, one in zip(names, steps, strict=False) if one and one.length == 1]
    notes += [_of_one(name, one) for name, one in single if kind_of(str(name)) in _WITH_STEP]
    said["scale"] = [one.step if one else 1.0 for one in steps]
    said["translate"] = [one.start if one else 0.0 for one in steps]
    if attributes.get("units") is None:
        said["units"] = [(one and one.unit) or "pixel" for one in steps]
    return said, notes


def _of_one(name: str, steps: _Steps) -> Note:
    unit = f" {steps.unit}" if steps.unit else ""
    text = f"Axis {name!r} has one coordinate, which says no step: taken as {steps.step:g}{unit}"
    return Note(NoteKind.ASSUMED, text, hint="the layer's scale says what it is")


def check_even(array: Any, axes: Sequence[int]) -> None:
    """Refuse coordinates, of what is written with a spacing, that have none; napari goes by the first two of them.

    Raises
    ------
    GeometryError
        Naming the first of these axes.
    """
    for axis in axes:
        steps = _steps(array, axis)
        if steps and not steps.off <= _UNEVEN * abs(steps.step):
            what = f"The coordinates of axis {array.dims[axis]!r} are not evenly spaced: off by up to {steps.off:.3g}"
            raise GeometryError(what, "Interpolate it to an even grid first, or drop the coordinates with drop_vars()")


def _steps(array: Any, axis: int) -> _Steps | None:
    """What the coordinates along an axis say; None where there are none, or they are no numbers."""
    names, coordinates = getattr(array, "dims", ()), getattr(array, "coords", {})
    if axis >= len(names) or names[axis] not in coordinates:
        return None
    coordinate = coordinates[names[axis]]
    values, unit = np.asarray(coordinate), coordinate.attrs.get("units")
    moment = ""
    if values.dtype.kind == "M" and values.size:
        moment, values = str(values.flat[0].astype("datetime64[ms]")), values - values.flat[0]
    if values.dtype.kind == "m":
        values, unit = values / np.timedelta64(1, "s"), "s"
    if values.dtype.kind not in "iuf" or values.ndim != 1 or not len(values):
        return None
    values = values.astype(np.float64)
    step = float(values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0
    off = float(np.abs(values - (values[0] + step * np.arange(len(values)))).max())
    return _Steps(len(values), step, float(values[0]), None if unit is None else str(unit), off, moment)
