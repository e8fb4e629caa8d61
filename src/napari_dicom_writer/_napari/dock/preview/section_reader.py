"""Sections read in a thread, so that a slow array never holds up the viewer."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.preview.sections import LIMIT, read_sections
from napari_dicom_writer._napari.dock.work.background import Background, Leaving

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume


class SectionReader(QObject):
    """Reads the sections of one volume at a time; the latest wins, and of others nothing is told.

    Parameters
    ----------
    samples
        Most of them along an axis.

    Attributes
    ----------
    section : Signal
        (normal, array): see `read_sections`.
    failed : Signal
        (str): what the array said.
    """

    section = Signal(int, object)
    failed = Signal(str)

    def __init__(self, samples: int = LIMIT, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._samples = samples
        self._found: deque[tuple[int, NDArray[Any]]] = deque()
        self._background = Background("dicom-preview", Leaving.AT_ONCE, self)
        self._background.looked.connect(self._tell)
        self._background.ended.connect(self._end)

    def read(self, volume: Volume, through: tuple[int, int, int] | None = None) -> None:
        """Begin as soon as the section at hand is done."""
        found, samples = deque[tuple[int, Any]](), self._samples
        self._found = found

        def work(stop_if_asked: Callable[[], None]) -> None:
            for section in read_sections(volume, samples, stop_if_asked, through):
                found.append(section)

        self._background.replace(work)

    def cancel(self) -> None:
        """Tell nothing any more of what was asked for."""
        self._background.replace(None)
        self._found = deque()

    def _tell(self) -> None:
        found = self._found
        while found:
            self.section.emit(*found.popleft())

    def _end(self, outcome: object) -> None:
        self._tell()
        if isinstance(outcome, Exception):
            self.failed.emit(str(outcome) or type(outcome).__name__)
