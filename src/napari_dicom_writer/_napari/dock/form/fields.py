"""One option as a labeled editor, made by magicgui from the field's type, that says in place what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from magicgui.widgets import create_widget
from qtpy.QtCore import QDate, QEvent, QObject, QPoint, QPointF, Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap, QPolygonF, QShowEvent
from qtpy.QtWidgets import QCalendarWidget, QComboBox, QCompleter, QLineEdit, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.parts.completer import Completer
from napari_dicom_writer._napari.dock.parts.hint import Hint
from napari_dicom_writer._napari.dock.parts.mark import LeaveWheel, mark_wrong
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.errors import ExportError, NoteKind, OptionsError
from napari_dicom_writer.options.fields import kinds, label
from napari_dicom_writer.standard import text

if TYPE_CHECKING:
    import dataclasses
    from collections.abc import Callable, Mapping

    from magicgui.widgets.bases import ValueWidget

_LEAST = 12  # characters


class OptionField(QWidget):
    """Editor of one field of `ExportOptions` or of one of its groups.

    The editor itself is made when it first comes in sight: most stay folded away, and a widget that opens slowly is
    noticed.

    Parameters
    ----------
    owner
        The dataclass of the options that the field belongs to.
    item
        The field.

    Attributes
    ----------
    changed : Signal
        After every key stroke or choice, whether valid or not.
    """

    changed = Signal()

    def __init__(self, owner: type, item: dataclasses.Field[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = item.name
        self.label = label(item)
        self._owner, self._metadata, self._default = owner, item.metadata, item.default
        self._kind = kinds(owner)[item.name]
        self._value = item.default  # until there is an editor
        self._editor: ValueWidget[Any] | None = None
        self._problem = ""
        self._hint: Hint | None = None

    @property
    def value(self) -> Any:
        """What is in the editor, as the options want it.

        Raises
        ------
        OptionsError
            If a number is wanted and none is there.
        """
        if self._editor is None:
            return self._value
        value = self._editor.value
        plain = next((part for part in get_args(self._kind) if part is not type(None)), self._kind)
        if plain not in (int, float, Path):
            return value
        if not str(value).strip():
            return None if plain is not self._kind else self._default
        try:
            return plain(value)
        except ValueError:
            what = "an integer" if plain is int else "a number"
            comma = ": write a point, and no comma" if "," in str(value) else ""
            raise OptionsError(f"“{self.label}” is not {what}{comma}", f"Give {what}", "options") from None

    @value.setter
    def value(self, value: Any) -> None:
        if self._editor is not None:
            self._editor.value = self._shown(value)
        elif value != self._value:
            self._value = value
            self._react()

    @property
    def is_default(self) -> bool:
        """Whether the field says what it says in fresh options."""
        return not self._problem and bool(self.value == self._default)

    @property
    def told(self) -> str:
        """The value in a few words, for the heading of a folded group."""
        shown = "" if self._problem else self.spell(self.value)
        return shown if self._metadata.get("keyword") or not shown else f"{self.label.lower()}: {shown}"

    def spell(self, value: Any) -> str:
        """Write a value as it is chosen or typed here."""
        if choices := self._metadata["choices"]:
            return str(choices[value])
        return "" if value is None else "yes" if value is True else "no" if value is False else str(value)

    @property
    def error(self) -> str:
        """What is wrong with the value; empty when nothing is."""
        return self._problem

    @property
    def editors(self) -> list[QWidget]:
        """What Tab reaches."""
        return [self.native]

    @property
    def native(self) -> QWidget:
        """The editor."""
        if self._editor is None:
            self._make()
        assert self._editor is not None  # noqa: S101 - made above
        native: QWidget = self._editor.native
        return native

    def showEvent(self, event: QShowEvent | None) -> None:
        """Make the editor, now that it comes in sight."""
        if self._editor is None:
            self._make()
        super().showEvent(event)

    def _shown(self, value: Any) -> Any:
        """The value as the editor holds it."""
        return value if isinstance(value, bool) or self._metadata["choices"] else "" if value is None else str(value)

    def _make(self) -> None:
        editor = _make_editor(self._kind, self._metadata, self._shown(self._value))
        native: QWidget = editor.native
        native.setAccessibleName(self.label)
        # Narrower than that it goes below its label.
        native.setMinimumWidth(_LEAST * self.fontMetrics().averageCharWidth())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(native)
        # Its turn is this field's, and not at the end, where what is made last would come. Qt orders only what takes
        # the focus itself, so for this moment the field does.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        QWidget.setTabOrder(self, native)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusProxy(native)
        self._events = _EditorEvents(native, self._metadata, self)
        if isinstance(native, QLineEdit):
            self._equip(native)
        self._editor, self._hint = editor, Hint(native)
        self._show_problem("")
        editor.changed.connect(self._react)

    def _equip(self, line: QLineEdit) -> None:
        """Give a line of text suggestions, a calendar, or a word on what an empty one means."""
        keyword = self._metadata.get("keyword")
        if keyword and keyword.endswith("Date"):
            _add_calendar(line)
        if usual := self._metadata["usual"]:
            _add_suggestions(line, usual)
        _, _, when_empty = self._metadata["doc"].partition("empty: ")
        line.setPlaceholderText(when_empty)

    def _react(self) -> None:
        self._problem = understood = ""
        try:
            # The dataclass itself is the judge: it knows every rule, this form none.
            understood = self._understood(getattr(self._owner(**{self.name: self.value}), self.name))
        except ExportError as error:
            self._problem = error.refusals[0].spelled(in_form).what
        self._show_problem(understood)
        self.changed.emit()

    def _understood(self, written: Any) -> str:
        """Say what a text becomes that is not yet as DICOM writes it."""
        typed = self.value
        is_text = isinstance(typed, str) and isinstance(written, str) and self._metadata.get("keyword")
        digits = str.maketrans("", "", "-: ")
        same = not is_text or written == typed.strip() or written == typed.translate(digits)
        return "" if same else f"Written as {written}"

    def _show_problem(self, understood: str) -> None:
        """Mark the editor, and say below it what is wrong, or what is understood."""
        if self._editor is None or self._hint is None:
            return
        self._hint.show_text("refused" if self._problem else NoteKind.INFO, self._problem or understood)
        mark_wrong(self._editor.native, self._problem)


def _make_editor(kind: Any, metadata: Mapping[str, Any], shown: Any) -> ValueWidget[Any]:
    if kind is bool:
        return create_widget(value=shown, annotation=bool, options={"text": ""})  # type: ignore[return-value]
    if choices := metadata["choices"]:
        named = [(label or "–", value) for value, label in choices.items()]
        editor = create_widget(value=shown, options={"choices": named}, widget_type="ComboBox")
        box: QComboBox = editor.native
        # A long choice must not make a narrow dock wider.
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        return editor  # type: ignore[return-value]
    return create_widget(value=shown, annotation=str, widget_type="LineEdit")  # type: ignore[return-value]


def _tooltip(metadata: Mapping[str, Any]) -> str:
    doc = metadata["doc"]
    shown = f"{doc[0].upper()}{doc[1:]}"
    keyword = metadata.get("keyword")
    return f"{shown}\n\nDICOM: {text.title(keyword)} {text.tag(keyword)}" if keyword else shown


class _EditorEvents(LeaveWheel):
    """Explains an editor when somebody asks: pydicom, which has the words for attributes, is imported meanwhile."""

    def __init__(self, editor: QWidget, metadata: Mapping[str, Any], parent: QObject) -> None:
        super().__init__([editor], parent)
        self._metadata = metadata

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Make the tooltip."""
        asked = event is not None and event.type() == QEvent.Type.ToolTip
        if asked and isinstance(watched, QWidget) and not watched.toolTip():
            watched.setToolTip(_tooltip(self._metadata))
        return super().eventFilter(watched, event)


def _add_suggestions(line: QLineEdit, usual: tuple[str, ...]) -> None:
    """Offer usual values, and allow any other."""
    completer = Completer(line, usual)

    def show_all() -> None:
        line.setFocus()
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.complete()
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)

    _add_arrow(line, f"Usual: {', '.join(usual)}", show_all)


def _add_calendar(line: QLineEdit) -> None:
    """Let a date be picked; it can be typed, and left empty, too."""

    def show() -> None:
        calendar = QCalendarWidget(line)
        calendar.setWindowFlags(Qt.WindowType.Popup)
        calendar.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        heads = calendar.headerTextFormat()
        # Or the names of the days are pale on white in a dark viewer: no style sheet reaches them.
        heads.setBackground(line.palette().color(QPalette.ColorRole.Base))
        heads.setForeground(line.palette().color(QPalette.ColorRole.Text))
        calendar.setHeaderTextFormat(heads)
        typed = QDate.fromString(line.text().replace("-", ""), "yyyyMMdd")
        if typed.isValid():
            calendar.setSelectedDate(typed)

        def pick(date: QDate) -> None:
            line.setText(date.toString("yyyy-MM-dd"))
            calendar.close()

        calendar.clicked.connect(pick)
        calendar.activated.connect(pick)
        calendar.move(line.mapToGlobal(QPoint(0, line.height())))
        calendar.show()

    _add_arrow(line, "Pick a date", show)


def _add_arrow(line: QLineEdit, tooltip: str, action: Callable[[], None]) -> None:
    """Put a button at the end of a line that opens something below it; gray, to be seen on dark and light themes."""
    icon = QIcon(_arrow(255))
    icon.addPixmap(_arrow(80), QIcon.Mode.Disabled)
    button = line.addAction(icon, QLineEdit.ActionPosition.TrailingPosition)
    assert button is not None  # noqa: S101 - for mypy: made above
    button.setToolTip(tooltip)
    button.triggered.connect(action)


def _arrow(alpha: int) -> QPixmap:
    pixmap = QPixmap(32, 32)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(144, 144, 144, alpha))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(QPolygonF([QPointF(6, 11), QPointF(26, 11), QPointF(16, 23)]))
    painter.end()
    return pixmap
