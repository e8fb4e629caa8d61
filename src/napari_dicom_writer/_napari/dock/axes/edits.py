"""What the user says of layers for the export, without a change to the layers; set in a layer when that is wanted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.checklist.layer_state import layer_tuple
from napari_dicom_writer.errors import Fix, LayerError
from napari_dicom_writer.layers.axis_rows import axis_rows, edited_kinds, labels_for, with_edits
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.planes import SET_Z
from napari_dicom_writer.options.choices import Geometry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_dicom_writer.layers.axis_rows import AxisRow
    from napari_dicom_writer.options.export import ExportOptions

LIMITS = ("low", "high")


@dataclass
class Edit:
    """What is said of one layer, as it was typed."""

    axes: dict[tuple[int, str], str] = field(default_factory=dict)  # (axis, kind or step or unit) → text
    limits: dict[str, str] = field(default_factory=dict)  # low or high → text
    place: dict[str, str] = field(default_factory=dict)  # z, of a 2-D layer → text

    def cells(self, key: tuple[int, str] | str) -> dict[Any, str]:
        """Return where something is said."""
        return self.axes if isinstance(key, tuple) else self.limits if key in LIMITS else self.place


class LayerEdits(QObject):
    """Edits of layers. A layer that is edited itself meanwhile is followed where nothing is said of it.

    Attributes
    ----------
    changed : Signal(object)
        (Layer): something else is said of it.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._edits: WeakKeyDictionary[Layer, Edit] = WeakKeyDictionary()

    def of(self, layer: Layer) -> Edit:
        """Return what is said of a layer."""
        edit = self._edits.get(layer, Edit())
        count = layer.ndim + bool(getattr(layer, "rgb", False))
        if any(axis >= count for axis, _ in edit.axes):
            edit.axes.clear()  # its data have other axes now
        return edit

    def say(self, layer: Layer, key: tuple[int, str] | str, text: str | None) -> None:
        """Say something of one cell of the axes, one display limit, or ``z``; None for what the layer says."""
        cells = self._edits.setdefault(layer, Edit()).cells(key)
        if cells.get(key) != text:
            cells.pop(key, None) if text is None else cells.__setitem__(key, text)
            self.changed.emit(layer)

    def forget(self, layer: Layer) -> None:
        """Leave a layer as it is."""
        if self._edits.pop(layer, None):
            self.changed.emit(layer)

    def say_alike(self, layer: Layer, others: Sequence[Layer]) -> None:
        """Say of other layers what is said of the axes of one."""
        for other in others:
            self._edits.setdefault(other, Edit()).axes = dict(self.of(layer).axes)
            self.changed.emit(other)

    def rows(self, layer: Layer, options: ExportOptions) -> list[AxisRow]:
        """Tell the axes of a layer as it is."""
        data, attributes, _ = layer_tuple(layer)
        return axis_rows(data, attributes, options)

    def tuple_of(self, layer: Layer, options: ExportOptions) -> Any:
        """Return the layer tuple with what is said of it.

        Raises
        ------
        LayerError
            If that is wrong.
        """
        plain = layer_tuple(layer)
        edit = self._edits.get(layer)
        if edit is None:
            return plain
        data, attributes, kind = plain
        if self.of(layer).axes:
            _check_heard(edit, options)
            attributes = with_edits(attributes, axis_rows(data, attributes, options), edit.axes)
        if edit.limits:
            attributes = {**attributes, "contrast_limits": edited_limits(layer, edit)}
        if (z := edited_z(edit)) is not None:
            attributes = {**attributes, "z": z}
        return data, attributes, kind

    def set_in(self, layer: Layer, options: ExportOptions) -> None:
        """Let the layer say it itself; kinds that it cannot say, and where its plane is, stay here.

        Raises
        ------
        LayerError
            If what is said of it is wrong.
        """
        edit, rows = self.of(layer), self.rows(layer, options)
        _, attributes, _ = self.tuple_of(layer, options)
        kinds, labels = edited_kinds(rows, edit.axes), labels_for(rows, edit.axes)
        self._edits.pop(layer, None)
        layer.axis_labels = labels[: layer.ndim]
        layer.scale = attributes["scale"]
        layer.units = [str(unit) for unit in attributes["units"]]
        if edit.limits:
            layer.contrast_limits = attributes["contrast_limits"]
        kept = Edit(place=edit.place)
        if any(row.kind != kind for row, kind in zip(self.rows(layer, options), kinds, strict=True)):
            kept.axes = {(axis, "kind"): str(kind) for axis, kind in enumerate(kinds)}
        if kept.axes or kept.place:
            self._edits[layer] = kept
        self.changed.emit(layer)


def _check_heard(edit: Edit, options: ExportOptions) -> None:
    """Refuse steps and units that would have no effect."""
    if options.geometry is Geometry.SOURCE and any(name != "kind" for _, name in edit.axes):
        raise LayerError(
            f"Its voxel size is edited, and with {mention('geometry', Geometry.SOURCE)} another one is written",
            f"Choose {mention('geometry', Geometry.LAYER)}, or undo the edits",
            fix=Fix("geometry", Geometry.LAYER, "Write the edited size"),
        )


def limit_text(value: float) -> str:
    """Write a display limit.

    Examples
    --------
    >>> limit_text(100.0), limit_text(0.1), limit_text(-1e-9)
    ('100', '0.1', '-1e-09')
    """
    return f"{value:.6g}"


def edited_limits(layer: Layer, edit: Edit) -> tuple[float, float]:
    """Return the display limits of a layer with what is said of them.

    Raises
    ------
    LayerError
        If they are no range.
    """
    low, high = layer.contrast_limits
    said = []
    for name, value in zip(LIMITS, (low, high), strict=True):
        text = edit.limits.get(name, repr(float(value)))
        number = float("nan")
        with suppress(ValueError):
            number = float(text)
        if not abs(number) < float("inf"):
            raise _wrong(
                f"The {name} end of what is displayed is {text!r}, not a number", "Give a number, such as -160"
            )
        said.append(number)
    if not said[0] < said[1]:
        shown = " to ".join(map(limit_text, said))
        raise _wrong(f"Displayed from {shown} is no range", "Give the lower value first")
    return said[0], said[1]


def edited_z(edit: Edit) -> float | None:
    """Return where the plane of a 2-D layer is said to lie, mm; None where nothing is said.

    Raises
    ------
    LayerError
        If that is no number.
    """
    text = edit.place.get("z")
    if text is None:
        return None
    z = float("nan")
    with suppress(ValueError):
        z = float(text)
    if not abs(z) < float("inf"):
        raise LayerError(f"Its plane lies at z = {text!r}, not a number", "Give millimeters, such as 12.5", fix=SET_Z)
    return z


def _wrong(what: str, remedy: str) -> LayerError:
    return LayerError(what, remedy, fix=Fix("window", None, "Show range…"))
