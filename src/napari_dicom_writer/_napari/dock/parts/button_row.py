"""Buttons side by side, or below each other where there is no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize
from qtpy.QtWidgets import QBoxLayout, QPushButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent

_ACROSS = QBoxLayout.Direction.LeftToRight


class ButtonRow(QWidget):
    """Never wider than the widest of its buttons needs.

    Parameters
    ----------
    buttons
        From left to right.
    """

    def __init__(self, buttons: Sequence[QPushButton], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons = list(buttons)
        self._row = QBoxLayout(_ACROSS, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        for button in buttons:
            self._row.addWidget(button)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put them side by side where there is room."""
        super().resizeEvent(event)
        shown = [button for button in self._buttons if not button.isHidden()]
        needed = sum(button.sizeHint().width() + self._row.spacing() for button in shown)
        self._row.setDirection(_ACROSS if needed <= self.width() else QBoxLayout.Direction.TopToBottom)

    def minimumSizeHint(self) -> QSize:
        """As wide as one of them: they can stand below each other."""
        return QSize(max(b.sizeHint().width() for b in self._buttons), self._row.totalMinimumSize().height())
