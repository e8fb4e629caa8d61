"""The segments of one layer as Qt shows them: numbered, in their colors, searched, renamed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QPalette, QPixmap

from napari_dicom_writer._napari.dock.parts.dimmed import DIM, DimmedDelegate
from napari_dicom_writer._napari.dock.parts.ink import ink
from napari_dicom_writer._napari.dock.parts.plain import shown, shown_name, tooltip
from napari_dicom_writer._napari.dock.parts.table import TitledModel
from napari_dicom_writer.errors import NoteKind
from napari_dicom_writer.layers.segment_rows import in_words
from napari_dicom_writer.standard.codes import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtWidgets import QStyleOptionViewItem

    from napari_dicom_writer.model.segments import Segment

NUMBER, NAME, SHOWS, MADE = range(4)
COLUMNS = ("No.", "Name", "Shows", "Made by")
ASSUMED = DIM + 1
"""Role of a cell's data: whether what it says is assumed."""
_HINTS = (
    "Value of the label in the layer, and the color it has there",
    "Segment Label: double-click, press F2, or type",
    "Coded type: choose it below; “Tissue ?” where it is not known",
    "Segment Algorithm Type and Name: choose them below",
)
_SWATCH = 14  # pixels


@dataclass(frozen=True, slots=True)
class Row:
    """One segment: what is known of it, and what is written of what is not."""

    segment: Segment
    made: str  # how and by what program, as it is written

    @property
    def known(self) -> bool:
        """Whether it is known what it shows."""
        return self.segment.structure not in (None, UNKNOWN)

    @property
    def name(self) -> str:
        """What it is called where nobody says."""
        return self.segment.name or f"Label {self.segment.label}"

    @property
    def shows(self) -> str:
        """What it shows, in words."""
        return in_words(self.segment.structure) if self.segment.structure and self.known else "Tissue ?"


class SegmentModel(TitledModel):
    """Rows of segments, and which of them a search finds.

    Attributes
    ----------
    renamed : Signal(int, str)
        Label of a segment, and the name that was typed.
    """

    renamed = Signal(int, str)

    def __init__(self) -> None:
        super().__init__(COLUMNS, _HINTS)
        self._every: Sequence[Row] = ()
        self._rows: list[Row] = []
        self._words: list[str] = []
        self._color_of: Callable[[int], tuple[int, int, int] | None] | None = None
        self._swatches: dict[int, QPixmap] = {}

    def show(self, rows: Sequence[Row], color_of: Callable[[int], tuple[int, int, int] | None] | None) -> None:
        """Show other rows; where the labels are the same, views keep selection and place."""
        self._every, self._color_of = rows, color_of
        self._swatches.clear()
        self._find()

    def search(self, text: str) -> None:
        """Leave in the segments that hold every word of `text` in number, name, code or what made them."""
        self._words = text.casefold().split()
        self._find()

    @property
    def count(self) -> tuple[int, int]:
        """Segments found, and all."""
        return len(self._rows), len(self._every)

    def row(self, index: int) -> Row:
        """Return one of the rows found."""
        return self._rows[index]

    def _find(self) -> None:
        before = self._rows
        found = [row for row in self._every if self._matches(row)] if self._words else list(self._every)
        if [row.segment.label for row in found] != [row.segment.label for row in before]:
            self.beginResetModel()
            self._rows = found
            self.endResetModel()
            return
        self._rows = found
        # Only what is another one: a name that is being typed would be written over.
        for index, (old, new) in enumerate(zip(before, found, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(index, NAME), self.index(index, len(COLUMNS) - 1))
        if found:  # its color may be another one
            self.dataChanged.emit(self.index(0, NUMBER), self.index(len(found) - 1, NUMBER))

    def _matches(self, row: Row) -> bool:
        structure = row.segment.structure
        codes = " ".join(map(str, structure.codes())) if structure else ""
        text = f"{row.segment.label}\n{row.name}\n{row.shows}\n{codes}\n{row.made}".casefold()
        return all(word in text for word in self._words)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Let names be edited."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flags

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Return one cell."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (str(row.segment.label), shown_name(row.name), shown(row.shows), shown(row.made))[column]
        if role == Qt.ItemDataRole.EditRole:
            return row.segment.name
        if role == Qt.ItemDataRole.DecorationRole and column == NUMBER:
            return self._swatch(row.segment)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(_told(row))
        if role == ASSUMED:
            return column == SHOWS and not row.known
        return column == NAME and not row.segment.name if role == DIM else None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Take a name."""
        name = " ".join(str(value).split())
        if role != Qt.ItemDataRole.EditRole or name == self._rows[index.row()].segment.name:
            return False
        self.renamed.emit(self._rows[index.row()].segment.label, name)
        return True

    def _swatch(self, segment: Segment) -> QPixmap | None:
        if segment.label not in self._swatches:
            color = segment.color or (self._color_of(segment.label) if self._color_of else None)
            swatch = QPixmap(_SWATCH, _SWATCH)
            swatch.fill(QColor(*color) if color else Qt.GlobalColor.transparent)
            self._swatches[segment.label] = swatch
        return self._swatches[segment.label]


class SegmentDelegate(DimmedDelegate):
    """Draws what is assumed in the color of assumptions."""

    def initStyleOption(self, option: QStyleOptionViewItem | None, index: QModelIndex) -> None:
        """Take the color, which depends on the theme."""
        super().initStyleOption(option, index)
        if option is not None and index.data(ASSUMED):
            color = ink(NoteKind.ASSUMED, option.palette.color(QPalette.ColorRole.Base))
            if color is not None:
                option.palette.setColor(QPalette.ColorRole.Text, color)


def _told(row: Row) -> str:
    """Everything about a segment."""
    structure = row.segment.structure
    codes = "\n".join(map(str, structure.codes())) if structure and row.known else ""
    assumed = "What it shows is not known: written as Tissue, which is an assumption"
    parts = [f"{row.segment.label}: {row.name}", row.segment.description, codes or assumed, row.made]
    return "\n".join(filter(None, parts))
