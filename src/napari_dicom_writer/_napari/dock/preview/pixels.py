"""The image in the preview: its sections, read in a thread, and what they look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.preview.outdated import Outdated
from napari_dicom_writer._napari.dock.preview.section_reader import SectionReader
from napari_dicom_writer._napari.dock.preview.sections import to_8_bit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume


class Pixels(QObject):
    """Holds the sections of one image.

    Parameters
    ----------
    samples
        Most of them along an axis.

    Attributes
    ----------
    changed : Signal
        A section has come, or is gone.
    failed : Signal
        `problem` says why none comes.
    reader : SectionReader
        Reads them.
    """

    changed = Signal()
    failed = Signal()

    def __init__(self, samples: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.problem = ""
        self._volume: Volume | None = None
        self._through = (0, 0, 0)
        self._sections: dict[int, NDArray[Any]] = {}
        self._shown: dict[int, NDArray[Any]] = {}
        self._outdated = Outdated(self, self._drop)
        self.reader = SectionReader(samples, self)
        self.reader.section.connect(self._take)
        self.reader.failed.connect(self._fail)

    @property
    def shown(self) -> dict[int, NDArray[Any]]:
        """8-bit samples of what has been read, by the normal of the section."""
        return self._shown

    def show(self, volume: Volume, through: tuple[int, int, int]) -> None:
        """Show the sections of an image; its array is read unless these are shown already."""
        old, before, self._volume, self._through = self._volume, self._through, volume, through
        if old is None or not _same_pixels(old, volume):
            self._forget()
        elif through != before:
            self.problem = ""
            self._outdated.add(normal for normal in range(3) if through[normal] != before[normal])
        else:
            if old.window != volume.window and self._sections:
                self._shown = dict(to_8_bit(volume, self._sections))
            return
        self.reader.read(volume, through)

    def clear(self) -> None:
        """Forget everything, and let go of the array."""
        self.reader.cancel()
        self._forget()
        self._volume = None

    def _forget(self) -> None:
        self._sections, self._shown, self.problem = {}, {}, ""
        self._outdated.take()

    def _take(self, normal: int, values: NDArray[Any]) -> None:
        if self._volume is None:
            return
        self._sections[normal] = values
        self._outdated.replace(normal)
        self._shown = dict(to_8_bit(self._volume, self._sections))
        self.changed.emit()

    def _fail(self, text: str) -> None:
        self.problem = text
        self.failed.emit()

    def _drop(self, normals: set[int]) -> None:
        """Show what is slow to come as what is being read."""
        for normal in normals:
            self._sections.pop(normal, None)
            self._shown.pop(normal, None)
        self.changed.emit()


def _same_pixels(one: Volume, other: Volume) -> bool:
    """Whether both show the same array the same way."""
    return one.array is other.array and one.axes == other.axes and one.rgb == other.rgb
