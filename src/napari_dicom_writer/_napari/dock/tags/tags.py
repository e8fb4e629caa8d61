"""Every tag that will be written, to read, to search and to add to before anything is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtGui import QAction, QFontDatabase, QGuiApplication, QKeySequence, QShortcut
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_dicom_writer._napari.dock.parts.focus import SHOW_FOCUS
from napari_dicom_writer._napari.dock.parts.table import make_plain
from napari_dicom_writer._napari.dock.tags.attribute_entry import AttributeEntry
from napari_dicom_writer._napari.dock.tags.header_table import COLUMNS, NAME, TAG, VR, HeaderFilter, HeaderModel
from napari_dicom_writer.iods.header_rows import header_rows
from napari_dicom_writer.plan.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QKeyEvent

    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan

_PREVIEW = "Nothing is written yet. UIDs, dates and times that are not given are drawn anew when the export starts."
_OUTDATED = "Outdated: there is no plan for an export any more. This is the last one there was."


class TagsDialog(QDialog):
    """The header of the first instance of each planned series, as a table. Not modal.

    `show_plan` fills it, whether it is open or not; the caller opens it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("DICOM tags that will be written")
        self.setModal(False)
        self._series: tuple[SeriesPlan, ...] = ()
        self._make_parts()
        self._lay_out()
        self._connect()
        self.setStyleSheet(SHOW_FOCUS)
        self.resize(880, 560)
        self.search.setFocus()

    # --- making -----------------------------------------------------------------------------------------------------

    def _make_parts(self) -> None:
        self.chooser = QComboBox()
        self.chooser.setToolTip("The series whose header is shown")
        self.chooser.setAccessibleName("Series")
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.chooser.setMinimumContentsLength(12)
        self.chooser.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.heading = QLabel()
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setToolTip(
            "All instances of a series share this header, but for SOP Instance UID (0008,0018), Instance Number "
            "(0020,0013), Image Position (Patient) (0020,0032), Slice Location (0020,1041), and what tells time points "
            "apart"
        )
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search in tag, name, keyword and value")
        self.search.setToolTip("For instance 0010,0010, patient name or PixelSpacing (Ctrl+F)")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.counter = QLabel()
        self.table = self._make_table()
        self.entry = AttributeEntry()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copy the selected rows, or all that are shown, as text with tabs between (Ctrl+C)")
        self.close_button = QPushButton("Close")
        for button in (self.copy_button, self.close_button):
            button.setAutoDefault(False)  # Enter in the search field presses nothing

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName("Elements")
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPointSizeF(table.font().pointSizeF())
        self.model = HeaderModel(fixed)
        self.filter = HeaderFilter(self.model)
        table.setModel(self.filter)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        rows, _ = make_plain(table)
        text = table.fontMetrics()
        rows.setMinimumSectionSize(text.height())
        widths = {
            NAME: text.horizontalAdvance("n" * 30),
            VR: text.horizontalAdvance(COLUMNS[VR] + "nnn"),
        }
        for column, width in widths.items():
            table.setColumnWidth(column, width)
        return table

    def _lay_out(self) -> None:
        top, tools, bottom = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.chooser, 1)
        top.addWidget(self.heading)
        top.addStretch(0)
        tools.addWidget(self.search, 1)
        tools.addWidget(self.counter)
        bottom.addWidget(self.note, 1)
        bottom.addWidget(self.copy_button)
        bottom.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for row in (top, tools):
            column.addLayout(row)
        column.addWidget(self.table, 1)
        column.addWidget(self.entry)
        column.addLayout(bottom)

    def _connect(self) -> None:
        self.chooser.currentIndexChanged.connect(self._show_series)
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._enter_table)
        self.copy_button.clicked.connect(self.copy)
        self.close_button.clicked.connect(self.close)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(self._focus_search)
        selection = self.table.selectionModel()
        assert selection is not None  # noqa: S101 - it has a model
        selection.currentRowChanged.connect(self._choose)
        self.table.doubleClicked.connect(self._edit)
        copy = QAction("Copy", self.table)
        copy.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.table.addAction(copy)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    # --- showing ----------------------------------------------------------------------------------------------------

    def show_plan(self, plan: ExportPlan | None) -> None:
        """Show another plan; search, chosen series and scroll place stay.

        Parameters
        ----------
        plan
            None where there is none any more: what is shown stays, grayed, and is called outdated.
        """
        for part in (self.table, self.copy_button):
            part.setEnabled(plan is not None)
        self.note.setText(_PREVIEW if plan else _OUTDATED)
        if plan is None:
            return
        chosen = _corresponding(self._series, self.chooser.currentIndex(), plan.series)
        self._series = plan.series
        self.chooser.blockSignals(True)
        self.chooser.clear()
        self.chooser.addItems([_title(series) for series in plan.series])
        self.chooser.setCurrentIndex(chosen)
        self.chooser.blockSignals(False)
        self.chooser.setVisible(len(plan.series) > 1)
        self._show_series(chosen)

    def _show_series(self, index: int) -> None:
        series = self._series[index]
        first = f"instance 1 of {len(series.instances):,}" if len(series.instances) > 1 else count(1)
        self.heading.setText(first if len(self._series) > 1 else f"{_title(series)}, {first}")
        place = self._place()
        rows = header_rows(series)
        self.model.show(rows, series.options.attributes)
        deepest = max(row.depth for row in rows)
        self.table.setColumnWidth(TAG, max(self.table.columnWidth(TAG), self.model.tag_width(deepest)))
        self._refilter()
        self._return_to(place)

    def _search(self, text: str) -> None:
        self.model.search(text)
        self._refilter()
        self.table.scrollToTop()

    def _refilter(self) -> None:
        self.filter.invalidate()
        found, every = self.model.count
        noun = f"element{'' if every == 1 else 's'}"
        self.counter.setText(f"{found:,} of {every:,} {noun}" if self.search.text().strip() else f"{every:,} {noun}")

    def _place(self) -> tuple[tuple[str, ...], int] | None:
        """What is in the topmost row, and how far it is scrolled beyond its top edge."""
        row = self.table.rowAt(0)
        if row < 0:
            return None
        source = self.filter.mapToSource(self.filter.index(row, 0)).row()
        return self.model.path(source), -self.table.rowViewportPosition(row)

    def _return_to(self, place: tuple[tuple[str, ...], int] | None) -> None:
        source = self.model.row_of(place[0]) if place else None
        if place is None or source is None:
            return
        index = self.filter.mapFromSource(self.model.index(source, 0))
        bar = self.table.verticalScrollBar()
        if index.isValid() and bar is not None:
            self.table.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtTop)
            bar.setValue(bar.value() + place[1])

    # --- what the user does -----------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Put the selected rows on the clipboard, in the order of the file; all that are shown, if none is selected."""
        selection = self.table.selectionModel()
        rows = sorted({index.row() for index in selection.selectedRows()}) if selection else []
        shown = rows or range(self.filter.rowCount())
        sources = [self.filter.mapToSource(self.filter.index(row, 0)).row() for row in shown]
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.model.text(sources))

    def _choose(self, index: QModelIndex) -> None:
        """Bring a row into the lines where it can be changed, or where it is said why not."""
        if index.isValid():
            row = self.model.row(self.filter.mapToSource(index).row())
            if row.depth == 0 and row.keyword:
                self.entry.show_attribute(row.keyword, row.value if row.vr != "SQ" else "")

    def _edit(self, index: QModelIndex) -> None:
        self._choose(index)
        self.entry.value.setFocus(Qt.FocusReason.OtherFocusReason)
        self.entry.value.selectAll()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Esc clears the search, and closes where there is none; Enter presses no button."""
        if event is None:
            return
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _focus_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _enter_table(self) -> None:
        """Enter in the search leads to what was found."""
        if self.filter.rowCount():
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self.table.selectRow(0)


def _title(series: SeriesPlan) -> str:
    parts = (f"Series {series.number}", series.modality, series.description)
    return " · ".join(filter(None, parts))


def _corresponding(before: Sequence[SeriesPlan], index: int, now: Sequence[SeriesPlan]) -> int:
    """Find the series of another plan that takes the place of one: of the same layer, as many after its first."""
    if not 0 <= index < len(before):
        return 0
    layer = before[index].layer
    nth = [series.layer for series in before[:index]].count(layer)
    same = [i for i, series in enumerate(now) if series.layer == layer]
    if same:
        return same[min(nth, len(same) - 1)]
    return min(index, len(now) - 1)
