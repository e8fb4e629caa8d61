"""What a DICOM file says of its patient and study, what of it is taken, and what is not."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_dicom_writer._napari.dock.parts.dimmed import DIM
from napari_dicom_writer._napari.dock.parts.fold import Fold, heading
from napari_dicom_writer._napari.dock.parts.table import make_plain
from napari_dicom_writer.identity.reference_file import NOT_LISTED
from napari_dicom_writer.standard import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.identity.inherit import Attribute, Reference

_STUDY, _SPACE = "StudyInstanceUID", "FrameOfReferenceUID"
_NAMES = {_STUDY: "Same study (Study Instance UID)", _SPACE: "Same patient space (Frame of Reference)"}
_WHY = {
    _STUDY: "The result is filed in this study, beside the scan; otherwise in a new study of this patient.",
    _SPACE: "Only if the layers lie where that scan lies, for viewers overlay them; otherwise in a new space.",
}
_BELONGS = "Belongs to this series (Reference)"
_WHY_BELONGS = (
    "Labels and outlines are drawn on its planes and name them, images name those they came from; numbered after it."
)
_NEW = "(a new one)"
_NOT_NEEDED = "not needed to file the result"


class ReferencePanel(QWidget):
    """Shows a `Reference`, and asks which of its two UIDs are shared, and whether the layers belong to its series."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._taken: tuple[Attribute, ...] = ()
        self.boxes = {keyword: QCheckBox(name) for keyword, name in _NAMES.items()}
        self._reasons = {keyword: QLabel() for keyword in _NAMES}
        self.belongs_box, self._belongs_reason = QCheckBox(_BELONGS), QLabel(_WHY_BELONGS)
        self.belongs_box.setToolTip("As if the file were chosen in the field Reference")
        self.taken_table = _table("Attribute", "Value")
        self.taken_table.setAccessibleName("Goes into the form")
        self.left_table = _table("Attribute", "Why not")
        self.left_table.setAccessibleName("Not taken")
        self.left_fold = Fold("Not taken", self.left_table)
        for keyword, box in self.boxes.items():
            box.setToolTip(f"{text.title(keyword)} {text.tag(keyword)}")
            box.toggled.connect(self._show_taken)
            box.toggled.connect(self._leave_series)
        self.belongs_box.toggled.connect(self._join_series)
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setColumnMinimumWidth(0, 13)  # under the words of the box, not under its tick
        grid.setColumnStretch(1, 1)
        grid.setVerticalSpacing(2)
        asked = [(self.boxes[keyword], self._reasons[keyword]) for keyword in _NAMES]
        for row, (box, reason) in enumerate([*asked, (self.belongs_box, self._belongs_reason)]):
            reason.setWordWrap(True)
            grid.addWidget(box, 2 * row, 0, 1, 2)
            grid.addWidget(reason, 2 * row + 1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(heading("Goes into the form"))
        column.addWidget(self.taken_table, 3)
        column.addLayout(grid)
        column.addWidget(self.left_fold)
        # Folded, it leaves its room to what is taken.
        self.left_fold.toggled.connect(lambda is_open: column.setStretchFactor(self.left_fold, 2 if is_open else 0))

    @property
    def same_study(self) -> bool:
        """Whether the result goes into the study of the file."""
        return self.boxes[_STUDY].isChecked()

    @property
    def same_space(self) -> bool:
        """Whether the layers lie in the patient space of the file."""
        return self.boxes[_SPACE].isChecked()

    @property
    def belongs(self) -> bool:
        """Whether the layers belong to the series of the file."""
        return self.belongs_box.isChecked()

    def _join_series(self, joined: bool) -> None:
        """Share study and space, as what belongs to a series does."""
        for box in self.boxes.values() if joined else ():
            box.setChecked(box.isEnabled())

    def _leave_series(self, shared: bool) -> None:
        """Belong to it no more, where study or space are not shared."""
        if not shared:
            self.belongs_box.setChecked(False)

    def show_reference(self, reference: Reference) -> None:
        """Show another one."""
        self._taken = reference.taken
        left = dict(reference.left)
        found = {attribute.keyword for attribute in reference.taken}
        for keyword, box in self.boxes.items():
            box.setEnabled(keyword in found)
            # To share the study is what copying is for; that the space is shared, the user has to say.
            box.setChecked(keyword in found and keyword == _STUDY)
            self._reasons[keyword].setEnabled(keyword in found)
            missing = left.get(keyword, "is not in the file")
            self._reasons[keyword].setText(
                _WHY[keyword] if keyword in found else f"Not possible: {text.title(keyword)} {missing}."
            )
        self.belongs_box.setChecked(False)
        for part in (self.belongs_box, self._belongs_reason):
            part.setEnabled(_STUDY in found)
        self._show_taken()
        self._show_left(reference.left)

    def _show_left(self, left: Sequence[Attribute]) -> None:
        """Show what is not taken; what the file says wrongly is not folded away."""
        wrong = sum(a.text != NOT_LISTED for a in left)
        rows = [(a.keyword, _NOT_NEEDED if a.text == NOT_LISTED else a.text, a.text == NOT_LISTED) for a in left]
        _fill(self.left_table, rows)
        count = f"{len(left)} attribute{'' if len(left) == 1 else 's'} of the file"
        self.left_fold.set_summary(f"{count}, {wrong} of them not valid" if wrong else count)
        self.left_fold.setVisible(bool(left))
        if wrong:
            self.left_fold.open()

    def _show_taken(self) -> None:
        shared = {_STUDY: self.same_study, _SPACE: self.same_space}
        rows = [(a.keyword, a.text, shared.get(a.keyword, True)) for a in self._taken]
        _fill(self.taken_table, [(keyword, value if taken else _NEW, not taken) for keyword, value, taken in rows])


def _table(*titles: str) -> QTableWidget:
    table = QTableWidget(0, len(titles))
    table.setHorizontalHeaderLabels(titles)
    _, columns = make_plain(table)
    columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.setColumnWidth(0, table.fontMetrics().horizontalAdvance("n" * 30))
    return table


def _fill(table: QTableWidget, rows: Sequence[tuple[str, str, bool]]) -> None:
    """Show keyword (by its name), text, and whether it is drawn paler."""
    table.setRowCount(len(rows))
    for row, (keyword, value, dim) in enumerate(rows):
        # Escaped, for Qt takes what looks like markup for mark-up.
        hint = escape(f"{text.title(keyword)} {text.tag(keyword)}") + "<br>" + escape(value)
        for column, cell in enumerate((text.title(keyword), value)):
            item = QTableWidgetItem(cell)
            item.setToolTip(f"<p>{hint}</p>")
            item.setData(DIM, dim)
            table.setItem(row, column, item)
