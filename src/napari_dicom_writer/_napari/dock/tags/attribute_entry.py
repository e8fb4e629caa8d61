"""Attributes that the user gives: added by keyword, changed, removed; what the writer owns is refused with reason."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_dict, tag_for_keyword
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from napari_dicom_writer._napari.dock.parts.completer import Completer
from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.mark import mark_wrong
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.errors import ExportError, NoteKind
from napari_dicom_writer.planning.given import check_given, open_keywords
from napari_dicom_writer.standard import text
from napari_dicom_writer.standard.attributes import check_attributes

_INVITATION = "What neither an option nor the writer decides can be added here, to all instances, or changed."


class AttributeEntry(QWidget):
    """Two lines, for keyword and value, and what is to be said of them.

    Parameters
    ----------
    invitation
        What is said as long as nothing is typed or given.
    narrow
        Whether its parts lie below each other.

    Attributes
    ----------
    changed : Signal(object)
        With all attributes that are given now, keyword → values.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None, *, invitation: str = _INVITATION, narrow: bool = False) -> None:
        super().__init__(parent)
        self._invitation = invitation
        self._given: dict[str, Any] = {}
        self.keyword, self.value = QLineEdit(), QLineEdit()
        self.keyword.setPlaceholderText("Attribute, such as FlipAngle")
        self.keyword.setAccessibleName("Attribute")
        self.value.setPlaceholderText("Value; several with \\ between; items of a sequence as JSON")
        self.value.setAccessibleName("Value of the attribute")
        Completer(self.keyword, sorted(open_keywords())).setFilterMode(Qt.MatchFlag.MatchContains)
        self.set_button, self.remove_button = QPushButton("Set"), QPushButton("Remove")
        self.set_button.setToolTip("Write this attribute into every instance")
        self.remove_button.setToolTip("Do not give this attribute any more")
        self._said = InkLabel()
        self._said.setTextFormat(Qt.TextFormat.PlainText)  # it may quote what was typed
        self._said.setWordWrap(True)
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._said.setMinimumHeight(2 * self._said.fontMetrics().lineSpacing() + 2)  # so that nothing jumps
        for button in (self.set_button, self.remove_button):
            button.setAutoDefault(False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        if narrow:
            for row, line in enumerate((self.keyword, self.value)):
                grid.addWidget(line, row, 0, 1, 2)
        else:
            for column, (line, stretch) in enumerate(((self.keyword, 2), (self.value, 3))):
                grid.addWidget(line, 0, column)
                grid.setColumnStretch(column, stretch)
        for column, button in enumerate((self.set_button, self.remove_button)):
            grid.addWidget(button, *((2, column) if narrow else (0, column + 2)))
        grid.addWidget(self._said, 3, 0, 1, 2 if narrow else 4)
        for line in (self.keyword, self.value):
            line.textChanged.connect(self._judge)
        self.keyword.returnPressed.connect(self.value.setFocus)
        self.value.returnPressed.connect(self.set_button.click)
        self.set_button.clicked.connect(self._set)
        self.remove_button.clicked.connect(self._remove)
        self._judge()

    @property
    def given(self) -> dict[str, Any]:
        """All attributes that are given now, keyword → values."""
        return dict(self._given)

    @property
    def said(self) -> str:
        """What is said of the two lines."""
        return self._said.text()

    def show_attribute(self, keyword: str, value: str) -> None:
        """Bring an attribute of the table into the lines."""
        self.keyword.setText(keyword)
        self.value.setText(_as_text(keyword, self._given[keyword]) if keyword in self._given else value)
        self.value.setCursorPosition(0)

    def _judge(self) -> None:
        """Say what is wrong, before anything is set."""
        keyword, typed = self._keyword(), self.value.text().strip()
        wrong, kind, said = "", NoteKind.INFO, self._invitation
        if keyword:
            try:
                _checked(keyword, typed)
                said = f"{text.title(keyword)} {text.tag(keyword)}, {dictionary_VR(keyword)}"
                said += ", is given" if keyword in self._given else ""
            except ExportError as error:
                refusal = error.refusals[0].spelled(in_form)
                wrong = said = f"{refusal.what}. {refusal.remedy}."
        elif self._given:
            said = f"Given: {', '.join(self._given)}"
        self._said.setText(said)
        self._said.set_kind("refused" if wrong else kind)
        for line in (self.keyword, self.value):
            mark_wrong(line, wrong if line.text().strip() else "")
        self.set_button.setEnabled(bool(keyword) and not wrong)
        self.remove_button.setEnabled(keyword in self._given)

    def _keyword(self) -> str:
        """Take a keyword in whatever letters, or the name of its attribute, for the keyword."""
        typed = self.keyword.text().strip()
        return _spellings().get(_letters(typed), typed)

    def _set(self) -> None:
        keyword = self._keyword()
        self._given |= _checked(keyword, self.value.text().strip())
        self._tell(keyword)

    def _remove(self) -> None:
        keyword = self._keyword()
        self._given.pop(keyword, None)
        self.value.clear()
        self._tell(keyword)

    def _tell(self, keyword: str) -> None:
        self.keyword.setText(keyword)
        self._judge()
        self.changed.emit(self.given)


def _checked(keyword: str, typed: str) -> dict[str, Any]:
    """Return an attribute in its plain form.

    Raises
    ------
    OptionsError
        If it cannot be given, or not with that value.
    """
    value: Any = typed
    if typed.startswith(("[", "{")) and _is_sequence(keyword):
        try:
            value = json.loads(typed)
        except ValueError:
            value = typed  # said to be no items
    lossy = typed if keyword == "LossyImageCompression" else ""
    check_given([keyword], lossy=lossy)
    return check_attributes({keyword: value})


def _is_sequence(keyword: str) -> bool:
    return tag_for_keyword(keyword) is not None and dictionary_VR(keyword) == "SQ"


def _as_text(keyword: str, values: Any) -> str:
    """Write values as they are typed."""
    return json.dumps(list(values)) if _is_sequence(keyword) else "\\".join(map(str, values))


def _letters(typed: str) -> str:
    return re.sub(r"[^a-z0-9]", "", typed.lower())


@cache
def _spellings() -> dict[str, str]:
    names = {_letters(text.title(keyword)): keyword for keyword in keyword_dict}
    return names | {_letters(keyword): keyword for keyword in keyword_dict}
