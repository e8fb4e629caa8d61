"""A column of widgets that scrolls, and whose rows are as high as their wrapped text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtpy.QtGui import QResizeEvent


class ScrollColumn(QScrollArea):
    """Scrolls up and down, never sideways."""

    def __init__(self, widgets: Iterable[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(_Body(widgets))


class _Body(QWidget):
    """What scrolls.

    A scroll area asks for the least height a widget can have, which for wrapped text is that of a few long lines: in a
    narrow dock it would squeeze the rows. So this one says what its rows need at the width it has.
    """

    def __init__(self, widgets: Iterable[QWidget]) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(6)
        for widget in widgets:
            self._column.addWidget(widget)
        self._column.addStretch(1)

    def event(self, event: QEvent | None) -> bool:
        """Take in that a row needs another height."""
        handled = super().event(event)
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return handled

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fit the rows to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        needed = self._column.totalHeightForWidth(self.width()) if self._column.hasHeightForWidth() else -1
        self.setMinimumHeight(max(needed, self._column.totalMinimumSize().height()))
