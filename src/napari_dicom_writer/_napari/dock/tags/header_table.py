"""The rows of a header as Qt shows them: searched, indented, copied."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from pydicom.uid import UID
from qtpy.QtCore import QModelIndex, QSortFilterProxyModel, Qt
from qtpy.QtGui import QFont, QFontMetrics

from napari_dicom_writer._napari.dock.parts.dimmed import DIM
from napari_dicom_writer._napari.dock.parts.table import TitledModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_dicom_writer.iods.header_rows import HeaderRow

TAG, NAME, VR, VALUE = range(4)
COLUMNS = ("Tag", "Name", "VR", "Value")
_HINTS = (
    "Group and element, hexadecimal. Attributes of a sequence's items are indented below it.",
    "Name of the attribute in PS3.6",
    "Value representation: PN is a person's name, DA a date, SQ a sequence of items, …",
    "Backslashes stand between several values",
)
_NO_BREAK = "\N{NO-BREAK SPACE}"
_LONGEST = 400  # characters of a value in its cell; more cannot be seen, and would be slow to draw
_LONGEST_HINT = 4000  # in the tooltip, which has to fit the screen


class HeaderModel(TitledModel):
    """The elements of one header, and which of them a search finds.

    Parameters
    ----------
    fixed
        Font of the tags.
    """

    def __init__(self, fixed: QFont) -> None:
        super().__init__(COLUMNS, _HINTS)
        self._fixed = fixed
        self._bold = QFont()
        self._bold.setBold(True)
        self._given: set[str] = set()
        self._rows: list[HeaderRow] = []
        self._texts: list[str] = []
        self._words: list[str] = []
        self._found: set[int] = set()
        self._shown: set[int] = set()

    def show(self, rows: list[HeaderRow], given: Iterable[str] = ()) -> None:
        """Show other rows, and which are given; where only values differ, views keep selection and place."""
        self._given = set(given)
        same = list(paths(rows)) == list(paths(self._rows))
        if not same:
            self.beginResetModel()
        self._rows, self._texts = rows, [_searchable(row) for row in rows]
        self._find()
        if not same:
            self.endResetModel()
        else:
            self._tell()

    def search(self, text: str) -> None:
        """Find the elements that hold every word of `text` in tag, name, keyword or value; filters must ask anew."""
        self._words = text.casefold().split()
        self._find()
        self._tell(DIM)

    def _find(self) -> None:
        # An item is not an element: it has no value representation.
        self._found = {
            index
            for index, row in enumerate(self._rows)
            if row.vr and all(word in self._texts[index] for word in self._words)
        }
        self._shown = _with_relatives(self._rows, self._found)

    def _tell(self, *roles: int) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1), list(roles))

    def is_shown(self, row: int) -> bool:
        """Whether a row was found, holds what was found, or belongs to it."""
        return row in self._shown

    @property
    def count(self) -> tuple[int, int]:
        """Elements found, and all."""
        return len(self._found), sum(bool(row.vr) for row in self._rows)

    def path(self, row: int) -> tuple[str, ...]:
        """Where a row stands, whatever stands around it."""
        return list(paths(self._rows))[row]

    def row_of(self, path: tuple[str, ...]) -> int | None:
        """Row at `path`."""
        return next((row for row, other in enumerate(paths(self._rows)) if other == path), None)

    def text(self, rows: Iterable[int]) -> str:
        """Rows as lines of cells with tabs between; ``>`` for each level of nesting, as PS3.3 writes it."""
        return "\n".join("\t".join(_plain_cells(self._rows[row])) for row in rows)

    def tag_width(self, depth: int) -> int:
        """Px that the tag of an element takes at most at some depth."""
        return QFontMetrics(self._fixed).horizontalAdvance(_indented("(0000,0000)", depth) + "  ")

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """Return one cell."""
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (_indented(row.tag, row.depth), row.name, row.vr, _shown_value(row))[column]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _hint(row)
        if role == Qt.ItemDataRole.FontRole:
            return self._fixed if column == TAG else self._bold if self._is_given(row) else None
        if role == DIM:
            return index.row() not in self._found or (column == VALUE and not row.value)
        return None

    def row(self, index: int) -> HeaderRow:
        """Return one of the rows."""
        return self._rows[index]

    def _is_given(self, row: HeaderRow) -> bool:
        return row.depth == 0 and row.keyword in self._given


class HeaderFilter(QSortFilterProxyModel):
    """Leaves in what the model's search shows, in the order of the file."""

    def __init__(self, model: HeaderModel) -> None:
        super().__init__()
        self._model = model
        self.setSourceModel(model)

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        """Ask the model."""
        return self._model.is_shown(row)


def paths(rows: Iterable[HeaderRow]) -> Iterable[tuple[str, ...]]:
    """Where each row stands: the tags above it, and its own."""
    above: list[str] = []
    for row in rows:
        above[row.depth :] = [f"{row.tag} {row.name}"]
        yield tuple(above)


def _with_relatives(rows: Sequence[HeaderRow], found: set[int]) -> set[int]:
    """Add the sequences and items around what was found, without which it cannot be placed, and what is in it."""
    shown, above, inside = set(found), list[int](), -1
    for index, row in enumerate(rows):
        above[row.depth :] = [index]
        if 0 <= inside < row.depth:
            shown.add(index)
            continue
        inside = -1
        if index in found:
            shown.update(above)
            inside = row.depth
    return shown


def _indented(tag: str, depth: int) -> str:
    return _NO_BREAK * 2 * depth + tag


def _searchable(row: HeaderRow) -> str:
    digits = row.tag.strip("()").replace(",", "")
    return "\n".join((row.tag, digits, row.name, row.keyword, row.value, _meaning(row))).casefold()


def _meaning(row: HeaderRow) -> str:
    """Name of a UID that the standard defines."""
    uid = UID(row.value) if row.vr == "UI" else UID("")
    return "" if uid.name == uid else uid.name


def _shown_value(row: HeaderRow) -> str:
    if not row.value:
        return "(empty)" if row.vr else ""
    line = " ↵ ".join(row.value[:_LONGEST].splitlines()) + ("…" if len(row.value) > _LONGEST else "")
    meaning = _meaning(row)
    return f"{line}  ({meaning})" if meaning else line


def _hint(row: HeaderRow) -> str:
    """Everything about a row; escaped, for Qt takes what looks like markup for markup."""
    title = " ".join(filter(None, (row.name, row.tag, row.keyword if row.keyword != row.name else "", row.vr)))
    if not row.vr:
        return escape(title)
    value = row.value[:_LONGEST_HINT] or "(empty)"
    lines = [title, value] + ([f"({_meaning(row)})"] if _meaning(row) else [])
    if len(row.value) > _LONGEST_HINT:
        lines.append(f"… {len(row.value):,} characters in all")
    return "<p style='white-space: pre-wrap'>" + escape("\n".join(lines)).replace("\n", "<br>") + "</p>"


def _plain_cells(row: HeaderRow) -> list[str]:
    """Cells that paste into a spreadsheet: without line breaks and tabs of their own."""
    return [" ".join(cell.split()) for cell in (f"{'>' * row.depth}{row.tag}", row.name, row.vr, row.value)]
