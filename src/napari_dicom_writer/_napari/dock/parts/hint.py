"""A word about an editor, in sight while somebody types there: it covers what is below, and moves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtWidgets import QAbstractScrollArea, QWidget

from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.later import soon

if TYPE_CHECKING:
    from qtpy.QtGui import QColor

_WIDEST = 320  # pixels


class Hint(InkLabel):
    """Belongs to one editor, and hides when that loses the focus.

    Parameters
    ----------
    editor
        What it is about.
    """

    def __init__(self, editor: QWidget) -> None:
        super().__init__(_ground(editor))
        self._editor = editor
        self.setTextFormat(Qt.TextFormat.PlainText)  # it may quote what was typed
        self.setWordWrap(True)
        self.setMargin(4)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        for watched in filter(None, (editor, self.parentWidget())):
            watched.installEventFilter(self)
        editor.destroyed.connect(self.deleteLater)

    def show_text(self, kind: str, text: str) -> None:
        """Say something in the color of its kind while the editor has the focus; nothing without text."""
        self.setText(text)
        self.set_kind(kind)
        self.setVisible(bool(text) and self._editor.hasFocus())
        if self.isVisible():
            self._place()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Come and go with the focus, and follow the editor when something above it changes its height."""
        editor = self.__dict__.get("_editor")  # none while the garbage collector takes a closed viewer apart
        if event is None or editor is None:
            return False
        if watched is not editor:
            if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
                soon(self, self._place)
        elif event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif event.type() == QEvent.Type.FocusIn and self.text():
            self.show()
            self._place()
        return False

    def _frame(self, background: QColor) -> str:
        return f" background: {background.name()}; border: 1px solid #8b93a1; border-radius: 2px;"

    def _place(self) -> None:
        """Lie right below the editor, or above it where there is no room."""
        ground = self.parentWidget()
        if ground is None or not self.isVisible():
            return
        width = min(max(self._editor.width(), _WIDEST), ground.width())
        height = self.heightForWidth(width)
        corner = self._editor.mapTo(ground, QPoint(0, self._editor.height() + 1))
        if corner.y() + height > ground.height():
            corner = self._editor.mapTo(ground, QPoint(0, -height - 1))
        self.setGeometry(max(0, min(corner.x(), ground.width() - width)), corner.y(), width, height)
        self.raise_()


def _ground(editor: QWidget) -> QWidget | None:
    """What scrolls with the editor, or else its window."""
    widget, ground = editor.parentWidget(), editor.window()
    while widget is not None:
        parent = widget.parentWidget()
        if parent is not None and isinstance(parent.parentWidget(), QAbstractScrollArea):
            return widget
        widget = parent
    return ground
