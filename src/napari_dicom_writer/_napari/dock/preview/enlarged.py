"""One cut in a window of its own, as large as that: beside the others a long volume leaves it few pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QButtonGroup, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.preview.placement_text import AXES
from napari_dicom_writer._napari.dock.preview.preview import PreviewWidget

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent, QWheelEvent
    from qtpy.QtWidgets import QAbstractButton

_SAMPLES = 1024  # along each axis: what a large window shows
_NOTCH = 120  # of a wheel, in the eighths of a degree that Qt counts
_STEPS = {Qt.Key.Key_PageUp: -1, Qt.Key.Key_PageDown: 1}


class EnlargedPreview(QDialog):
    """Shows what a preview shows, one cut at a time, and follows it; the wheel goes through the others like it.

    Parameters
    ----------
    source
        The preview.
    """

    def __init__(self, source: PreviewWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._chosen = self._turned = 0
        self._followed: tuple[object, ...] = ()
        self._through: tuple[int, int, int] | None = None
        self.preview = PreviewWidget(samples=_SAMPLES, one_cut=True)
        self._buttons = QButtonGroup(self)
        self._row = QHBoxLayout()
        self._row.addStretch(1)
        self._buttons.idClicked.connect(self.show_cut)
        column = QVBoxLayout(self)
        column.addLayout(self._row)
        column.addWidget(self.preview, 1)
        source.changed.connect(self.follow)
        self.resize(720, 720)

    def show_cut(self, index: int) -> None:
        """Show another cut: 0 is the one that is written."""
        self._chosen = index
        self.preview.choose_cut(index)
        button: QAbstractButton | None = self._buttons.button(index)
        if button is not None:
            button.setChecked(True)
        self._say_where()

    def step(self, by: int) -> None:
        """Show the next cut of this kind, or one further on."""
        view, cuts = self.preview.placement, self.preview.cuts[self._chosen :]
        if view is None or view.through is None or not cuts:
            return
        through, normal = list(view.through), cuts[0].normal
        through[normal] = min(max(through[normal] + by, 0), view.volume.shape[normal] - 1)
        plane, row, column = through
        self._through = (plane, row, column)
        self.preview.show_view(replace(view, through=self._through))
        self._say_where()

    def follow(self) -> None:
        """Show what the source shows, if anybody looks; what was stepped to stays while it cuts there, too."""
        if not self.isVisible():
            return
        view = self._source.placement
        if view is None:
            self.preview.clear()
            if self._source.refusal:
                self.preview.show_refusal(self._source.refusal)
        else:
            followed = (view.through, view.volume.shape)
            if followed != self._followed:
                self._followed, self._through = followed, view.through
            self.preview.show_view(replace(view, through=self._through))
        self._name_buttons()
        self._say_where()

    def _say_where(self) -> None:
        """Say in the title which cut it is."""
        view, cuts = self.preview.placement, self.preview.cuts[self._chosen :]
        where = ""
        if view is not None and cuts:
            cut = cuts[0]
            where = f": {cut.name}, {AXES[cut.normal]} {cut.index} of 0 to {view.volume.shape[cut.normal] - 1}"
        self.setWindowTitle(f"Preview{where}")

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Go through the cuts of this kind, one a notch."""
        if event is not None:
            self._turned += event.angleDelta().y()
            notches = int(self._turned / _NOTCH)
            self._turned -= notches * _NOTCH
            self.step(-notches)
            event.accept()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go through the cuts of this kind by Page Up and Page Down."""
        if event is not None and event.key() in _STEPS:
            self.step(_STEPS[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def _name_buttons(self) -> None:
        names = [cut.name for cut in self.preview.cuts]
        if names == [button.text() for button in self._buttons.buttons()]:
            return
        for button in self._buttons.buttons():
            self._buttons.removeButton(button)
            button.deleteLater()
        for index, name in enumerate(names):
            made = QPushButton(name)
            made.setCheckable(True)
            self._buttons.addButton(made, index)
            self._row.insertWidget(index, made)
        self.show_cut(0)
