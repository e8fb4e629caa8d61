"""What lies on the image in the preview, read in a thread of its own: the image does not wait for it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dicom_writer._napari.dock.preview.outdated import Outdated
from napari_dicom_writer._napari.dock.preview.overlay import Marks, Overlay, read_marks
from napari_dicom_writer._napari.dock.work.background import Background, Leaving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NORMALS = (0, 1, 2)
Through = tuple[int, int, int]


class Overlays(QObject):
    """Holds overlays with their marks; of one that shows what was shown before, nothing is read again.

    Parameters
    ----------
    samples
        Most of them along an axis.

    Attributes
    ----------
    changed : Signal
        Marks have come.
    """

    changed = Signal()

    def __init__(self, samples: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._samples = samples
        self._shown: tuple[Overlay, ...] = ()
        self._through: Through = (0, 0, 0)
        self._marks: list[dict[int, Marks]] = []
        self._problem = ""
        self._outdated = Outdated(self, self._drop)
        self._found: deque[tuple[int, int, Marks]] = deque()
        self._background = Background("dicom-preview", Leaving.AT_ONCE, self)
        self._background.looked.connect(self._take)
        self._background.ended.connect(self._end)

    @property
    def shown(self) -> tuple[Overlay, ...]:
        """The overlays, from the lowest to the topmost."""
        return self._shown

    @property
    def problem(self) -> str:
        """Why some cannot be read."""
        return self._problem

    def marks(self, normal: int) -> tuple[tuple[Overlay, Marks], ...]:
        """Return what has been read of each for one cut."""
        pairs = zip(self._shown, self._marks, strict=True)
        return tuple((overlay, marks[normal]) for overlay, marks in pairs if normal in marks)

    def show(self, overlays: Sequence[Overlay], through: Through) -> None:
        """Show these, and nothing else."""
        alike = len(overlays) == len(self._shown) and all(map(Overlay.shows_as, overlays, self._shown))
        if alike and through == self._through and not self._problem:
            self._shown = tuple(overlays)  # perhaps with other names and colors
            return
        if not alike:
            self._forget(self._outdated.take())
        moved = {normal for normal in _NORMALS if through[normal] != self._through[normal]}
        before = list(zip(self._shown, self._marks, strict=True))
        known = [next((marks for old, marks in before if new.shows_as(old)), {}) for new in overlays]
        self._shown, self._marks, self._through, self._problem = tuple(overlays), known, through, ""
        self._outdated.add((at, normal) for at, marks in enumerate(known) for normal in moved & marks.keys())
        missing = [at for at, marks in enumerate(known) if moved or len(marks) < len(_NORMALS)]
        self._read([(at, overlays[at]) for at in missing])

    def clear(self) -> None:
        """Forget them all, and let go of their arrays."""
        self._shown, self._marks, self._problem = (), [], ""
        self._outdated.take()
        self._read([])

    def _read(self, wanted: list[tuple[int, Overlay]]) -> None:
        found: deque[tuple[int, int, Marks]] = deque()
        self._found, samples, through = found, self._samples, self._through

        def work(stop_if_asked: Callable[[], None]) -> None:
            for at, overlay in wanted:
                for normal, marks in read_marks(overlay, through, samples, stop_if_asked):
                    found.append((at, normal, marks))

        self._background.replace(work if wanted else None)

    def _take(self) -> None:
        found = self._found
        if found:
            while found:
                at, normal, marks = found.popleft()
                self._marks[at] = {**self._marks[at], normal: marks}
                self._outdated.replace((at, normal))
            self.changed.emit()

    def _drop(self, parts: set[tuple[int, int]]) -> None:
        """Show no marks of a cut that the image does not show any more."""
        self._forget(parts)
        self.changed.emit()

    def _forget(self, parts: set[tuple[int, int]]) -> None:
        for at, normal in parts:
            self._marks[at] = {key: marks for key, marks in self._marks[at].items() if key != normal}

    def _end(self, outcome: object) -> None:
        self._take()
        if isinstance(outcome, Exception):
            self._problem = str(outcome) or type(outcome).__name__
            self.changed.emit()
