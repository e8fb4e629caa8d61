"""A peer in boxes: where it is, what it is called, and the name to remember it by; checked as they are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_dicom_writer._napari.dock.parts.focus import SHOW_FOCUS
from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.mark import mark_wrong
from napari_dicom_writer._napari.dock.parts.plain import wrapping
from napari_dicom_writer.destinations import DESTINATIONS
from napari_dicom_writer.destinations.network.address import PORT, TLS_PORT, NodeParts, parts_of
from napari_dicom_writer.destinations.network.peers import checked, forget, remember, remembered
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from collections.abc import Callable


class PeerDialog(QDialog):
    """Makes a peer, or changes one that is remembered.

    Parameters
    ----------
    to
        The destination that speaks its language.
    name
        That is remembered; empty for a new one.
    address
        To begin with; may be empty, or no address.

    Attributes
    ----------
    outcome : str or None
        The name that is remembered now; empty after the peer was forgotten; None if nothing was changed.
    """

    def __init__(self, to: str, name: str, address: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Edit peer" if name else "New peer")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.outcome: str | None = None
        self._before = name
        self._node = to == "c-store"
        self._address: Callable[[], str] = self._node_address if self._node else self._server_address
        self._make_boxes(name, address)
        self._said = InkLabel()
        self._said.setWordWrap(True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._make_buttons()
        self._lay_out(DESTINATIONS[to].title)
        self.setStyleSheet(SHOW_FOCUS)
        self.resize(420, self.sizeHint().height())
        self._check()

    def _make_boxes(self, name: str, address: str) -> None:
        parts = parts_of(address)
        proposed = name or (parts.called if self._node else parts.host)
        self.name = _box(proposed, "pacs")
        self.url = _box(address if not self._node else "", "https://host/dicom-web")
        self.host = _box(parts.host, "pacs.example or 192.0.2.1")
        self.port = _box(parts.port, str(PORT))
        self.called = _box(parts.called, "16 characters at most")
        self.calling = _box(parts.calling, "NAPARI")
        self.tls = QCheckBox("Encrypted (TLS)")
        self.tls.setChecked(parts.tls)
        self.one = QCheckBox("One association at a time")
        self.one.setToolTip("Slower; for a node that takes no more, or mixes instances up")
        self.one.setChecked(parts.associations == "1")
        self._associations = parts.associations
        for box in self._boxes:
            box.textChanged.connect(self._check)
        for check in (self.tls, self.one):
            check.toggled.connect(self._check)

    @property
    def _boxes(self) -> tuple[QLineEdit, ...]:
        where = (self.host, self.port, self.called, self.calling) if self._node else (self.url,)
        return (self.name, *where)

    def _make_buttons(self) -> None:
        self.buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        self.forget_button, self.keep_button = QPushButton("Forget"), QPushButton("Remember")
        self.forget_button.setToolTip("Forget this name; what was sent there stays there")
        self.forget_button.setAutoDefault(False)
        self.keep_button.setToolTip("Also for the command line and the Preferences; no password is kept")
        self.keep_button.setDefault(True)
        self.buttons.addButton(self.forget_button, roles.DestructiveRole)
        self.forget_button.setVisible(bool(self._before))  # which adding it has shown
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.addButton(self.keep_button, roles.AcceptRole)
        self.forget_button.clicked.connect(self._forget)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self, title: str) -> None:
        form = QFormLayout()
        words = ("Name", "Host", "Port", "AE title", "Own AE title") if self._node else ("Name", "URL")
        for word, box in zip(words, self._boxes, strict=True):
            form.addRow(word, box)
            box.setAccessibleName(f"{word}, {title}")
        for check in (self.tls, self.one) if self._node else ():
            form.addRow("", check)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(form)
        column.addWidget(self._said)
        column.addStretch(1)
        column.addWidget(self.buttons)

    def _node_address(self) -> str:
        host, port, called, calling = (box.text().strip() for box in (self.host, self.port, self.called, self.calling))
        several = self._associations if self._associations != "1" else ""
        associations = "1" if self.one.isChecked() else several
        return NodeParts(host, port, called, calling, tls=self.tls.isChecked(), associations=associations).address

    def _server_address(self) -> str:
        return self.url.text().strip()

    def _problems(self) -> list[tuple[QLineEdit, str]]:
        """What is wrong, box by box; an empty box that must be filled is no fault yet."""
        name = self.name.text().strip()
        found: list[tuple[QLineEdit, str]] = []
        try:
            checked(name, "dicom://A@a")
            if name != self._before and name in remembered():
                found.append((self.name, f"{name} is the name of another peer already"))
        except DestinationError as error:
            found.append((self.name, str(error)))
        if self._node:
            texts = {box: box.text().strip() for box in (self.host, self.port, self.called, self.calling)}
            host, port, called, calling = texts.values()
            parts = NodeParts(host, port, called, calling)
            found += [(box, why) for box, why in zip(texts, parts.problems, strict=True) if why]
        else:
            try:
                if checked("x", self.url.text().strip()).to == "c-store":
                    found.append((self.url, "This is the address of a DICOM node. Choose PACS (C-STORE) beside To"))
            except DestinationError as error:
                found.append((self.url, str(error)))
        return found

    def _check(self) -> None:
        """Say what is wrong where somebody has typed; what is missing still only keeps it from being remembered."""
        problems = self._problems()
        wrong = {box: why for box, why in problems if box.text().strip()}
        for box in self._boxes:
            mark_wrong(box, wrong.get(box, ""))
        self.keep_button.setEnabled(not problems)
        kind, text = ("refused", next(iter(wrong.values()))) if wrong else ("", "" if problems else self._address())
        self.port.setPlaceholderText(str(TLS_PORT if self.tls.isChecked() else PORT))
        self._say(kind, text)

    def _say(self, kind: str, text: str) -> None:
        self._said.set_kind(kind)
        self._said.setText(wrapping(text))
        if (column := self.layout()) is not None:  # it would be written over what is above
            self.resize(self.width(), max(self.height(), column.totalHeightForWidth(self.width())))

    def accept(self) -> None:
        """Remember, once nothing is wrong."""
        if self._problems():
            return
        name = self.name.text().strip()
        try:
            remember(name, self._address(), instead_of=self._before)
        except DestinationError as error:
            self._say("refused", str(error))
            return
        self.outcome = name
        super().accept()

    def _forget(self) -> None:
        try:
            forget(self._before)
        except DestinationError as error:
            self._say("refused", str(error))
            return
        self.outcome = ""
        super().accept()


def _box(text: str, placeholder: str) -> QLineEdit:
    box = QLineEdit(text)
    box.setPlaceholderText(placeholder)
    box.setCursorPosition(0)
    return box
