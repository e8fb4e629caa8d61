"""A table of segments that fits a narrow dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_dicom_writer._napari.dock.parts.table import make_plain
from napari_dicom_writer._napari.dock.segments.segment_model import MADE, NAME, NUMBER, SHOWS, SegmentDelegate

if TYPE_CHECKING:
    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QKeyEvent, QResizeEvent

    from napari_dicom_writer._napari.dock.segments.segment_model import SegmentModel

_MOST = 9  # rows in sight
_WIDE = 60  # characters; then there is room for what made the segments


class SegmentView(QTableView):
    """Shows segments; names are edited in place.

    Attributes
    ----------
    code_wanted : Signal
        Somebody wants to say what the selected segments show.
    """

    code_wanted = Signal()

    def __init__(self, model: SegmentModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setAccessibleName("Segments")
        rows, columns = make_plain(self)
        self.setItemDelegate(SegmentDelegate(self))
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows.setMinimumSectionSize(self.fontMetrics().height())
        columns.setSectionResizeMode(NUMBER, QHeaderView.ResizeMode.ResizeToContents)
        for column in (NAME, SHOWS, MADE):
            columns.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        columns.setStretchLastSection(False)
        model.modelReset.connect(self._fit_height)
        self.doubleClicked.connect(self._ask_for_code)
        self._fit_height()

    def _ask_for_code(self, index: QModelIndex) -> None:
        if index.column() != NAME:
            self.code_wanted.emit()

    def end_typing(self) -> None:
        """Take the name that is being typed."""
        editor = self.indexWidget(self.currentIndex())
        if editor is not None:
            self.commitData(editor)
            self.closeEditor(editor, SegmentDelegate.EndEditHint.NoHint)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """F2 renames whichever cell is current; Enter leads to the code."""
        if event is None:
            return
        current = self.currentIndex()
        if event.key() == Qt.Key.Key_F2 and current.isValid():
            self.edit(current.siblingAtColumn(NAME))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and current.isValid():
            self.code_wanted.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Show what made the segments where there is room."""
        super().resizeEvent(event)
        self.setColumnHidden(MADE, self.width() < _WIDE * self.fontMetrics().averageCharWidth())

    def _fit_height(self) -> None:
        """As high as its rows, up to a few of them."""
        model, columns, rows = self.model(), self.horizontalHeader(), self.verticalHeader()
        assert model is not None  # noqa: S101 - made above
        assert columns is not None  # noqa: S101 - a table has headers
        assert rows is not None  # noqa: S101
        count = max(1, min(model.rowCount(), _MOST))
        self.setFixedHeight(columns.sizeHint().height() + count * rows.defaultSectionSize() + 2 * self.frameWidth() + 2)

    def minimumSizeHint(self) -> QSize:
        """Narrow docks are welcome."""
        return QSize(200, super().minimumSizeHint().height())
