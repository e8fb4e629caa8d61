"""Where to: what kind of target it is, which one, and the space that is left there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from napari_dicom_writer._napari.dock.foot.consent import may_send
from napari_dicom_writer._napari.dock.foot.path_line import PathLine
from napari_dicom_writer._napari.dock.foot.peer_line import PeerLine
from napari_dicom_writer._napari.dock.parts.fold import ElidedLabel
from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.mark import LeaveWheel
from napari_dicom_writer._napari.dock.parts.plain import wrapping
from napari_dicom_writer.destinations import DESTINATIONS, suited
from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.plan.wording import format_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.plan.plan import ExportPlan


class TargetRow(QWidget):
    """The target of the export: one of the table of destinations.

    Parameters
    ----------
    folder
        Where the first proposal lies.

    Attributes
    ----------
    changed : Signal
        After the user changed it.
    """

    changed = Signal()

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._usual = suited("x")  # what takes any name
        self._by_name = False  # the kind follows the name
        self._kinds = QComboBox()
        self._kinds.setAccessibleName("Kind of target")
        for key in sorted(DESTINATIONS, key=lambda key: key != self._usual):
            self._kinds.addItem(DESTINATIONS[key].title, key)
            self._kinds.setItemData(self._kinds.count() - 1, DESTINATIONS[key].words, Qt.ItemDataRole.ToolTipRole)
        self.disk, self.peer = PathLine(folder), PeerLine()
        self.disk.said.connect(self._follow_name)
        self.disk.changed.connect(self.changed)
        self.peer.changed.connect(self.changed)
        self.peer.said.connect(self._say)
        self._space = ElidedLabel()
        self._space.setEnabled(False)  # grayed
        self._said = InkLabel()
        self._said.setWordWrap(True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._said.hide()
        label = QLabel("To")
        label.setBuddy(self._kinds)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(2)
        layout.setColumnStretch(1, 1)
        layout.addWidget(label, 0, 0)
        layout.addWidget(self._kinds, 0, 1)
        for row, widget in enumerate((self.disk, self.peer, self._said, self._space), 1):
            layout.addWidget(widget, row, 1)
        self.setFocusProxy(self.disk)
        self._leave_wheel = LeaveWheel([self._kinds, self.peer.choice], self)  # nothing leaves by a turn of it
        self._kinds.currentIndexChanged.connect(self._show_kind)
        self._show_kind()

    @property
    def to(self) -> str:
        """What it is: a key of `DESTINATIONS`."""
        return str(self._kinds.currentData())

    @property
    def remote(self) -> bool:
        """Whether what is exported leaves this machine."""
        return DESTINATIONS[self.to].remote

    @property
    def path(self) -> str:
        """Its path; or the name or address of a peer."""
        return self.peer.name if self.remote else self.disk.path

    def set_path(self, path: str) -> None:
        """Put a path on this machine there, as the user would."""
        if self.remote:
            self.choose(self._usual)
        self.disk.set_path(path)

    def choose(self, to: str) -> None:
        """Choose a kind of target, as the user would."""
        self._kinds.setCurrentIndex(self._kinds.findData(to))

    def propose_name(self, name: str) -> None:
        """Propose a free name like this one, such as a layer's, unless the user typed a path; tell nobody."""
        self.disk.propose_name(name)

    def advance(self) -> None:
        """After an export: go on to the next free name; tell nobody. A peer stays."""
        if not self.remote:
            self.disk.advance()

    def show_space(self, free: int | None, needed: int | None) -> None:
        """Say how much space there is, and how much of it the export takes."""
        parts = [f"needs {format_bytes(needed)}"] if needed is not None and not self.remote else []
        parts += [f"{format_bytes(free)} free"] if free is not None else []
        self._space.set_whole(" · ".join(parts))
        self._space.setVisible(not self.remote)

    def may_leave(self, plan: ExportPlan) -> bool:
        """Ask before anything leaves this machine; what stays need not be asked for."""
        try:
            return not self.remote or may_send(self, plan, self.path)
        except DestinationError as error:  # its name was forgotten since
            self._say("refused", str(error))
            return False

    def _follow_name(self, name: str) -> None:
        """A name may say what it is: x.zip, x/DICOMDIR; what was chosen stays chosen where it does not."""
        said = suited(name)
        if said != self._usual or self._by_name:
            self.choose(said)
            self._by_name = said != self._usual

    def _show_kind(self) -> None:
        self._by_name = False
        self._say("", "")
        if self.remote:
            self.peer.show_kind(self.to)
        self._kinds.setToolTip(DESTINATIONS[self.to].words)
        self.disk.setVisible(not self.remote)
        self.peer.setVisible(self.remote)
        self.changed.emit()

    def _say(self, kind: str, text: str) -> None:
        self._said.set_kind(kind)
        self._said.setText(wrapping(text))
        self._said.setVisible(bool(text))
