"""The preview with its choice of layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.layers import Labels
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.parts.fold import heading
from napari_dicom_writer._napari.dock.parts.plain import shown_name
from napari_dicom_writer._napari.dock.preview.preview import PreviewWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer

    from napari_dicom_writer._napari.dock.preview.enlarged import EnlargedPreview


class PreviewPanel(QWidget):
    """Shows where one of the viewer's layers will lie.

    Attributes
    ----------
    chosen : Signal
        The user chose another layer.
    """

    chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice = QComboBox()
        self._choice.setAccessibleName("Layer in the preview")
        self._choice.setToolTip("Layer in the preview")
        self._choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._choice.activated.connect(self.chosen)
        self.preview = PreviewWidget()
        self.preview.clicked.connect(self._enlarge)
        self._enlarged: EnlargedPreview | None = None
        head = QGridLayout()
        head.addWidget(heading("Preview"), 0, 0)
        head.addWidget(self._choice, 0, 1)
        head.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(head)
        layout.addWidget(self.preview)

    def _enlarge(self, cut: int) -> None:
        from napari_dicom_writer._napari.dock.preview.enlarged import EnlargedPreview

        if self._enlarged is None:
            self._enlarged = EnlargedPreview(self.preview, self)
        self._enlarged.show()
        self._enlarged.follow()
        self._enlarged.show_cut(cut)
        self._enlarged.raise_()

    @property
    def layer(self) -> Layer | None:
        """The layer to show."""
        layer: Layer | None = self._choice.currentData()
        return layer

    def offer(self, layers: Sequence[Layer], checked: Sequence[Layer]) -> None:
        """Offer layers; the one in sight stays if it is exported, else the first that is comes into sight."""
        shown, checked = self.layer, [layer for layer in checked if layer in layers]
        self._choice.clear()
        for layer in layers:
            self._choice.addItem(shown_name(layer.name), layer)
        wanted = shown if shown in checked or (not checked and shown in layers) else next(iter(checked or layers), None)
        if wanted is None:
            self.preview.clear()
        else:
            self._choice.setCurrentIndex(list(layers).index(wanted))

    def forget_values(self, layer: Layer) -> None:
        """Read the values of a layer anew when they are shown again; an image stays while labels on it are painted."""
        if isinstance(layer, Labels) and layer is not self.layer:
            self.preview.overlays.clear()
        else:
            self.preview.clear()

    def choose(self, layer: Layer) -> None:
        """Show another layer, as the user would."""
        index = self._choice.findData(layer)
        if index not in (-1, self._choice.currentIndex()):
            self._choice.setCurrentIndex(index)
            self.chosen.emit()

    def show_names(self) -> None:
        """Say what the layers are called now."""
        for index in range(self._choice.count()):
            self._choice.setItemText(index, shown_name(self._choice.itemData(index).name))
