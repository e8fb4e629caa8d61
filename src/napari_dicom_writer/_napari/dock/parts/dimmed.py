"""Cells that matter less are drawn paler, in any theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QStyle, QStyledItemDelegate

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex
    from qtpy.QtWidgets import QStyleOptionViewItem

DIM = int(Qt.ItemDataRole.UserRole)
"""Role of a cell's data: whether it is drawn paler."""
_ALPHA = 140  # of 255: legible on the dark theme's rows and on the light one's


class DimmedDelegate(QStyledItemDelegate):
    """Draws cells whose `DIM` data are true with less contrast; the color itself is the theme's."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Take the theme's color, paler."""
        super().initStyleOption(option, index)
        if option is None or not index.data(DIM):
            return
        if not option.state & QStyle.StateFlag.State_Enabled:
            return  # the theme draws everything paler
        for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
            color = option.palette.color(role)
            color.setAlpha(_ALPHA)
            option.palette.setColor(role, color)
