"""Sections read in a thread, so that a slow array never holds up the viewer."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.preview.sections import read_sections

if TYPE_CHECKING:
    from napari_dicom_writer.model.volume import Volume


class SectionReader(QObject):
    """Reads the sections of one volume at a time; the latest wins.

    Whoever owns it calls `read` and `cancel`, and never waits. It has no parent and is held by its thread, too: so the
    owner may be deleted at any moment, after which Qt delivers nothing any more.

    Attributes
    ----------
    section : Signal
        (request, normal, array): see `read_sections`.
    failed : Signal
        (request, what the array said).
    finished : Signal
        (request): all sections of a request that was not cancelled have come.
    """

    section = Signal(int, int, object)
    failed = Signal(int, str)
    finished = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._request = 0
        self._wanted: Volume | None = None
        self._running = False

    def read(self, volume: Volume) -> int:
        """Begin reading as soon as the section at hand is done, and return the number that the signals will carry."""
        with self._lock:
            self._request += 1
            self._wanted = volume
            if not self._running:
                self._running = True
                # Python must not wait at its end for an array that never answers.
                threading.Thread(target=self._run, name="dicom-preview", daemon=True).start()
            return self._request

    def cancel(self) -> None:
        """Deliver nothing any more of what was asked for."""
        with self._lock:
            self._request += 1
            self._wanted = None

    def _run(self) -> None:
        while True:
            with self._lock:
                request, volume, self._wanted = self._request, self._wanted, None
                if volume is None:
                    self._running = False
                    return
            self._read(request, volume)
            del volume  # which may hold much memory, while the next one is read

    def _read(self, request: int, volume: Volume) -> None:
        def cancelled() -> bool:
            return self._request != request

        try:
            for normal, values in read_sections(volume, cancelled=cancelled):
                if not cancelled():
                    self.section.emit(request, normal, values)
            if not cancelled():
                self.finished.emit(request)
        except Exception as error:  # noqa: BLE001 - whatever a lazy array raises
            self.failed.emit(request, str(error) or type(error).__name__)
