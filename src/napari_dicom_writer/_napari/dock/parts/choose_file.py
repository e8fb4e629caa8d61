"""A file chooser that leaves no trace: a folder may bear a patient's name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSettings, QUrl
from qtpy.QtWidgets import QFileDialog

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


_ANY = "All files: DICOM often has no extension (*)"


def choose_file(parent: QWidget | None, title: str, folder: Path | None = None, kinds: str = _ANY) -> Path | None:
    """Let the user choose any file; None if they chose none.

    When a `QFileDialog` is destroyed, Qt writes into its settings which folders were visited, whether a file was chosen
    or not. `QFileDialog.getOpenFileName` leaves no moment to prevent it.

    Parameters
    ----------
    parent
        Widget whose window it belongs to.
    title
        Of its window.
    folder
        Where to begin; by default where Qt would.
    kinds
        Which files are listed, as Qt writes filters.
    """
    dialog = QFileDialog(parent, title, str(folder or ""))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilter(kinds)
    return _answer(dialog)


def choose_folder(parent: QWidget | None, title: str, folder: Path) -> Path | None:
    """Let the user choose a folder, as `choose_file` does a file."""
    dialog = QFileDialog(parent, title, str(folder))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return _answer(dialog)


def _answer(dialog: QFileDialog) -> Path | None:
    visited, history = _remembered()
    try:
        return Path(dialog.selectedFiles()[0]) if dialog.exec() else None
    finally:
        dialog.setDirectory(visited)
        dialog.setHistory(history)
        dialog.deleteLater()


def _remembered() -> tuple[str, list[str]]:
    """Return what Qt remembers already: the last folder (home, where there is none), and those before it."""
    settings = QSettings(QSettings.Scope.UserScope, "QtProject")
    history = settings.value("FileDialog/history") or []
    urls = [history] if isinstance(history, str) else list(history)
    visited = QUrl(str(settings.value("FileDialog/lastVisited") or "")).toLocalFile()
    return visited or str(Path.home()), [QUrl(str(url)).toLocalFile() for url in urls]
