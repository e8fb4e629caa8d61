"""Lists that drop down below a line while somebody types there, in the colors of the viewer's theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QStringListModel, Qt
from qtpy.QtWidgets import QAbstractItemView, QCompleter, QLineEdit, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterable


class Completer(QCompleter):
    """Completes what is typed in a line, whatever its case.

    Its list is a window of its own, which no style sheet reaches: it would be white in a dark viewer. So each time it
    comes in sight it takes the style sheets that are around the line then. It is as wide as its words, where the line
    is narrower.

    Parameters
    ----------
    line
        Where it is typed.
    words
        What is offered.
    """

    def __init__(self, line: QLineEdit, words: Iterable[str] = ()) -> None:
        super().__init__(line)
        self._line = line
        self._words = QStringListModel(list(words), self)
        self.setModel(self._words)
        self.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        popup = self.popup()
        assert popup is not None  # noqa: S101 - made when asked for
        popup.installEventFilter(self)
        line.setCompleter(self)

    def offer(self, words: Iterable[str]) -> None:
        """Offer other words."""
        self._words.setStringList(list(words))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Dress the list when it comes in sight."""
        line = self.__dict__.get("_line")  # none while the garbage collector takes a closed viewer apart
        if line is not None and event is not None and isinstance(watched, QAbstractItemView):
            if event.type() == QEvent.Type.Show and watched.styleSheet() != (sheet := _sheets_around(line)):
                watched.setStyleSheet(sheet)
            if event.type() in (QEvent.Type.Show, QEvent.Type.Resize):
                _widen(watched)
        return super().eventFilter(watched, event)


def _widen(popup: QAbstractItemView) -> None:
    """Let a list be as wide as its words, on the screen that it is on."""
    screen = popup.screen()
    if screen is None:
        return
    bar = popup.verticalScrollBar()
    needed = popup.sizeHintForColumn(0) + 2 * popup.frameWidth() + (bar.sizeHint().width() if bar else 0)
    space, place = screen.availableGeometry(), popup.geometry()
    width = min(needed, space.width())
    if width > place.width():
        left = max(space.left(), min(place.left(), space.right() - width))
        popup.setGeometry(left, place.top(), width, place.height())


def _sheets_around(widget: QWidget) -> str:
    """Style sheets of a widget's ancestors, also in the windows behind its own; the nearest last, which goes first."""
    sheets = []
    ancestor = widget.parentWidget()
    while ancestor is not None:
        sheets.append(ancestor.styleSheet())
        ancestor = ancestor.parentWidget()
    return "\n".join(filter(None, reversed(sheets)))
