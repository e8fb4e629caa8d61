"""Reasons against the export, what it assumes and what it loses, each with its remedy; afterwards, the report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.plain import tooltip, wrapping
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.errors import Fix, NoteKind
from napari_dicom_writer.model.verdict import remedies, summary
from napari_dicom_writer.plan.sent import Resend
from napari_dicom_writer.plan.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent

    from napari_dicom_writer.errors import Note, Refusal
    from napari_dicom_writer.plan.plan import ExportPlan

_LEAST, _LONG = 16, 250  # characters of a text beside a button
_ROWS = 20  # that are made unasked: laying out hundreds takes seconds
_NAMED = 3  # layers that one message names
_SYMBOLS = {"refused": "✖", NoteKind.LOST: "▼", NoteKind.ASSUMED: "?", NoteKind.INFO: "i", "done": "✔"}
_SPOKEN = {
    "refused": "Refused",
    NoteKind.LOST: "Lost",
    NoteKind.ASSUMED: "Assumed",
    NoteKind.INFO: "Note",
    "done": "Done",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One line: how much it matters, what it says, its long form, and the option that changes it."""

    kind: str
    text: str
    details: str = ""
    fix: Fix | None = None


class Preflight(QWidget):
    """A list of messages, each with a button where one click is a remedy.

    Attributes
    ----------
    fix_wanted : Signal(object)
        With the `Fix` whose button was clicked.
    """

    fix_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: tuple[Message, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is shown."""
        return self._messages

    def show_messages(self, messages: Sequence[Message]) -> None:
        """Show these, and nothing else."""
        if tuple(messages) == self._messages:
            return  # rows that stay keep the focus and the scroll place
        self._messages = tuple(messages)
        while (item := self._layout.takeAt(0)) is not None:
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        rows = _with_distinct_buttons(messages)
        at_once = rows if len(rows) <= _ROWS + 1 else rows[:_ROWS]
        self._add(at_once)
        if rest := rows[len(at_once) :]:
            more = QPushButton(f"Show {len(rest)} more messages")
            more.clicked.connect(lambda: self._show_rest(more, rest))
            self._layout.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _add(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._layout.addWidget(self._row(message))

    def _show_rest(self, button: QPushButton, rest: Sequence[Message]) -> None:
        self._layout.removeWidget(button)
        button.hide()
        button.deleteLater()
        self._add(rest)

    def _row(self, message: Message) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        symbol = InkLabel(_SYMBOLS[message.kind])
        symbol.setFixedWidth(14)
        symbol.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        symbol.setToolTip(_SPOKEN[message.kind])
        symbol.set_kind(message.kind, bold=True)
        text = QLabel(wrapping(message.text))
        text.setTextFormat(Qt.TextFormat.PlainText)  # a layer's name is not markup
        text.setWordWrap(True)
        text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setToolTip(tooltip(message.details))
        text.setAccessibleName(f"{_SPOKEN[message.kind]}: {message.text}")
        layout.addWidget(symbol)
        if fix := message.fix:
            button = QPushButton(fix.label)
            button.setToolTip(tooltip(message.details))
            button.clicked.connect(lambda: self.fix_wanted.emit(fix))
            layout.addWidget(_Beside(text, button), 1)
        else:
            layout.addWidget(text, 1)
        return row


def _with_distinct_buttons(messages: Sequence[Message]) -> list[Message]:
    """Let no two buttons share a name: one that does the same stands once, another one names its option, too."""
    seen: dict[str, Fix] = {}
    distinct = []
    for message in messages:
        fix = message.fix
        if fix is not None and fix in seen.values():
            fix = None
        elif fix is not None and fix.label in seen:
            fix = replace(fix, label=f"{fix.label} {in_form(fix.option, None)}")
        if fix is not None:
            seen[fix.label] = fix
        distinct.append(replace(message, fix=fix))
    return distinct


class _Beside(QWidget):
    """A text with a button beside it, or below it where that would leave the text too narrow."""

    def __init__(self, text: QLabel, button: QPushButton) -> None:
        super().__init__()
        self._text, self._button = text, button
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.addWidget(text, 1)
        self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Go by the width there is."""
        super().resizeEvent(event)
        rest = self.width() - self._button.sizeHint().width()
        enough = rest >= _LEAST * self._text.fontMetrics().averageCharWidth() and len(self._text.text()) <= _LONG
        directions = QBoxLayout.Direction
        self._row.setDirection(directions.LeftToRight if enough else directions.TopToBottom)


def refusal_message(refusal: Refusal, *, several: bool) -> Message:
    """Say why not, and which of `several` layers. The remedy is in words where no button is."""
    refusal = refusal.spelled(in_form)
    place = f"{refusal.where}: " if several and refusal.where not in ("", "options") else ""
    said = refusal.fix is not None and not isinstance(refusal.fix, Resend)  # which says not where it waits
    text = f"{place}{refusal.what}." if said else f"{place}{refusal.what}. {refusal.remedy}."
    return Message("refused", text, str(refusal), refusal.fix)


def plan_messages(plan: ExportPlan | None) -> list[Message]:
    """Say what a plan loses and assumes, the gravest first, and what opens the series."""
    if plan is None:
        return []
    order = list(NoteKind)
    several = len({one.volume_index for series in plan.series for one in series.layers}) > 1
    alike: dict[Note, list[Note]] = {}  # but for the layer
    for note in sorted(plan.notes, key=lambda note: order.index(note.kind)):
        alike.setdefault(replace(note, where=""), []).append(note.spelled(in_form))
    return [_note_message(notes, several=several) for notes in alike.values()] + _reader_messages(plan)


def _note_message(notes: Sequence[Note], *, several: bool) -> Message:
    """Say once what holds for one layer or several; the long form names each."""
    note, places = notes[0], [note.where for note in notes if note.where]
    place = f"{listed(places, _NAMED)}: " if several and places else ""
    hint = f" ({note.hint})" if note.hint and not note.fix else ""
    return Message(note.kind, f"{place}{note.text}{hint}", "\n".join(map(str, notes)), note.fix)


def _reader_messages(plan: ExportPlan) -> list[Message]:
    """One line where all series open alike, else one each; and each remedy once."""
    told: dict[str, tuple[str, list[str]]] = {}
    helped: dict[Fix, Message] = {}
    for series in (series for series in plan.series if series.stored.bits):
        details = "\n".join(map(str, series.opens_in))
        told.setdefault(summary(series.opens_in), (details, []))[1].append(str(series.number))
        for fix, text in remedies(series.opens_in):
            helped.setdefault(fix, Message(NoteKind.INFO, text, text, fix))
    messages = []
    for opens_in, (details, numbers) in told.items():
        which = f"Series {', '.join(numbers[:6])}{'…' if len(numbers) > 6 else ''} opens" if len(told) > 1 else "Opens"
        messages.append(Message(NoteKind.INFO, f"{which} as a volume in: {opens_in}", details))
    offered = {note.fix for note in plan.notes}
    return messages + [message for fix, message in helped.items() if fix not in offered]
