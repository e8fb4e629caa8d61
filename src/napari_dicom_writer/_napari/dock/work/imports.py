"""What exporting needs, imported in a thread: the dock widget opens without waiting for it."""

from __future__ import annotations

import sys
from importlib import import_module

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.parts.later import once
from napari_dicom_writer._napari.dock.work.background import Background, Leaving
from napari_dicom_writer._napari.dock.work.collecting import short_collections

_NEEDED = "napari_dicom_writer.exporting"
_FIRST_PAINT = 30  # ms until the widget is on the screen; importing would hold it up


class Imports(QObject):
    """Imports `exporting`, and with it pydicom and the decoders that are installed, once for all widgets.

    Attributes
    ----------
    done : Signal
        Everything is there.
    """

    done = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.are_done = _NEEDED in sys.modules
        self._background = Background("dicom-imports", Leaving.SOON, self)
        self._background.ended.connect(self._end)
        if not self.are_done:
            timer = once(self, _FIRST_PAINT)
            timer.timeout.connect(self._begin)
            timer.start()

    def _begin(self) -> None:
        def work(_stop_if_asked: object) -> None:
            with short_collections():
                import_module(_NEEDED)

        self._background.begin(work)

    def _end(self, outcome: object) -> None:
        if isinstance(outcome, Exception):
            raise outcome
        self.are_done = True
        self.done.emit()
