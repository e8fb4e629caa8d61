"""What of a layer's values is displayed, from black to white: visible, and to be edited for the export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from napari_dicom_writer._napari.dock.axes.edits import LIMITS, edited_limits, limit_text
from napari_dicom_writer._napari.dock.parts.fold import ElidedLabel
from napari_dicom_writer._napari.dock.parts.hint import Hint
from napari_dicom_writer._napari.dock.parts.mark import mark_wrong, write_unless_typed
from napari_dicom_writer.errors import ExportError

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_dicom_writer._napari.dock.axes.edits import Edit

_TOOLTIP = "The {} value that is displayed, in the layer's values; empty: as the layer is displayed"
_LEAST = 40  # pixels


class WindowRow(QWidget):
    """A line with two numbers, and what radiology calls them: level and width.

    Attributes
    ----------
    said : Signal(str, object)
        ``low`` or ``high``, and the text that is there now, None where it is empty.
    """

    said = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        grid.addWidget(QLabel("Window"), 0, 0)
        self._shown = dict.fromkeys(LIMITS, "")
        self.ends = {name: self._end(name) for name in LIMITS}
        grid.addWidget(self.ends["low"], 0, 1)
        grid.addWidget(QLabel("to"), 0, 2)
        grid.addWidget(self.ends["high"], 0, 3)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        self._hints = {name: Hint(line) for name, line in self.ends.items()}
        self._told = ElidedLabel()
        self._told.setEnabled(False)  # grayed
        grid.addWidget(self._told, 1, 1, 1, 3)

    def _end(self, name: str) -> QLineEdit:
        line = QLineEdit()
        line.setToolTip(_TOOLTIP.format({"low": "lowest", "high": "highest"}[name]))
        line.setAccessibleName(f"Window, {name} end")
        line.setMinimumWidth(_LEAST)
        line.textEdited.connect(lambda text: self._say(name, text.strip()))
        return line

    def _say(self, name: str, text: str) -> None:
        """Tell what is at an end now; nothing where the layer is displayed so."""
        self.said.emit(name, None if text in ("", self._shown[name]) else text)

    def end_typing(self) -> None:
        """Take what is said from now on into both lines, also where somebody typed."""
        for line in self.ends.values():
            line.setModified(False)

    def show_limits(self, layer: Layer | None, edit: Edit) -> None:
        """Show what is displayed of a layer; nothing of labels and colors, whose values are what is seen."""
        limits = None if getattr(layer, "rgb", False) else getattr(layer, "contrast_limits", None)
        self.setVisible(limits is not None)
        if layer is None or limits is None:
            return
        for name, value in zip(LIMITS, limits, strict=True):
            self._shown[name] = limit_text(value)
            self.ends[name].setPlaceholderText(self._shown[name])
            write_unless_typed(self.ends[name], edit.limits.get(name, self._shown[name]))
        wrong = told = ""
        try:
            low, high = edited_limits(layer, edit)
            told = f"level {limit_text((low + high) / 2)}, width {limit_text(high - low)}"
        except ExportError as error:
            wrong = f"{error.refusals[0].what}. {error.refusals[0].remedy}."
        self._told.set_whole(told)
        for name, line in self.ends.items():
            mark_wrong(line, wrong if name in edit.limits else "")
            self._hints[name].show_text("refused", wrong if name in edit.limits else "")
