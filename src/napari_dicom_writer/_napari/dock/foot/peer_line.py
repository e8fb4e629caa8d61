"""Whom to send to: a peer that is remembered by a name, or an address; tried by an echo."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QPushButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari import known_peers
from napari_dicom_writer._napari.dock.foot.peer_dialog import PeerDialog
from napari_dicom_writer._napari.dock.parts.button_row import ButtonRow
from napari_dicom_writer._napari.dock.work.background import Background, Leaving
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.destinations import DESTINATIONS, open_destination
from napari_dicom_writer.destinations.network.ledger import waiting
from napari_dicom_writer.destinations.network.peers import peer_at, peer_named, remembered
from napari_dicom_writer.errors import DestinationError, ExportError, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_dicom_writer.destinations.network.peers import Peer

_NEW = "New peer…"


class PeerLine(QWidget):
    """A peer that speaks one language.

    Attributes
    ----------
    choice : QComboBox
        Of the names that are remembered; an address can be typed.
    changed : Signal
        After another one was chosen or typed.
    said : Signal(str, str)
        Kind and text of what is to be known of it; no text: nothing.
    """

    changed = Signal()
    said = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._to = ""
        self.choice = _Choice(self._offer)
        self.choice.editTextChanged.connect(self._take)
        self.test_button = QPushButton("Test")
        self.test_button.setToolTip("Ask the peer for an echo; nothing is sent")
        self.test_button.clicked.connect(self._test)
        self.edit_button = QPushButton(_NEW)
        self.edit_button.setToolTip("Host, port and AE titles, or the URL, and a name for them; no password is kept")
        self.edit_button.clicked.connect(self._edit)
        self._background = Background("echo-peer", Leaving.AT_ONCE, self)
        self._background.ended.connect(self._tested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.choice)
        layout.addWidget(ButtonRow([self.test_button, self.edit_button]))
        self.setFocusProxy(self.choice)
        self._show_state()

    @property
    def name(self) -> str:
        """The name or address in the line."""
        return self.choice.currentText().strip()

    @property
    def peer(self) -> Peer | None:
        """Who it is; None as long as it is nobody."""
        with suppress(DestinationError):
            return peer_named(self.name)
        return None

    def set_name(self, name: str) -> None:
        """Put a name or address there, as the user would."""
        self.choice.setEditText(name)
        if (edit := self.choice.lineEdit()) is not None:
            edit.setCursorPosition(0)  # who it is comes first

    def show_kind(self, to: str) -> None:
        """Offer the peers of a destination; the first that is remembered is chosen."""
        if to == self._to:
            return
        self._to = to
        edit = self.choice.lineEdit()
        assert edit is not None  # noqa: S101 - it is editable
        words = DESTINATIONS[to].words
        edit.setPlaceholderText(words.rpartition(", ")[2])
        self.choice.setToolTip(f"A peer that is remembered by its name, or the address of {words}")
        names = self._offer()
        self.set_name(names[0] if names else "")
        with suppress(DestinationError):
            self._say_what_waits(waiting())

    def _say_what_waits(self, unsent: list[Path]) -> None:
        """It may be of a session that was closed meanwhile, and holds a patient's name."""
        if unsent:
            more = f", and {len(unsent) - 1} more there" if len(unsent) > 1 else ""
            how = "send it by “napari-dicom-writer send FOLDER PEER”, or remove it"
            self.said.emit(NoteKind.ASSUMED, f"An earlier export waits in {unsent[-1]}{more}: {how}")

    def _offer(self) -> list[str]:
        """Put the names that are remembered now into the list, and leave what is typed."""
        try:
            known, refused = known_peers.sync()
        except DestinationError as error:
            known, refused = {}, error.refusals
        names = [name for name, address in known.items() if _language(address) == self._to]
        typed = self.choice.currentText()
        self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(names)
        self.choice.setEditText(typed)
        self.choice.blockSignals(False)
        if refused:
            self.said.emit(NoteKind.ASSUMED, str(refused[0]))
        return names

    def _take(self) -> None:
        self._background.abandon()
        self.said.emit(NoteKind.INFO, "")
        self._show_state()
        self.changed.emit()

    def _show_state(self) -> None:
        peer = self.peer
        self.test_button.setText("Test")
        self.test_button.setEnabled(peer is not None)
        typed = "://" in self.name
        self.edit_button.setText(_NEW if peer is None else "Remember…" if typed else "Edit…")

    def _test(self) -> None:
        name, to = self.name, self._to

        def work(_: Callable[[], None]) -> str:
            with faults_as_export_errors("Testing"):
                open_destination(name, None, overwrite=False, to=to).reach()
            return f"{name} answers"

        self._background.begin(work)
        self.test_button.setEnabled(False)
        self.test_button.setText("Testing…")
        self.said.emit(NoteKind.INFO, "")

    def _tested(self, outcome: object) -> None:
        self._show_state()
        if isinstance(outcome, ExportError):
            self.said.emit("refused", str(outcome))
        else:
            self.said.emit("done", str(outcome))

    def editor(self) -> PeerDialog:
        """Return what edits the peer in the line, or makes it one that is remembered; not shown yet."""
        known = remembered()
        address = known.get(self.name, self.name)
        return PeerDialog(self._to, self.name if self.name in known else "", address, self)

    def _edit(self) -> None:
        try:
            dialog = self.editor()
        except DestinationError as error:  # the file of names is broken
            self.said.emit("refused", str(error))
            return
        try:
            dialog.exec()
            self.take(dialog.outcome)
        finally:
            dialog.deleteLater()

    def take(self, outcome: str | None) -> None:
        """Choose what an editor has made: a name, or nobody after one was forgotten; None changes nothing."""
        if outcome is not None:
            self._offer()
            self.set_name(outcome)
            self._take()  # its address may be another


class _Choice(QComboBox):
    """Looks for new names when it is opened: they may have come by the Preferences, or the command line."""

    def __init__(self, offer: Callable[[], object]) -> None:
        super().__init__()
        self._offer = offer
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setAccessibleName("Send to")

    def showPopup(self) -> None:
        """Open the list."""
        self._offer()
        super().showPopup()


def _language(address: str) -> str:
    with suppress(DestinationError):
        return peer_at(address).to
    return ""
