"""What was written, loaded back into the viewer to be compared with the layer it came from."""

from __future__ import annotations

import math
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Layer
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.contours import showable
from napari_dicom_writer._napari.dock.work.background import Background, Leaving
from napari_dicom_writer._napari.dock.work.collecting import short_collections
from napari_dicom_writer._napari.faults import faults_as_export_errors
from napari_dicom_writer.errors import ExportCancelled, ExportError
from napari_dicom_writer.layers.from_drawn import by_layer
from napari_dicom_writer.layers.from_volume import to_layer
from napari_dicom_writer.reading.lazy import lazy
from napari_dicom_writer.reading.series import read_series

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from napari.viewer import Viewer

    from napari_dicom_writer.model.volume import Volume

# Volumes up to this size are loaded; planes of larger ones are read when they are looked at.
_EAGER_BYTES = 512 * 2**20


class SeriesLoader(QObject):
    """Reads series in a thread and adds them to a viewer as layers.

    Attributes
    ----------
    shown : Signal
        (list of Layer): they are in the viewer.
    failed : Signal
        (ExportError): told by a notification, too.
    """

    shown = Signal(object)
    failed = Signal(object)

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._background = Background("napari-dicom-writer", Leaving.CLEANLY, self)
        self._background.ended.connect(self._end)

    @property
    def running(self) -> bool:
        """Whether it reads."""
        return self._background.running

    def load(self, folder: str | os.PathLike[str]) -> None:
        """Begin to read every series in a folder and below, or the one of a file; signals tell how it ends."""

        def work(stop_if_asked: Callable[[], None]) -> object:
            with short_collections(), faults_as_export_errors("Loading"):
                return _layers(read_series(folder), stop_if_asked)

        self._background.begin(work)

    def cancel(self) -> None:
        """Stop soon, and show nothing."""
        self._background.cancel()

    def _end(self, outcome: Any) -> None:
        if isinstance(outcome, ExportCancelled):
            return
        if isinstance(outcome, ExportError):
            show_error(f"DICOM: {outcome}")
            self.failed.emit(outcome)
            return
        # What is exported follows the selection, and should stay what it is.
        selected = set(self._viewer.layers.selection)
        added = [self._viewer.add_layer(Layer.create(*showable(each))) for each in outcome]
        self._viewer.layers.selection = selected
        self.shown.emit(added)


def show_in_viewer(viewer: Viewer, folder: str | os.PathLike[str], parent: QObject | None) -> SeriesLoader:
    """Load the series in a folder into a viewer; the viewer goes on meanwhile.

    Parameters
    ----------
    viewer
        Gets a layer "<name> (DICOM)" for each series, gray, with the display limits of the files. Closed before the
        end, it gets none.
    folder
        Or a single file.
    parent
        While it is there, loading goes on.

    Returns
    -------
    SeriesLoader
        Its signals tell how it ends; it lives until then, or with its parent.
    """
    loader = SeriesLoader(viewer, parent)
    loader.shown.connect(loader.deleteLater)
    loader.failed.connect(loader.deleteLater)
    loader.load(folder)
    return loader


def _layers(volumes: Sequence[Volume], stop_if_asked: Callable[[], None]) -> list[tuple[Any, dict[str, Any], str]]:
    """Make layer tuples, with the pixels of those that are not too large."""
    found = []
    for part, volume in (each for whole in volumes for each in by_layer(whole)):
        data, attributes, kind = to_layer(volume if volume.drawn else _in_memory(volume, stop_if_asked))
        called = ", ".join(filter(None, (volume.name, part)))
        name = f"{called} (DICOM)" if called else "DICOM"
        if kind == "image":
            attributes["colormap"] = None if volume.rgb else "gray"
        found.append((data, {**attributes, "name": name}, kind))
    return found


def _in_memory(volume: Volume, stop_if_asked: Callable[[], None]) -> Volume:
    """Load an array that is not too large."""
    size = math.prod(volume.array.shape) * volume.dtype.itemsize
    return volume.over(_loaded(volume.array, stop_if_asked) if size <= _EAGER_BYTES else lazy(volume.array))


def _loaded(array: Any, stop_if_asked: Callable[[], None]) -> Any:
    """Read an array chunk by chunk: these are its planes."""
    result = np.empty(array.shape, array.dtype)
    single = takewhile(lambda axis: axis[1] == 1, zip(array.shape, array.chunks, strict=True))
    for place in np.ndindex(*(length for length, _ in single)):
        stop_if_asked()
        result[place] = array[place]
    return result
