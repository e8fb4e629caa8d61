"""One cut in a window of its own, as large as that: beside the others a long volume leaves it few pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QButtonGroup, QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.preview.preview import PreviewWidget

if TYPE_CHECKING:
    from qtpy.QtWidgets import QAbstractButton

_SAMPLES = 1024  # along each axis: what a large window shows


class EnlargedPreview(QDialog):
    """Shows what a preview shows, one cut at a time, and follows it.

    Parameters
    ----------
    source
        The preview.
    """

    def __init__(self, source: PreviewWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preview")
        self._source = source
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
        self.preview.choose_cut(index)
        button: QAbstractButton | None = self._buttons.button(index)
        if button is not None:
            button.setChecked(True)

    def follow(self) -> None:
        """Show what the source shows, if anybody looks."""
        if not self.isVisible():
            return
        if self._source.placement is None:
            self.preview.clear()
            if self._source.refusal:
                self.preview.show_refusal(self._source.refusal)
        else:
            self.preview.show_view(self._source.placement)
        self._name_buttons()

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
