"""How tables look and behave here: whole rows, one line each, read and not edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QAbstractItemView

from napari_dicom_writer._napari.dock.parts.dimmed import DimmedDelegate

if TYPE_CHECKING:
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
