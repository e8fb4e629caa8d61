"""How tables look and behave here: whole rows, one line each, under titles that explain themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtWidgets import QAbstractItemView

from napari_dicom_writer._napari.dock.parts.dimmed import DimmedDelegate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QHeaderView, QTableView


def make_plain(table: QTableView) -> tuple[QHeaderView, QHeaderView]:
    """Give a table its looks, and return the headers of its rows, which are hidden, and of its columns."""
    table.setItemDelegate(DimmedDelegate(table))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setTabKeyNavigation(False)  # Tab leaves the table
    table.setShowGrid(False)
    table.setWordWrap(False)
    rows, columns = table.verticalHeader(), table.horizontalHeader()
    assert rows is not None  # noqa: S101 - a table has headers
    assert columns is not None  # noqa: S101
    rows.hide()
    rows.setDefaultSectionSize(table.fontMetrics().height() + 6)
    columns.setStretchLastSection(True)
    columns.setHighlightSections(False)
    return rows, columns


class TitledModel(QAbstractTableModel):
    """Rows under titled columns.

    Parameters
    ----------
    titles, hints
        Of the columns, left to right; what their tooltips say.
    """

    def __init__(self, titles: Sequence[str], hints: Sequence[str]) -> None:
        super().__init__()
        self._titles, self._hints = titles, hints
        self._rows: list[Any] = []

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Count the rows."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Count the columns."""
        return 0 if parent is not None and parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Title a column."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return self._hints[section] if role == Qt.ItemDataRole.ToolTipRole else None
