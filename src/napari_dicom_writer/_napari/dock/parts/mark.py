"""Editors that are marked where what they hold is wrong, and that leave the wheel to what scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QLineEdit, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

_ERROR = "#e0604c"  # seen on napari's dark and light backgrounds


def mark_wrong(editor: QWidget, why: str) -> None:
    """Draw an editor as wrong, and say why to who cannot see it; nothing to say: draw it as others."""
    editor.setAccessibleDescription(why)
    editor.setStyleSheet(f"QLineEdit, QComboBox {{ border: 1px solid {_ERROR}; }}" if why else "")


def write_unless_typed(line: QLineEdit, text: str) -> None:
    """Show a text, unless somebody is typing another one there."""
    if line.text().strip() != text and not (line.hasFocus() and line.isModified()):
        line.setText(text)
        line.setCursorPosition(0)


class LeaveWheel(QObject):
    """Leaves the wheel to the scroll area: scrolling past a choice must not change it.

    Parameters
    ----------
    editors
        To be watched; they keep the wheel while they have the focus.
    parent
        Keeps this.
    """

    def __init__(self, editors: Sequence[QWidget], parent: QObject | None = None) -> None:
        super().__init__(parent)
        for editor in editors:
            editor.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Pass the wheel on unless the editor has the focus."""
        if event is None or event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget):
            return False
        if watched.hasFocus():
            return False
        event.ignore()
        return True
