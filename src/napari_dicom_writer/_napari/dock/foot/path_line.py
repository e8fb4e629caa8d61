"""A path on this machine: proposed until the user says otherwise, or chosen."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from napari_dicom_writer._napari.dock.parts.choose_file import choose_folder
from napari_dicom_writer.destinations.names import safe_name
from napari_dicom_writer.destinations.paths import existing_folder

_ADDED = (".dcm", ".zip")  # to a name, by what it is


class PathLine(QWidget):
    """Where an export goes on this machine.

    Parameters
    ----------
    folder
        Where the first proposal lies.

    Attributes
    ----------
    changed : Signal
        After the user changed the path, or chose a folder.
    said : Signal(str)
        What the user typed, or a script gave; not what was proposed.
    """

    changed = Signal()
    said = Signal(str)

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._name = "export"
        self._typed = False  # by the user, who is not overruled
        self._path = QLineEdit()
        self._path.setAccessibleName("Save to")
        self._path.setToolTip(
            "Folder to make for the series; a single plane becomes a file of that name with .dcm. "
            "A name with .zip makes a zip file; one that ends in /DICOMDIR, a folder for a CD or stick"
        )
        self._path.textEdited.connect(self._take_typed)
        self._path.editingFinished.connect(self._end_typing)
        self._path.textChanged.connect(self.changed)
        self.choose_button = QPushButton("Choose…")
        self.choose_button.setToolTip("Choose the folder to save in; it may hold other things")
        self.choose_button.clicked.connect(self._choose)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._path, 1)
        layout.addWidget(self.choose_button)
        self.setFocusProxy(self._path)
        self._propose()

    @property
    def path(self) -> str:
        """What is in the line."""
        return self._path.text().strip()

    def set_path(self, path: str) -> None:
        """Put a path there, as the user would."""
        self._typed = bool(path)  # first: whoever hears of the change may ask for a proposal
        self.said.emit(path)
        self._path.setText(path)

    def propose_name(self, name: str) -> None:
        """Propose a free name like this one, such as a layer's, unless the user typed a path; tell nobody."""
        self._name = safe_name(name) or "export"
        self._path.blockSignals(True)
        self._propose()
        self._path.blockSignals(False)

    def advance(self) -> None:
        """After an export: go on to the next free name; tell nobody."""
        path = existing = Path(self.path)
        medium = "/DICOMDIR" if existing.name.upper() == "DICOMDIR" else ""  # the folder is its name, then
        path = existing = existing.parent if medium else existing
        extension = existing.suffix if existing.suffix.lower() in _ADDED else ""
        stem, number = existing.name.removesuffix(extension), 2
        while path.exists() or _taken(path):
            path, number = existing.with_name(f"{stem}-{number}{extension}"), number + 1
        self._path.blockSignals(True)
        self._path.setText(f"{path}{medium}")
        self._path.blockSignals(False)

    def _take_typed(self, text: str) -> None:
        # Also an empty one: another may be on its way, and would be typed behind what is proposed.
        self._typed = True
        self.said.emit(text)

    def _end_typing(self) -> None:
        """Left empty, it is proposed again."""
        if not self.path:
            self._typed = False
            self._propose()

    def _propose(self) -> None:
        if self._typed:
            return
        names = (self._name if number == 1 else f"{self._name}-{number}" for number in count(1))
        free = next(name for name in names if not _taken(self._folder / name))
        if self._path.text() != str(self._folder / free):
            self._path.setText(str(self._folder / free))
            self._path.setCursorPosition(len(self._path.text()))

    def _choose(self) -> None:
        if chosen := choose_folder(self, "Folder to save in", existing_folder(self.path)):
            self.take_folder(chosen)

    def take_folder(self, folder: Path) -> None:
        """Propose a name in a folder; an empty one is the target itself."""
        self._folder, self._typed = folder, False
        with suppress(OSError):
            if not any(folder.iterdir()) and folder != Path.home():
                self.set_path(str(folder))
                return
        self._propose()


def _taken(path: Path) -> bool:
    """Whether an export to `path` would meet something there, whatever it is made to be."""
    try:
        return any(path.with_name(f"{path.name}{end}").exists() for end in _ADDED) or (
            path.exists() and not (path.is_dir() and not any(path.iterdir()))
        )
    except OSError:
        return False
