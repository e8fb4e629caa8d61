"""How overlays are painted: segments half transparent, contours as lines, and a legend of their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from napari_dicom_writer._napari.dock.parts.plain import shown_name
from napari_dicom_writer.model.contours import ENCLOSING, POINT
from napari_dicom_writer.plan.segments import STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from qtpy.QtGui import QFont

    from napari_dicom_writer._napari.dock.preview.cuts import Cut
    from napari_dicom_writer._napari.dock.preview.overlay import Line, Marks, Overlay

_OPACITY = 0.5
_WIDTH, _POINT = 1.5, 5.0  # px
_NEAR = 5.0  # px from a point that still mean it
_SWATCH, _GAP = 0.7, 10.0  # of a line's height; px between entries
_ROWS = 2
_DARK = 0.35  # lightness

Shown = tuple["Overlay", "Marks"]


def paint_segments(painter: QPainter, area: QRectF, cut: Cut, overlay: Overlay, marks: Marks) -> None:
    """Paint the segments of a cut half transparent, each pixel whole."""
    if marks.numbers is None or not marks.filled or not marks.numbers.any():
        return
    numbers = np.ascontiguousarray(cut.orient(marks.numbers))
    table = np.zeros(len(overlay.segments) + 1, np.uint32)
    for number, segment in enumerate(overlay.segments, 1):
        table[number] = QColor(*segment.color, round(255 * _OPACITY)).rgba()
    pixels = table[numbers]
    if marks.steps is not None:
        opacity = np.rint(cut.orient(marks.steps).astype(np.float64) * (255 * _OPACITY / STEPS)).astype(np.uint32)
        pixels = (pixels & 0xFFFFFF) | opacity << 24
    rows, columns = pixels.shape
    buffer = pixels.tobytes()  # which the image does not own
    painter.drawImage(area, QImage(buffer, columns, rows, 4 * columns, QImage.Format.Format_ARGB32))


def paint_lines(painter: QPainter, area: QRectF, cut: Cut, overlay: Overlay, marks: Marks) -> None:
    """Paint the outlines, chords and points of a cut."""
    for line in marks.lines:
        color = QColor(*overlay.segments[line.number - 1].color)
        where = _polygon(area, cut, line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(_halo(color), _WIDTH + 2), QPen(color, _WIDTH)):
            painter.setPen(pen)
            if line.kind in ENCLOSING:
                painter.drawPolygon(where)
            elif line.kind != POINT:
                painter.drawPolyline(where)
        if line.kind == POINT:
            for pen in (QPen(QColor("#000000"), _POINT + 2), QPen(color, _POINT)):
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawPoints(where)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _halo(color: QColor) -> QColor:
    """What sets a color apart from an image, which may be as dark or as bright as it is itself."""
    return QColor(255, 255, 255, 90) if color.lightnessF() < _DARK else QColor(0, 0, 0, 90)


def _polygon(area: QRectF, cut: Cut, line: Line) -> QPolygonF:
    places = _places(area, cut, line)
    if line.kind == POINT and len(places) > 1:
        places = np.unique(places.round(), axis=0)  # no more than there are pixels
    return QPolygonF([QPointF(x, y) for x, y in places.tolist()])


def _places(area: QRectF, cut: Cut, line: Line) -> NDArray[np.float64]:
    """(points, 2), px."""
    places: NDArray[np.float64] = cut.shares(line.points) * (area.width(), area.height()) + (area.left(), area.top())
    return places


def names_at(point: QPointF, area: QRectF, cut: Cut, shown: Sequence[Shown]) -> list[str]:
    """Return the names of the segments under a point of a cut's picture, the topmost first; of fractions how much."""
    if not area.adjusted(-_NEAR, -_NEAR, _NEAR, _NEAR).contains(point):
        return []
    names: list[str] = []
    for overlay, marks in reversed(shown):
        numbers = [line.number for line in marks.lines if _is_at(point, area, cut, line)]
        much = ""
        if marks.numbers is not None and area.contains(point):
            if number := _pixel_at(point, area, cut.orient(marks.numbers)):
                numbers.append(number)
            if marks.steps is not None:
                much = f" {_pixel_at(point, area, cut.orient(marks.steps)) / STEPS:.0%}"
        names += [f"{shown_name(overlay.segments[number - 1].name)}{much}" for number in dict.fromkeys(numbers)]
    return list(dict.fromkeys(names))


def _pixel_at(point: QPointF, area: QRectF, pixels: NDArray[Any]) -> int:
    row = int((point.y() - area.top()) / area.height() * pixels.shape[0])
    column = int((point.x() - area.left()) / area.width() * pixels.shape[1])
    return int(pixels[min(row, pixels.shape[0] - 1), min(column, pixels.shape[1] - 1)])


def _is_at(point: QPointF, area: QRectF, cut: Cut, line: Line) -> bool:
    if line.kind == POINT:
        apart = np.linalg.norm(_places(area, cut, line) - (point.x(), point.y()), axis=1)
        return bool(apart.min() <= _NEAR)
    where = _polygon(area, cut, line)
    if line.kind in ENCLOSING:
        return where.containsPoint(point, Qt.FillRule.OddEvenFill)
    return any(_passes(point, where.at(at), where.at(at + 1)) for at in range(where.size() - 1))


def _passes(point: QPointF, one: QPointF, other: QPointF) -> bool:
    path = QPainterPath(one)
    path.lineTo(other)
    return path.intersects(QRectF(point.x() - 2, point.y() - 2, 4, 4))


@dataclass(frozen=True, slots=True)
class Legend:
    """Which color is what, as far as there is room.

    Attributes
    ----------
    rows : tuple of tuple of (float, color or None, str)
        From the left: where, px, and what; without a color it says how many there are more.
    line : float
        Height of a row, px.
    """

    rows: tuple[tuple[tuple[float, tuple[int, int, int] | None, str], ...], ...] = ()
    line: float = 0.0

    @classmethod
    def of(cls, overlays: Sequence[Overlay], width: float, font: QFont) -> Legend:
        """Put as many names into two rows as fit."""
        metrics = QFontMetricsF(font)
        line = metrics.height()
        entries = [(segment.color, shown_name(segment.name)) for one in overlays for segment in one.segments]
        entries = list(dict.fromkeys(entries))
        rows: list[list[tuple[float, tuple[int, int, int] | None, str]]] = [[]] if entries else []
        left = 0.0
        for at, (color, name) in enumerate(entries):
            more = f"and {len(entries) - at:,} more"
            rest = _GAP + metrics.horizontalAdvance(more) if at + 1 < len(entries) else 0.0
            name = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, max(1.0, width - line - rest))
            needed = line + metrics.horizontalAdvance(name)
            last = len(rows) == _ROWS
            if rows[-1] and left + needed + (rest if last else 0.0) > width:
                if last:
                    rows[-1].append((left, None, more))
                    break
                rows.append([])
                left = 0.0
            rows[-1].append((left, color, name))
            left += needed + _GAP
        return cls(tuple(map(tuple, rows)), line)

    @property
    def height(self) -> float:
        """Px."""
        return len(self.rows) * self.line

    def paint(self, painter: QPainter, top: float, ink: QColor) -> None:
        """Paint swatches and names, half transparent as the segments are."""
        for number, row in enumerate(self.rows):
            y, side = top + number * self.line, _SWATCH * self.line
            for x, color, text in row:
                indent = 0.0
                if color is not None:
                    indent = self.line
                    swatch = QRectF(x, y + (self.line - side) / 2, side, side)
                    painter.fillRect(swatch, QColor(*color))
                    painter.setPen(QColor(ink.red(), ink.green(), ink.blue(), 90))  # white is nothing on a light theme
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRect(swatch)
                painter.setPen(ink)
                painter.drawText(QPointF(x + indent, y + 0.8 * self.line), text)
