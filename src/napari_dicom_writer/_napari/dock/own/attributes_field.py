"""Attributes that a layer has for itself, as one of its options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTES = "attributes"
"""The option."""


class AttributesField(QWidget):
    """Edits them one by one; works as the field of any other option does.

    Attributes
    ----------
    changed : Signal
        After one was set or removed: what is not valid cannot be set.
    """

    changed = Signal()
    label = "Attributes"
    error = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from napari_dicom_writer._napari.dock.tags.attribute_entry import AttributeEntry  # which imports pydicom

        invitation = "What neither an option nor the writer decides can be added here, to this layer's instances."
        self.entry = AttributeEntry(invitation=invitation, narrow=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.entry)
        self.setFocusProxy(self.entry.keyword)
        self.entry.changed.connect(self.changed)

    @property
    def value(self) -> dict[str, Any]:
        """Keyword → values."""
        return self.entry.given

    @property
    def editors(self) -> list[QWidget]:
        """What Tab reaches, in its order."""
        return [self.entry.keyword, self.entry.value, self.entry.set_button, self.entry.remove_button]

    def spell(self, value: Mapping[str, Any]) -> str:
        """List attributes."""
        return ", ".join(value)
