"""What is said of the layer in the preview: its window, and its axes with the voxel size."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari.layers import Image, Labels, Points, Shapes
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.axes.axes_table import AxesTable
from napari_dicom_writer._napari.dock.axes.edits import LayerEdits
from napari_dicom_writer._napari.dock.axes.height_row import HeightRow
from napari_dicom_writer._napari.dock.axes.window_row import WindowRow
from napari_dicom_writer._napari.dock.parts.button_row import ButtonRow
from napari_dicom_writer._napari.dock.parts.fold import Fold
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.layers.axes import PIXELS
from napari_dicom_writer.layers.axis_rows import edited_kinds, problems
from napari_dicom_writer.model.axis_names import AxisKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_dicom_writer._napari.dock.axes.edits import Edit
    from napari_dicom_writer.layers.axis_rows import AxisRow
    from napari_dicom_writer.options.export import ExportOptions

NAMES = ("axes", "window", "z")
"""What messages lead to that is edited here."""


class LayerEditor(QWidget):
    """Edits one layer for the export, and the layer itself on request.

    Attributes
    ----------
    edits : LayerEdits
        What is said of each layer.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edits = LayerEdits(self)
        self._layer: Layer | None = None
        self._options: ExportOptions | None = None
        self.window_row = WindowRow()
        self.height_row = HeightRow()
        self.table = AxesTable()
        self._others: list[Layer] = []
        self.set_button = QPushButton("Set in layer")
        self.set_button.setToolTip("Set the layer's own scale, units, axis labels and contrast limits to these")
        self.undo_button = QPushButton("Undo edits")
        self.undo_button.setToolTip("Forget what is edited here of this layer: it is written as it is")
        self.alike_button = QPushButton("Others alike")
        self.alike_button.setToolTip("Say the same of the axes of all other layers of this shape, such as labels on it")
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(4, 0, 0, 6)
        inner.addWidget(self.table)
        inner.addWidget(ButtonRow([self.set_button, self.undo_button, self.alike_button]))
        self._fold = Fold("Axes, voxel size", body)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.window_row)
        column.addWidget(self.height_row)
        column.addWidget(self._fold)
        self.table.said.connect(lambda axis, name, text: self._say((axis, name), text))
        self.window_row.said.connect(self._say)
        self.height_row.said.connect(self._say)
        self.set_button.clicked.connect(self._set_in_layer)
        self.undo_button.clicked.connect(self._undo)
        self.alike_button.clicked.connect(self._say_alike)

    def show_layer(self, layer: Layer | None, options: ExportOptions, among: Sequence[Layer] = ()) -> None:
        """Show a layer with what is said of it, `among` all that can be edited."""
        rows = self._rows_of(layer, options) if layer is not None else []
        flat = layer is not None and _is_flat(layer, rows, self.edits.of(layer))
        self._layer, self._options = layer if rows or flat else None, options
        self.setVisible(bool(rows) or flat)
        self.height_row.setVisible(flat)
        self._fold.setVisible(bool(rows))
        if layer is None or not (rows or flat):
            return
        edit = self.edits.of(layer)
        self.height_row.show_edit(edit)
        if not rows:
            self.window_row.hide()
            return
        self.window_row.show_limits(layer, edit)
        wrong = problems(rows, edit.axes)
        self.table.show_rows(rows, edit.axes, {key: f"{what}. {remedy}." for key, (what, remedy) in wrong.items()})
        self._fold.set_summary("⚠ see what is marked" if wrong else _summary(rows, edit))
        edited = bool(edit.axes or edit.limits)
        self.set_button.setEnabled(edited and not wrong)
        self.undo_button.setEnabled(edited or bool(edit.place))
        self._others = [other for other in among if other is not layer and _shape(other) == _shape(layer)]
        self.alike_button.setVisible(bool(self._others))
        self.alike_button.setEnabled(bool(edit.axes) and not wrong)

    def _rows_of(self, layer: Layer, options: ExportOptions) -> list[AxisRow]:
        """Tell the axes of a layer; none of one that tells nothing, which is refused elsewhere."""
        if not isinstance(layer, Image | Labels):
            return []
        try:
            with faults_as_export_errors():
                return self.edits.rows(layer, options)
        except ExportError:
            return []

    def reveal(self, name: str) -> QWidget:
        """Bring ``axes``, the ``window`` or ``z`` in sight, give it the focus, and return it."""
        if name == "axes":
            self._fold.open()
        places = {"window": self.window_row.ends["low"], "z": self.height_row.line}
        place = places[name] if name in places else self.table.cell(0, "kind")
        place.setFocus()
        return place

    def _say(self, key: tuple[int, str] | str, text: str | None) -> None:
        if self._layer is not None:
            self.edits.say(self._layer, key, text)

    def _end_typing(self) -> None:
        """A button was clicked, which on some systems leaves the keyboard where it was."""
        self.table.end_typing()
        self.window_row.end_typing()
        self.height_row.end_typing()

    def _set_in_layer(self) -> None:
        self._end_typing()
        if self._layer is not None and self._options is not None:
            with suppress(ExportError):  # said where it is wrong
                self.edits.set_in(self._layer, self._options)

    def _say_alike(self) -> None:
        if self._layer is not None:
            self.edits.say_alike(self._layer, self._others)

    def _undo(self) -> None:
        self._end_typing()
        if self._layer is not None:
            self.edits.forget(self._layer)


def _is_flat(layer: Layer, rows: Sequence[AxisRow], edit: Edit) -> bool:
    """Whether a layer does not say itself where its plane lies."""
    if isinstance(layer, Shapes | Points):
        return bool(layer.ndim == 2)
    return bool(rows) and AxisKind.PLANE not in edited_kinds(rows, edit.axes)


def _shape(layer: Layer) -> tuple[int, ...]:
    """Lengths of the axes, without samples; of a multiscale layer those of the full resolution; none of points."""
    if not isinstance(layer, Image | Labels):
        return ()
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    return tuple(data.shape[: layer.ndim])


def _summary(rows: list[AxisRow], edit: Edit) -> str:
    """Say the size of a voxel in a line, columns first, as below the preview."""
    steps: dict[str, tuple[str, str]] = {}
    for axis, kind in enumerate(edited_kinds(rows, edit.axes)):
        if kind in PIXELS:
            step = edit.axes.get((axis, "step"), f"{rows[axis].step:.4g}")
            steps[kind] = step, edit.axes.get((axis, "unit"), rows[axis].unit)
    shown = [steps[kind] for kind in reversed(PIXELS) if kind in steps]
    units = {unit for _, unit in shown}
    alike = f" {units.pop()}" if len(units) == 1 else ""
    told = " × ".join(step if alike else f"{step} {unit}" for step, unit in shown)
    return f"{'edited: ' if edit.axes else ''}{told}{alike}"
