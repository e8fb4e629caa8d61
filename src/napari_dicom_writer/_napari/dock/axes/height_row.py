"""Where the plane of a 2-D layer lies: it says nothing of it itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from napari_dicom_writer._napari.dock.axes.edits import edited_z
from napari_dicom_writer._napari.dock.parts.hint import Hint
from napari_dicom_writer._napari.dock.parts.mark import mark_wrong, write_unless_typed
from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.model.units import millimeters

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dicom_writer._napari.dock.axes.edits import Edit
    from napari_dicom_writer.options.export import ExportOptions

_LEAST = 40  # pixels


class HeightRow(QWidget):
    """A line with a number, and a button that takes it from the viewer.

    Attributes
    ----------
    said : Signal(str, object)
        ``z``, and the text that is there now, None where it is empty.
    wanted : Signal
        The plane in sight shall be it.
    """

    said = Signal(str, object)
    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = QLineEdit()
        self.line.setPlaceholderText("0")
        self.line.setAccessibleName("Plane at z, mm")
        self.line.setToolTip("Where the plane of this 2-D layer lies, mm toward the patient's head; empty: at 0")
        self.line.setMinimumWidth(_LEAST)
        self.line.textEdited.connect(lambda text: self.said.emit("z", text.strip() or None))
        self.button = QPushButton("As in viewer")
        self.button.setToolTip("Put it onto the plane that the viewer shows")
        self.button.clicked.connect(self.wanted)
        for part, stretch in ((QLabel("Plane at z"), 0), (self.line, 1), (QLabel("mm"), 0), (self.button, 0)):
            row.addWidget(part, stretch)
        self._hint = Hint(self.line)

    def end_typing(self) -> None:
        """Take what is said from now on into the line, also where somebody typed."""
        self.line.setModified(False)

    def show_edit(self, edit: Edit) -> None:
        """Show what is said of a layer."""
        write_unless_typed(self.line, edit.place.get("z", ""))
        wrong = ""
        try:
            edited_z(edit)
        except ExportError as error:
            wrong = f"{error.refusals[0].what}. {error.refusals[0].remedy}."
        mark_wrong(self.line, wrong)
        self._hint.show_text("refused", wrong)


def z_in_sight(viewer: Viewer, options: ExportOptions) -> str | None:
    """Return where the plane in sight lies, mm toward the head; None where the viewer shows no planes of a volume."""
    deep = next((layer for layer in viewer.layers if layer.ndim > 2), None)
    if deep is None or viewer.dims.ndim - 3 in viewer.dims.displayed:
        return None
    unit = str(deep.units[-3])
    mm = millimeters(options.pixel_unit if unit == "pixel" else unit)
    return f"{viewer.dims.point[-3] * mm:.6g}"
