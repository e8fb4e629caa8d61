"""Options that the layer of the selected line has for itself: given one by one, and taken back."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_dicom_writer._napari.dock.form.fields import OptionField
from napari_dicom_writer._napari.dock.form.members import own_members
from napari_dicom_writer._napari.dock.own.attributes_field import ATTRIBUTES, AttributesField
from napari_dicom_writer._napari.dock.parts.plain import tooltip
from napari_dicom_writer.errors import Refusals
from napari_dicom_writer.options.export import ExportOptions
from napari_dicom_writer.options.fields import label

if TYPE_CHECKING:
    from napari.layers import Layer


class OwnOptionsForm(QWidget):
    """Shows the options of one layer's own, of as many as were given any.

    Attributes
    ----------
    changed : Signal(object)
        (Layer): it has other options now, valid or not.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages: WeakKeyDictionary[Layer, _Page] = WeakKeyDictionary()
        self._layer: Layer | None = None
        self._common = ExportOptions()
        self.add_button = QPushButton("Option of its own…")
        self.add_button.setToolTip(
            "Choose an option that this layer has for itself; the others are those of all layers"
        )
        menu = QMenu(self.add_button)
        menu.aboutToShow.connect(self._fill_menu)
        self.add_button.setMenu(menu)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)

    def show_layer(self, layer: Layer | None, common: ExportOptions) -> None:
        """Show the options of a layer's own; `common` are those of all."""
        self._layer, self._common = layer, common
        kept = set(self._pages.values())
        for page in self.findChildren(_Page):
            page.setVisible(page is self._pages.get(layer) if layer is not None else False)
            if page not in kept:
                page.deleteLater()  # its layer is gone
        if layer is not None and layer in self._pages:
            self._pages[layer].show_common(common)

    @property
    def are_given(self) -> bool:
        """Whether any layer has one."""
        return any(page.fields for page in self._pages.values())

    def names(self, layer: Layer) -> list[str]:
        """Which options a layer has for itself."""
        return [*self._pages[layer].fields] if layer in self._pages else []

    def given(self, layer: Layer) -> dict[str, Any]:
        """Return the options of a layer's own, as `LayerOptions` takes them.

        Raises
        ------
        OptionsError
            If a number is wanted and none is there.
        """
        refusals, values = Refusals(), dict[str, Any]()
        for name in self.names(layer):
            group, _, member = name.rpartition(".")
            with refusals.collect():
                (values.setdefault(group, {}) if group else values)[member] = self.field(layer, name).value
        refusals.raise_if_any()
        return values

    def field(self, layer: Layer, name: str) -> Any:
        """Return the field of an option that a layer has for itself."""
        return self._pages[layer].fields[name]

    def give(self, layer: Layer, name: str) -> Any:
        """Let a layer have an option for itself: at first what all layers have."""
        if layer not in self._pages:
            page = self._pages[layer] = _Page(self)
            self._column.insertWidget(self._column.count() - 1, page)
            page.setVisible(layer is self._layer)
        page = self._pages[layer]
        if name not in page.fields:
            field = page.add(name, _field_of(name, self._common), self._common)
            field.changed.connect(partial(self._tell, page))
            page.backs[name].clicked.connect(partial(self._take_back, page, name))
            self._order(*field.editors, page.backs[name])
            self.changed.emit(layer)
        return page.fields[name]

    def _order(self, *editors: QWidget) -> None:
        """Let Tab reach what is new before the button that adds more, and not at the end, where Qt puts it."""
        before = self.add_button.previousInFocusChain()
        while before is not None and before.focusPolicy() is Qt.FocusPolicy.NoFocus:
            before = before.previousInFocusChain()
        for editor in editors:
            if before is not None:
                QWidget.setTabOrder(before, editor)
            before = editor

    def take_back(self, layer: Layer, name: str) -> None:
        """Let a layer have an option in common with all again."""
        self._pages[layer].remove(name)
        self.changed.emit(layer)

    def summary(self, layer: Layer) -> str:
        """Say in a line which options a layer has for itself."""
        fields = self._pages[layer].fields.values() if layer in self._pages else ()
        wrong = [field.label for field in fields if field.error]
        if wrong:
            return f"⚠ {', '.join(wrong)}"
        return " · ".join(f"{field.label.lower()}: {field.spell(field.value) or '–'}" for field in fields)

    def _layer_of(self, page: _Page) -> Layer | None:
        return next((layer for layer, other in self._pages.items() if other is page), None)

    def _tell(self, page: _Page) -> None:
        if (layer := self._layer_of(page)) is not None:
            self.changed.emit(layer)

    def _take_back(self, page: _Page, name: str) -> None:
        if (layer := self._layer_of(page)) is not None:
            self.add_button.setFocus()
            self.take_back(layer, name)

    def _fill_menu(self) -> None:
        menu = self.add_button.menu()
        assert menu is not None  # noqa: S101 - made above
        menu.clear()
        given = self.names(self._layer) if self._layer is not None else []
        for title, members in own_members().items():
            group = menu.addMenu(title)
            assert group is not None  # noqa: S101 - for mypy
            names = {name: label(item) for name, _, item in members}
            for name, shown in (names | ({ATTRIBUTES: "Attributes…"} if title == "Series" else {})).items():
                action = group.addAction(shown)
                assert action is not None  # noqa: S101 - for mypy
                action.setEnabled(name not in given)
                action.triggered.connect(partial(self._give, name))

    def _give(self, name: str, _checked: object = None) -> None:
        if self._layer is not None:
            self.give(self._layer, name).setFocus()


def _field_of(name: str, common: ExportOptions) -> OptionField | AttributesField:
    """Make the editor of an option that says what all layers have."""
    if name == ATTRIBUTES:
        return AttributesField()
    members = {member[0]: member for group in own_members().values() for member in group}
    field = OptionField(*members[name][1:])
    field.value = attrgetter(name)(common)
    return field


class _Page(QWidget):
    """The options of one layer's own, a row each."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.fields: dict[str, OptionField | AttributesField] = {}
        self.backs: dict[str, QToolButton] = {}
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setVerticalSpacing(4)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)

    def add(
        self, name: str, field: OptionField | AttributesField, common: ExportOptions
    ) -> OptionField | AttributesField:
        back = QToolButton()
        back.setText("↺")
        back.setAccessibleName(f"{field.label}: back to that of all layers")
        back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(field, 1)
        line.addWidget(back, 0, Qt.AlignmentFlag.AlignTop if name == ATTRIBUTES else Qt.AlignmentFlag.AlignVCenter)
        self.fields[name], self.backs[name] = field, back
        self._form.addRow(QLabel(field.label), row)
        self.show_common(common)
        return field

    def remove(self, name: str) -> None:
        row = self.fields.pop(name).parentWidget()
        del self.backs[name]
        if row is not None:
            self._form.removeRow(row)

    def show_common(self, common: ExportOptions) -> None:
        """Say what all layers have."""
        for name, back in self.backs.items():
            field = self.fields[name]
            told = field.spell(attrgetter(name)(common))
            back.setToolTip(tooltip(f"Back to what all layers have: {told or 'nothing'}"))
