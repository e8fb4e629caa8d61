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
        """Say something of one cell of the axes, or of one display limit; None for what the layer says."""
        edit = self._edits.setdefault(layer, Edit())
        cells: dict[Any, str] = edit.limits if isinstance(key, str) else edit.axes
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
        return data, attributes, kind

    def set_in(self, layer: Layer, options: ExportOptions) -> None:
        """Let the layer say it itself; kinds that it cannot say stay here.

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
        if any(row.kind != kind for row, kind in zip(self.rows(layer, options), kinds, strict=True)):
            self._edits[layer] = Edit({(axis, "kind"): str(kind) for axis, kind in enumerate(kinds)})
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


def _wrong(what: str, remedy: str) -> LayerError:
    return LayerError(what, remedy, fix=Fix("window", None, "Show range…"))
