"""The axes of a layer as a small table: what each is, its size, step and unit; a wrong cell says why in place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QSizePolicy, QWidget

from napari_dicom_writer._napari.dock.parts.completer import Completer
from napari_dicom_writer._napari.dock.parts.hint import Hint
from napari_dicom_writer._napari.dock.parts.mark import LeaveWheel, mark_wrong, write_unless_typed
from napari_dicom_writer.layers.axes import PIXELS
from napari_dicom_writer.layers.axis_rows import DURATIONS, KINDS, LENGTHS, unit_for
from napari_dicom_writer.model.axis_names import AxisKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_dicom_writer.layers.axis_rows import AxisRow, Edits

_HEADS = ("Axis", "Size", "Step", "Unit")
_NO_UNIT = "–"
_TOOLTIPS = {
    "kind": "What the axis is",
    "step": "Distance from the center of one to the next; empty: as the layer says",
    "unit": "Of the step: a length, or a duration of time; any that is usual can be typed",
}


class AxesTable(QWidget):
    """A row an axis.

    Attributes
    ----------
    said : Signal(int, str, object)
        Number of an axis; ``kind``, ``step`` or ``unit``; and the text in that cell now, None where it is empty.
    """

    said = Signal(int, str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        for column, (head, stretch) in enumerate(zip(_HEADS, (7, 0, 3, 6), strict=True)):
            label = QLabel(head)
            label.setEnabled(False)  # grayed
            self._grid.addWidget(label, 0, column)
            self._grid.setColumnStretch(column, stretch)

    def cell(self, axis: int, name: str) -> QComboBox | QLineEdit:
        """Return the editor of an axis's ``kind``, ``step`` or ``unit``."""
        return self._rows[axis].editors[name]

    def end_typing(self) -> None:
        """Take what is said from now on into every cell, also where somebody typed."""
        for row in self._rows:
            row.end_typing()

    def show_rows(self, rows: Sequence[AxisRow], edits: Edits, problems: Mapping[tuple[int, str], str]) -> None:
        """Show what the layer says, or what is said of it; what is being typed stays as it is."""
        while len(self._rows) < len(rows):
            self._rows.append(_Row(self, self._grid, len(self._rows)))
        for axis, row in enumerate(self._rows):
            shown = axis < len(rows)
            row.set_visible(shown)
            if shown:
                cells = {name: edits[axis, name] for name in _TOOLTIPS if (axis, name) in edits}
                row.show(rows[axis], cells, {name: problems.get((axis, name), "") for name in _TOOLTIPS})


class _Row:
    """The widgets of one axis."""

    def __init__(self, table: AxesTable, grid: QGridLayout, axis: int) -> None:
        self._size = QLabel()
        self._size.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._kind, self._step, self._unit = QComboBox(), QLineEdit(), QComboBox()
        for kind in KINDS:
            self._kind.addItem(str(kind), str(kind))
        self._unit.setEditable(True)
        self._unit.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for box in (self._kind, self._unit):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(4)
            # As wide as its column, which is as wide as its share.
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._step.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.editors: dict[str, QComboBox | QLineEdit] = {"kind": self._kind, "step": self._step, "unit": self._unit}
        for column, editor in enumerate((self._kind, self._size, self._step, self._unit)):
            grid.addWidget(editor, axis + 1, column)
        self._hints = {name: Hint(editor) for name, editor in self.editors.items()}
        self._units = Completer(self._line)
        for name, editor in self.editors.items():
            editor.setToolTip(_TOOLTIPS[name])
            editor.setAccessibleName(f"{name.capitalize()} of axis {axis}")
        self._leave_wheel = LeaveWheel([self._kind, self._unit], table)
        self._told: dict[str, str] = {}  # what the layer says
        self._said = partial(table.said.emit, axis)
        self._kind.activated.connect(lambda _: self._say("kind", self._kind.currentData()))
        self._step.textEdited.connect(lambda text: self._say("step", text.strip()))
        self._unit.textActivated.connect(lambda text: self._say("unit", text))
        self._line.textEdited.connect(lambda text: self._say("unit", text))

    @property
    def _line(self) -> QLineEdit:
        """Where a unit is typed."""
        line = self._unit.lineEdit()
        assert line is not None  # noqa: S101 - it is editable
        return line

    def _say(self, name: str, text: str) -> None:
        """Tell what is in a cell now; nothing where the layer says it, too."""
        unit = name == "unit" and text.strip()
        meant = text.strip().replace(_NO_UNIT, "") if unit else text
        self._said(name, None if meant == self._told.get(name) or not text.strip() else meant)

    def end_typing(self) -> None:
        for line in (self._step, self._line):
            line.setModified(False)

    def set_visible(self, visible: bool) -> None:
        for widget in (self._size, *self.editors.values()):
            widget.setVisible(visible)

    def show(self, row: AxisRow, said: Mapping[str, str], problems: Mapping[str, str]) -> None:
        kind = AxisKind(said.get("kind", row.kind))
        has_step = kind in (*PIXELS, AxisKind.TIME)
        self._size.setText(f"{row.size:,}")
        self._kind.setEnabled(row.step is not None)  # what the layer itself calls colors are
        self._kind.setCurrentIndex(self._kind.findData(str(kind)))
        units = DURATIONS if kind is AxisKind.TIME else LENGTHS
        self._offer([unit or _NO_UNIT for unit in units] if has_step else [])
        step = "" if row.step is None else f"{row.step:.8g}"
        unit = unit_for(kind, row.unit)
        self._told = {"kind": str(row.kind), "step": step, "unit": unit}
        self._step.setPlaceholderText(step if has_step else "")
        self._line.setPlaceholderText((unit or _NO_UNIT) if has_step else "")
        write_unless_typed(self._step, said.get("step", step) if has_step else "")
        write_unless_typed(self._line, (said.get("unit", unit) or _NO_UNIT) if has_step else "")
        for editor in (self._step, self._unit):
            editor.setEnabled(has_step)
        for name, editor in self.editors.items():
            mark_wrong(editor, problems[name])
            self._hints[name].show_text("refused", problems[name])

    def _offer(self, units: Sequence[str]) -> None:
        if [self._unit.itemText(index) for index in range(self._unit.count())] != list(units):
            self._unit.clear()
            self._unit.addItems(list(units))
            self._units.offer(units)
