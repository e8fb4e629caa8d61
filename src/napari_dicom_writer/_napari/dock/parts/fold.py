"""A group of the form that can be folded away; its heading then says what it holds: nothing hidden surprises."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QFontMetrics, QResizeEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.parts.focus import BARE
from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.plain import shown, tooltip


class Fold(QWidget):
    """A heading that opens and closes what is below it.

    Parameters
    ----------
    title
        The heading.
    content
        What is folded.
    is_open
        Whether it starts open.

    Attributes
    ----------
    toggled : Signal(bool)
        After it was opened or closed.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, *, is_open: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content, self._told = content, ""
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setCheckable(True)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setStyleSheet(BARE % "font-weight: bold; padding: 2px 0;")
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._summary = ElidedLabel()
        self._summary.setEnabled(False)  # grayed
        self.setFocusProxy(self._button)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._button)
        row.addWidget(self._summary, 1)
        row.addStretch(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(content)
        self._button.toggled.connect(self._toggle)
        self._show(is_open)
        self._button.setChecked(is_open)

    @property
    def is_open(self) -> bool:
        """Whether its content is in sight."""
        return self._button.isChecked()

    def open(self) -> None:
        """Bring its content in sight."""
        self._button.setChecked(True)

    def set_summary(self, text: str) -> None:
        """Say in a line what it holds."""
        self._told = text
        self._show(self.is_open)
        self._button.setAccessibleDescription(text)

    def _toggle(self, is_open: bool) -> None:
        self._show(is_open)
        self.toggled.emit(is_open)

    def _show(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        self._summary.set_whole("" if is_open else self._told)
        self._button.setArrowType(Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow)


def heading(text: str) -> QLabel:
    """Make a heading of what cannot be folded."""
    label = QLabel(text)
    label.setStyleSheet("font-weight: bold;")
    return label


class ElidedLabel(InkLabel):
    """A line that never makes a dock wider: what does not fit ends in an ellipsis, and is whole in the tooltip."""

    def __init__(self, elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole, self._elide = "", elide
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def whole(self) -> str:
        """The text, not elided."""
        return self._whole

    def set_whole(self, text: str) -> None:
        """Show a text."""
        self._whole = text
        self.setToolTip(tooltip(text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Elide anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(QFontMetrics(self.font()).elidedText(shown(self._whole), self._elide, max(0, self.width())))
