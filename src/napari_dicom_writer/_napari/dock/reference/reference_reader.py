"""A DICOM file read in a thread, for a dialog that may be closed meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.identity.inherit import read_reference

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.identity.inherit import Reference

_INTERVAL = 20  # ms; most files are read in less


class _Task:
    """One file in a thread of its own, which knows no Qt: nothing of it can reach a widget that was deleted."""

    def __init__(self, path: Path) -> None:
        self.outcome: Reference | ExportError | None = None
        self._path = path
        # It only reads, and a server that does not answer must hold up neither the dialog nor the end of Python.
        threading.Thread(target=self._run, name="dicom-reference", daemon=True).start()

    def _run(self) -> None:
        try:
            self.outcome = read_reference(self._path)
        except ExportError as error:
            self.outcome = error
        except Exception as error:  # noqa: BLE001 - told without its message, which may hold what is in the file
            self.outcome = ExportError(f"It cannot be read ({type(error).__name__})", "Choose another DICOM image")


class ReferenceReader(QObject):
    """Reads one file at a time; the latest wins, and what was asked for before is never told.

    Attributes
    ----------
    ended : Signal
        (object): the `Reference`, or the `ExportError` that says why there is none.
    """

    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: _Task | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL)
        self._timer.timeout.connect(self._look)

    def read(self, path: Path) -> None:
        """Begin with a file."""
        self._task = _Task(path)
        self._timer.start()

    def cancel(self) -> None:
        """Tell nothing any more."""
        self._task = None
        self._timer.stop()

    def _look(self) -> None:
        outcome = self._task.outcome if self._task else None
        if outcome is not None:
            self.cancel()
            self.ended.emit(outcome)
