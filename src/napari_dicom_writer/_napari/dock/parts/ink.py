"""Colors of messages, legible on dark themes and on light ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QLabel

from napari_dicom_writer.errors import NoteKind

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

# On a dark theme and on a light one; contrast of 4.5 and more with napari's (WCAG 2.1, 1.4.3).
_RED, _AMBER, _GREEN = ("#ea7563", "#a83220"), ("#d9952b", "#875800"), ("#4fae6b", "#1f7a3c")
_INKS = {"refused": _RED, NoteKind.LOST: _AMBER, NoteKind.ASSUMED: _AMBER, "done": _GREEN}
_DARK = 128  # lightness below which a background is dark
_RESTYLED = (QEvent.Type.StyleChange, QEvent.Type.PaletteChange)


def ink(kind: str, background: QColor) -> QColor | None:
    """Return the color of ``refused``, ``done`` or a `NoteKind` on a background; None for what is as all text is."""
    inks = _INKS.get(kind)
    return QColor(inks[background.lightness() >= _DARK]) if inks else None


class InkLabel(QLabel):
    """A label in the color of a kind of message, whatever the theme, also after that was switched."""

    _kind = ""
    _weight = ""

    def set_kind(self, kind: str, *, bold: bool = False) -> None:
        """Take the color of ``refused``, ``done`` or a `NoteKind`; any other is written as all text is."""
        self._kind, self._weight = kind, " font-weight: bold;" if bold else ""
        self._color()

    def _color(self) -> None:
        # Of its parent: its own palette changes while its style does.
        behind = self.parentWidget() or self
        background = behind.palette().color(QPalette.ColorRole.Window)
        color = ink(self._kind, background)
        sheet = (f"color: {color.name()};" if color else "") + self._weight + self._frame(background)
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)

    def _frame(self, background: QColor) -> str:
        """More of its style, for a kind of label that has more."""
        return ""

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event is not None and event.type() in _RESTYLED:
            self._color()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Take the theme that it is shown in."""
        super().showEvent(event)
        self._color()
