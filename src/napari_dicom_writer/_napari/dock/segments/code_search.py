"""A line where a coded term is found by its words, or by their beginnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCompleter, QLineEdit, QWidget

from napari_dicom_writer._napari.dock.parts.completer import Completer
from napari_dicom_writer._napari.dock.parts.hint import Hint
from napari_dicom_writer._napari.dock.parts.mark import mark_wrong
from napari_dicom_writer.layers.segment_rows import in_words
from napari_dicom_writer.standard.codes import UNKNOWN, recognize, shown_by

if TYPE_CHECKING:
    from napari_dicom_writer.standard.codes import Structure

_MOST = 40  # terms that are offered


class CodeSearch(QLineEdit):
    """Shows what segments show, and finds something else.

    Attributes
    ----------
    chosen : Signal(object)
        With the `Structure` that was chosen; `UNKNOWN` where the line was emptied.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._structure: Structure | None = None
        self._found: dict[str, Structure] = {}
        self.setAccessibleName("What the selected segments show")
        self.setToolTip("Type words of a term, or their beginnings, such as “left kidn”; empty: not known, so Tissue")
        self._completer = Completer(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setMaxVisibleItems(10)
        self._completer.activated[str].connect(self._choose)
        self._hint = Hint(self)
        self.textEdited.connect(self._search)
        self.returnPressed.connect(self._enter)
        self.editingFinished.connect(self._leave)

    def show_structure(self, structure: Structure | None, placeholder: str) -> None:
        """Show what is shown now; `placeholder` where nothing is known, or not the same of all."""
        known = None if structure == UNKNOWN else structure
        self.setPlaceholderText(placeholder)
        if known != self._structure or not (self.hasFocus() and self.isModified()):
            self._structure = known
            self._write()

    def _write(self) -> None:
        self.setText(told(self._structure) if self._structure else "")
        self.setCursorPosition(0)
        self.setModified(False)
        self._say("")

    def _search(self, text: str) -> None:
        found = shown_by(text, _MOST) if text.strip() else []
        self._found = {told(structure): structure for structure in found}
        self._completer.offer(self._found)
        self._say("No code that is known has these words" if text.strip() and not found else "")

    def _say(self, wrong: str) -> None:
        mark_wrong(self, wrong)
        self._hint.show_text("refused", wrong)

    def _choose(self, text: str) -> None:
        if text in self._found:
            self.setModified(False)
            self.chosen.emit(self._found[text])

    def _enter(self) -> None:
        """Take what is meant beyond doubt; nothing typed takes the code away."""
        text = self.text().strip()
        exact = recognize(text) if text else None
        if not self.isModified():
            return
        if not text:
            self.setModified(False)
            self.chosen.emit(UNKNOWN)
        elif exact is not None or len(self._found) == 1:
            structure = exact or next(iter(self._found.values()))
            self.setModified(False)
            self.chosen.emit(structure)
        elif self._found:
            self._completer.complete()

    def _leave(self) -> None:
        """An emptied line is meant; half a word is not."""
        popup = self._completer.popup()
        if popup is not None and popup.isVisible():
            return
        if self.isModified() and not self.text().strip() and self._structure is not None:
            self.setModified(False)
            self.chosen.emit(UNKNOWN)
        elif self.isModified() and not self.hasFocus():
            self._write()


def told(structure: Structure) -> str:
    """Write a structure with its code.

    Examples
    --------
    >>> from napari_dicom_writer.standard.codes import recognize
    >>> told(recognize("kidney_left"))
    'Kidney, left (64033007, SCT)'
    """
    return f"{in_words(structure)} ({structure.type.value}, {structure.type.scheme})"
