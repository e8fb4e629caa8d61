"""The viewer's layers as a checklist: what is exported, what each becomes, and why others cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QCheckBox, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.checklist.layer_state import is_drawn
from napari_dicom_writer._napari.dock.parts.plain import shown, shown_name, tooltip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.components import LayerList as Layers
    from napari.layers import Layer
    from qtpy.QtGui import QResizeEvent

    from napari_dicom_writer.errors import Refusal

_ROLE = Qt.ItemDataRole.UserRole
_HIGHEST = 150  # pixels


class LayerChecklist(QWidget):
    """Checks layers for export, by hand or as they are selected in the viewer.

    Parameters
    ----------
    layers
        The viewer's.
    follow
        Whether the checked layers follow the selection.

    Attributes
    ----------
    changed : Signal
        After the checked layers changed.
    chosen : Signal(object)
        (Layer): its line was selected, to see and edit what it is written with.
    follow_changed : Signal(bool)
        After the user turned following on or off.
    """

    changed = Signal()
    chosen = Signal(object)
    follow_changed = Signal(bool)

    def __init__(self, layers: Layers, *, follow: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self._checked: set[Layer] = set()
        self._told: dict[Layer, str] = {}
        self._refused: dict[Layer, Refusal] = {}
        self._list = QListWidget()
        self._list.setAccessibleName("Layers to export")
        self._list.setWordWrap(True)
        self._list.setToolTip("Select a line to see below what that layer is written with, and to change it")
        self._list.currentItemChanged.connect(self._take_line)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemChanged.connect(self._take_check)
        self._follow = QCheckBox("Follow the selection")
        self._follow.setToolTip("Check the layers that are selected in the layer list, whenever that changes")
        self._follow.setChecked(follow)
        self._follow.toggled.connect(self._take_follow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._follow)
        layout.addWidget(self._list)
        for event in (layers.events.inserted, layers.events.removed, layers.events.reordered):
            event.connect(self._rebuild)
        layers.selection.events.changed.connect(self._take_selection)
        self._rebuild()

    def disconnect_layers(self) -> None:
        """Stop listening to the viewer, also after Qt has deleted this widget."""
        for event in (self._layers.events.inserted, self._layers.events.removed, self._layers.events.reordered):
            event.disconnect(self._rebuild)
        self._layers.selection.events.changed.disconnect(self._take_selection)

    @property
    def checked(self) -> list[Layer]:
        """Layers to export, in the viewer's order."""
        return [layer for layer in self._layers if layer in self._checked and layer not in self._refused]

    @property
    def left_out(self) -> dict[Layer, Refusal]:
        """Layers that are checked or selected but cannot be exported, with the reason, in the viewer's order."""
        return {layer: self._refused[layer] for layer in self._layers if layer in self._checked & set(self._refused)}

    def show_refused(self, reasons: Mapping[Layer, Refusal]) -> None:
        """Say why layers cannot be exported; all others can be."""
        before = self.checked
        self._refused = dict(reasons)
        self._draw()
        if self.checked != before:
            self.changed.emit()

    def show_chosen(self, layer: Layer | None) -> None:
        """Select the line of a layer."""
        rows = range(self._list.count())
        row = next((row for row in rows if (item := self._list.item(row)) and item.data(_ROLE) is layer), -1)
        if row != self._list.currentRow():
            self._list.blockSignals(True)
            self._list.setCurrentRow(row)
            self._list.blockSignals(False)

    def show_told(self, told: Mapping[Layer, str]) -> None:
        """Say what layers become."""
        self._told = dict(told)
        self._draw()

    def _take_follow(self, follow: bool) -> None:
        self.follow_changed.emit(follow)
        if follow:
            self._take_selection()

    def _take_selection(self, _event: Any = None) -> None:
        if self._follow.isChecked():
            self._check(set(self._layers.selection))
            self._reveal()

    def _rebuild(self, _event: Any = None) -> None:
        """Make the rows anew, in the order of the layer list: topmost first."""
        present = set(self._layers)
        if self._follow.isChecked():
            self._checked = set(self._layers.selection)
        self._checked &= present
        self._told = {layer: text for layer, text in self._told.items() if layer in present}
        self._refused = {layer: text for layer, text in self._refused.items() if layer in present}
        self._list.blockSignals(True)
        self._list.clear()
        for layer in reversed(self._layers):
            item = QListWidgetItem()
            item.setData(_ROLE, layer)
            self._list.addItem(item)
        self._list.blockSignals(False)
        self._draw()
        self._reveal()
        self.changed.emit()

    def _check(self, layers: set[Layer]) -> None:
        if layers != self._checked:
            self._checked = layers
            self._draw()
            self.changed.emit()

    def _take_line(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(_ROLE))

    def _take_check(self, item: QListWidgetItem) -> None:
        """A box was clicked: from now on boxes rule, and not the selection."""
        self._follow.setChecked(False)
        layer = item.data(_ROLE)
        checked = item.checkState() is Qt.CheckState.Checked
        self._check(self._checked | {layer} if checked else self._checked - {layer})

    def _draw(self) -> None:
        self._list.blockSignals(True)
        for row in range(self._list.count()):
            item = self._list.item(row)
            assert item is not None  # noqa: S101 - within the count
            layer: Layer = item.data(_ROLE)
            refused = self._refused.get(layer)
            flags = Qt.ItemFlag.ItemIsUserCheckable
            item.setFlags(flags if refused else flags | Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            checked = layer in self._checked and not refused
            item.setCheckState(Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked)
            told = self._told.get(layer, "") if checked else ""
            becomes = f" → {told}" if told else f"\n✖ {refused.what}" if refused else ""
            item.setText(shown(f"{shown_name(layer.name)}\n{describe(layer)}{becomes}"))
            item.setToolTip(tooltip(f"{item.text()}. {refused.remedy}." if refused else item.text()))
        self._list.blockSignals(False)
        self._fit_height()

    def _fit_height(self) -> None:
        """As high as its rows, up to a few of them."""
        items = [item for row in range(self._list.count()) if (item := self._list.item(row))]
        # Or rows are as high as they were at another width.
        self._list.doItemsLayout()  # type: ignore[attr-defined]  # which PyQt has, and its stubs have not
        rows = sum(self._list.visualItemRect(item).height() for item in items)
        self._list.setFixedHeight(min(max(24, rows), _HIGHEST) + 2 * self._list.frameWidth() + 2)

    def _reveal(self) -> None:
        """Bring the first checked layer in sight; not while the user looks through the list."""
        items = (self._list.item(row) for row in range(self._list.count()))
        first = next((item for item in items if item and item.checkState() is Qt.CheckState.Checked), None)
        if first:
            self._list.scrollToItem(first, QAbstractItemView.ScrollHint.PositionAtTop)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Rows wrap anew."""
        super().resizeEvent(event)
        self._fit_height()

    def minimumSizeHint(self) -> QSize:
        """Narrow docks are welcome."""
        return QSize(200, super().minimumSizeHint().height())


def describe(layer: Layer) -> str:
    """Say what a layer is: its type, and the type and shape of its array, or how much is drawn on it."""
    kind = type(layer).__name__.lower()
    if is_drawn(layer):
        count = len(layer.data)
        return f"{count:,} {kind if count != 1 else kind.removesuffix('s')}"
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    shape, dtype = getattr(data, "shape", None), getattr(data, "dtype", None)
    if shape is None or dtype is None or kind not in ("image", "labels"):
        return kind
    return f"{kind} {dtype} {'×'.join(map(str, shape))}"
