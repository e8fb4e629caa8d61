"""The geometry preview: three central cuts as they will lie in the patient, with letters, scale and numbers.

A wrong orientation or unit is caught here, by eye, before anything is written. All that is drawn but the pixels comes
from the `Grid` that will be written.
"""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Signal
from qtpy.QtGui import QHelpEvent, QPainter
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_dicom_writer._napari.dock.parts.plain import shown_name, tooltip
from napari_dicom_writer._napari.dock.preview.cuts import Cut, make_cuts, middle
from napari_dicom_writer._napari.dock.preview.overlay_paint import Legend, names_at
from napari_dicom_writer._napari.dock.preview.overlays import Overlays
from napari_dicom_writer._napari.dock.preview.pixels import Pixels
from napari_dicom_writer._napari.dock.preview.placement_text import cut_text, placement_lines
from napari_dicom_writer._napari.dock.preview.preview_paint import (
    Layout,
    Picture,
    paint_cuts,
    paint_message,
    text_height,
    tile_room,
)
from napari_dicom_writer._napari.dock.preview.sections import LIMIT
from napari_dicom_writer._napari.dock.preview.view import View

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QMouseEvent, QPaintEvent

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.grid import Grid

_EMPTY = "Choose a layer to see where it will lie."
_REFUSED = "Cannot be placed"
_WORDS = (
    "Sizes are columns × rows × planes, from edge to edge; positions are centers of voxels.\n"
    "L, P, H: toward the patient's left, back (posterior), head. R, A, F: right, front (anterior), feet."
)
_LONGEST = 200  # characters of what a broken array says
_WIDTH, _LEAST_WIDTH = 320, 240


class PreviewWidget(QWidget):
    """Shows where a volume will lie, and why it cannot be placed.

    Geometry is painted at once; pixels follow from a thread, and stay while only the geometry changes. An array that
    was changed in place is read again after `clear`.

    Parameters
    ----------
    samples
        Most of them along an axis of a cut.
    one_cut
        Whether it shows a single cut, as large as it is itself.

    Attributes
    ----------
    changed : Signal
        It shows something else.
    clicked : Signal(int)
        Number of the cut that was clicked.
    """

    changed = Signal()
    clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, samples: int = LIMIT, one_cut: bool = False) -> None:
        super().__init__(parent)
        self._one_cut, self._chosen = one_cut, 0
        self._grid: Grid | None = None
        self._cuts: tuple[Cut, ...] = ()
        self._tooltips: tuple[str, ...] = ()
        self._lines: tuple[str, ...] = ()
        self._message: tuple[str, str] = ("", _EMPTY)
        self._volume: Volume | None = None
        self._pixels = Pixels(samples, self)
        self._pixels.changed.connect(self.update)
        self._pixels.failed.connect(self._refresh)
        self._through: tuple[int, int, int] = (0, 0, 0)
        self._overlays = Overlays(samples, self)
        self._overlays.changed.connect(self._refresh)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(not one_cut)
        self.setSizePolicy(policy)
        self.setAccessibleName("Geometry preview")
        self._describe()

    @property
    def cuts(self) -> tuple[Cut, ...]:
        """What is shown: the written plane and two reformats (none for a 2-D image); empty without a placement."""
        return self._cuts

    @property
    def placement(self) -> View | None:
        """What is shown."""
        if not (self._cuts and self._volume and self._grid):
            return None
        return View(self._volume, self._grid, self._overlays.shown, self._through)

    @property
    def overlays(self) -> Overlays:
        """What lies on the image."""
        return self._overlays

    @property
    def refusal(self) -> str:
        """Why nothing can be shown."""
        return self._message[1] if self._message[0] else ""

    def choose_cut(self, index: int) -> None:
        """Show another cut, where a single one is shown."""
        self._chosen = index
        self.update()

    @property
    def lines(self) -> tuple[str, ...]:
        """The statements below the cuts, and why pixels are missing; empty without a placement."""
        if not self._lines:
            return ()
        above = self._overlays.problem
        problems = [self._problem, above and _shortened(f"What lies on it cannot be read: {above}")]
        return (*self._lines, *filter(None, problems))

    @property
    def pixels(self) -> dict[int, NDArray[Any]]:
        """8-bit samples of each cut that has been read, as shown: (downward, rightward[, samples]), by its normal."""
        shown = self._pixels.shown
        return {cut.normal: cut.orient(shown[cut.normal]) for cut in self._cuts if cut.normal in shown}

    @property
    def _problem(self) -> str:
        return self._pixels.problem and _shortened(f"Pixels cannot be read: {self._pixels.problem}")

    def show_view(self, view: View) -> None:
        """Show where a volume will lie, and what lies on it.

        Parameters
        ----------
        view
            Arrays are read in a thread, unless they are those already shown.
        """
        volume, grid = view.volume, view.grid
        through = view.through or middle(volume.shape)
        self._volume = volume
        self._pixels.show(volume, through)
        self._grid, self._message = grid, ("", "")
        self._through = through
        self._overlays.show(view.overlays, through)
        self._cuts = make_cuts(grid, volume.shape, through)
        self._tooltips = tuple(cut_text(cut, volume.shape[cut.normal]) for cut in self._cuts)
        self._lines = placement_lines(grid, volume.shape)
        self._refresh()

    def show_refusal(self, text: str) -> None:
        """Say why there is no placement; pixels stay for when there is one."""
        self._forget_placement((_REFUSED, text))

    def show_hint(self, text: str) -> None:
        """Say what is missing to show anything."""
        self._forget_placement(("", text))

    def clear(self) -> None:
        """Forget everything, and let go of the array."""
        self._pixels.clear()
        self._overlays.clear()
        self._volume = None
        self._forget_placement(("", _EMPTY))

    def _forget_placement(self, message: tuple[str, str]) -> None:
        self._cuts, self._tooltips, self._lines, self._message = (), (), (), message
        self._refresh()

    def _refresh(self) -> None:
        self._describe()
        self.updateGeometry()
        self.update()
        self.changed.emit()

    def _describe(self) -> None:
        """Tell screen readers all that is to be seen."""
        parts = (*self._tooltips, *self.lines, self._names()) if self._cuts else self._message
        self.setAccessibleDescription("\n".join(filter(None, parts)))

    def _names(self) -> str:
        """Name what lies on the image."""
        names = [shown_name(segment.name) for overlay in self._overlays.shown for segment in overlay.segments]
        return f"On it: {', '.join(names)}" if names else ""

    def _picture(self, cut: Cut) -> Picture:
        pixels = self._pixels.shown.get(cut.normal)
        waiting = "cannot be read" if self._problem else "reading…"
        return Picture(cut, None if pixels is None else cut.orient(pixels), waiting, self._overlays.marks(cut.normal))

    @property
    def _shown(self) -> tuple[Cut, ...]:
        return self._cuts[self._chosen :][:1] if self._one_cut else self._cuts

    def _layout(self) -> Layout:
        empty = self._empty_layout(self.width())
        room = tile_room(empty, float(self.height()), self.lines) if self._one_cut else 0.0
        return Layout.of(self._shown, empty.width, empty.font, room, empty.legend)

    def _empty_layout(self, width: float) -> Layout:
        """All but the cuts."""
        overlays = self._overlays.shown if self._cuts else ()
        return Layout(width, self.font(), (), 0.0, legend=Legend.of(overlays, width, self.font()))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw everything anew."""
        painter = QPainter(self)
        if self._cuts:
            paint_cuts(painter, self._layout(), [self._picture(cut) for cut in self._shown], self.lines, self.palette())
        else:
            paint_message(painter, QRectF(self.rect()), *self._message, self.palette())
        painter.end()

    def event(self, event: QEvent | None) -> bool:
        """Explain what is under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.tooltip_at(event.pos().x(), event.pos().y())
            QToolTip.showText(event.globalPos(), tooltip(text), self)
            return True
        return bool(super().event(event))

    def tooltip_at(self, x: int, y: int) -> str:
        """Return what is said about the place at `x`, `y`."""
        if not self._cuts:
            return ""
        layout = self._layout()
        if y >= layout.legend_top:
            return _WORDS if y >= layout.text_top else self._names()
        index = self._cut_at(x)
        if index is None:
            return ""
        cut = self._cuts[index]
        area = layout.picture(layout.places[index - (self._chosen if self._one_cut else 0)])
        names = ", ".join(names_at(QPointF(x, y), area, cut, self._overlays.marks(cut.normal)))
        missing = self._problem if self._cuts[index].normal not in self._pixels.shown else ""
        enlarge = "" if self._one_cut else "Click to enlarge."
        return "\n".join(filter(None, (names, self._tooltips[index], missing, enlarge)))

    def _cut_at(self, x: float) -> int | None:
        places = enumerate(self._layout().places, self._chosen if self._one_cut else 0)
        return next((index for index, place in places if place.left <= x < place.left + place.tile), None)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Tell which cut was clicked."""
        if event is None or not self._cuts or event.position().y() >= self._layout().legend_top:
            return
        index = self._cut_at(event.position().x())
        if index is not None:
            self.clicked.emit(index)

    def hasHeightForWidth(self) -> bool:
        """Whether the height follows from the width: it does, but in a window of its own."""
        return not self._one_cut

    def heightForWidth(self, width: int) -> int:
        """Height that shows everything."""
        return text_height(self._empty_layout(float(width)), self.lines, *self._message)

    def sizeHint(self) -> QSize:
        """Size it likes to have."""
        return QSize(_WIDTH, self.heightForWidth(_WIDTH))

    def minimumSizeHint(self) -> QSize:
        """Size below which titles overlap."""
        return QSize(_LEAST_WIDTH, _LEAST_WIDTH if self._one_cut else self.heightForWidth(_LEAST_WIDTH))


def _shortened(text: str) -> str:
    return shorten(text, _LONGEST, placeholder="…")
