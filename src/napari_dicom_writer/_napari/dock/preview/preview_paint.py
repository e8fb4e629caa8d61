"""How the preview is drawn: tiles with pictures and letters, a scale bar, lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPalette, QPen

from napari_dicom_writer._napari.dock.preview.edge_letters import Letters, bold
from napari_dicom_writer._napari.dock.preview.overlay_paint import Legend, Shown, paint_lines, paint_segments
from napari_dicom_writer._napari.dock.preview.thumbnails import THINNEST, Box, Place, arrange
from napari_dicom_writer.model.units import length_text, round_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer._napari.dock.preview.cuts import Cut

# Pictures are looked at in the dark, whatever the theme.
_TILE, _NO_PICTURE, _INK, _ACCENT = "#1a2027", "#26303a", "#e8eaed", "#ffd54f"
_REFUSAL = "#d9534f"
_AS_WRITTEN, _REFORMAT = "as written", "reformatted"
_GAP, _PAD = 6.0, 4.0
_ROUND = 3.0
_SEPARATOR = "  ·  "
_BLOCKY = 3  # px a sample may be large and still be smoothed: beyond, voxels are shown as they are
_CENTER, _LEFT_CENTER = Qt.AlignmentFlag.AlignCenter, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_NO_LEGEND = Legend()
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class Picture:
    """What one tile shows.

    Attributes
    ----------
    cut : Cut
    pixels : numpy.ndarray or None
        uint8 (downward, rightward) or (downward, rightward, 3); None while there are none.
    waiting : str
        Why there are none.
    marks : tuple of (Overlay, Marks)
        What lies on it.
    """

    cut: Cut
    pixels: NDArray[Any] | None
    waiting: str
    marks: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is, in px.

    Attributes
    ----------
    width : float
        Of the whole.
    font : QFont
        Of the text.
    places : tuple of Place
        Of the tiles, from left to right.
    scale : float
        Px per mm; 0 without cuts.
    room : float
        Height of the tiles, where it does not follow from the width.
    legend : Legend
        Of what lies on the image.
    """

    width: float
    font: QFont
    places: tuple[Place, ...]
    scale: float
    room: float = 0.0
    legend: Legend = _NO_LEGEND

    @classmethod
    def of(
        cls, cuts: Sequence[Cut], width: float, font: QFont, room: float = 0.0, legend: Legend = _NO_LEGEND
    ) -> Layout:
        """Lay out the cuts for a width, and perhaps for a height of the tiles."""
        empty = cls(width, font, (), 0.0, room, legend)
        if not cuts:
            return empty
        metrics = QFontMetricsF(bold(font))
        boxes = []
        for cut in cuts:
            margin = sum(Letters.of(letters, font).stacked.width() for letters in cut.letters[:2]) + 4 * _PAD
            least = max(map(metrics.horizontalAdvance, (cut.name, _AS_WRITTEN, _REFORMAT))) + _PAD
            boxes.append(Box(cut.width, cut.height, margin, least))
        places, scale = arrange(boxes, width, empty.tile_height - 2 * metrics.height() - 2 * _PAD, _GAP)
        return cls(width, font, places, scale, room, legend)

    @property
    def line(self) -> float:
        """Height of a line of text."""
        return QFontMetricsF(self.font).height()

    @property
    def tile_top(self) -> float:
        """Below the two lines of titles."""
        return 2 * self.line + _PAD

    @property
    def tile_height(self) -> float:
        """The same whatever is shown, so that nothing jumps when another layer is chosen."""
        return self.room or float(np.clip(0.4 * self.width, 6 * self.line, 20 * self.line))

    @property
    def bar_top(self) -> float:
        """Top of the line with the scale bar."""
        return self.tile_top + self.tile_height + _PAD

    @property
    def legend_top(self) -> float:
        """Top of the legend."""
        return self.bar_top + self.line + _PAD

    @property
    def text_top(self) -> float:
        """Top of the text."""
        return self.legend_top + (self.legend.height + _PAD if self.legend.rows else 0.0)

    def tile(self, place: Place) -> QRectF:
        """Rectangle of a tile."""
        return QRectF(place.left, self.tile_top, place.tile, self.tile_height)

    def picture(self, place: Place) -> QRectF:
        """Rectangle of its picture, in the middle."""
        center = self.tile(place).center()
        return QRectF(center.x() - place.width / 2, center.y() - place.height / 2, place.width, place.height)


def text_height(layout: Layout, lines: Sequence[str], heading: str, message: str) -> int:
    """Return the height in px of the whole preview: lines below the cuts or, without any, a message in their place."""
    width, font = layout.width, layout.font
    if lines:
        return int(np.ceil(layout.text_top + _wrapped_height(_flowed(lines, width, font), width, font)))
    return int(
        np.ceil(max(layout.text_top, _wrapped_height(f"{heading}\n{message}", width - 6 * _PAD, bold(font)) + 4 * _PAD))
    )


def tile_room(layout: Layout, height: float, lines: Sequence[str]) -> float:
    """Return the height of tiles that leaves room for all else."""
    width, font = layout.width, layout.font
    rest = layout.text_top - layout.tile_height + _wrapped_height(_flowed(lines, width, font), width, font)
    return max(6 * layout.line, height - rest)


def _wrapped_height(text: str, width: float, font: QFont) -> float:
    return float(QFontMetricsF(font).boundingRect(QRectF(0, 0, width, 1e5), _WRAPPED, text).height())


def _flowed(lines: Sequence[str], width: float, font: QFont) -> str:
    """Put as many statements into a line as fit."""
    metrics = QFontMetricsF(font)
    rows: list[str] = []
    for line in lines:
        joined = f"{rows[-1]}{_SEPARATOR}{line}" if rows else line
        if rows and metrics.horizontalAdvance(joined) <= width:
            rows[-1] = joined
        else:
            rows.append(line)
    return "\n".join(rows)


def _dimmed(palette: QPalette) -> QColor:
    color = QColor(palette.color(QPalette.ColorRole.WindowText))
    color.setAlphaF(0.7)
    return color


def paint_message(painter: QPainter, area: QRectF, heading: str, message: str, palette: QPalette) -> None:
    """Say something in place of the cuts; with a heading it is a refusal."""
    if not heading:
        painter.setPen(_dimmed(palette))
        painter.drawText(area, int(_CENTER) | int(Qt.TextFlag.TextWordWrap), message)
        return
    painter.fillRect(QRectF(area.left(), area.top(), _PAD, area.height()), QColor(_REFUSAL))
    area = area.adjusted(3 * _PAD, 2 * _PAD, -3 * _PAD, -2 * _PAD)
    font = painter.font()
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    painter.setFont(bold(font))
    painter.drawText(area, _WRAPPED, heading)
    painter.setFont(font)
    painter.drawText(area.adjusted(0, QFontMetricsF(bold(font)).height(), 0, 0), _WRAPPED, message)


def paint_cuts(
    painter: QPainter, layout: Layout, pictures: Sequence[Picture], lines: Sequence[str], palette: QPalette
) -> None:
    """Draw the tiles, the scale bar and the text."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(layout.font)
    for picture, place in zip(pictures, layout.places, strict=True):
        _paint_title(painter, layout, place, picture.cut, palette)
        _paint_tile(painter, layout, place, picture)
    _paint_bar(painter, layout, pictures, palette)
    layout.legend.paint(painter, layout.legend_top, palette.color(QPalette.ColorRole.WindowText))
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    text = _flowed(lines, layout.width, layout.font)
    painter.drawText(QRectF(0, layout.text_top, layout.width, 1e5), _WRAPPED, text)


def _paint_title(painter: QPainter, layout: Layout, place: Place, cut: Cut, palette: QPalette) -> None:
    row = QRectF(place.left, 0, place.tile, layout.line)
    painter.setPen(palette.color(QPalette.ColorRole.WindowText))
    painter.setFont(bold(layout.font))
    painter.drawText(row, int(_CENTER), cut.name)
    painter.setFont(layout.font)
    if not cut.written:
        painter.setPen(_dimmed(palette))
    painter.drawText(row.translated(0, layout.line), int(_CENTER), _AS_WRITTEN if cut.written else _REFORMAT)


def _paint_tile(painter: QPainter, layout: Layout, place: Place, picture: Picture) -> None:
    device = painter.device()
    ratio = device.devicePixelRatioF() if device else 1.0
    tile, area = layout.tile(place), layout.picture(place)
    painter.setPen(QPen(QColor(_ACCENT), 1.5) if picture.cut.written else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(_TILE))
    painter.drawRoundedRect(tile.adjusted(0.75, 0.75, -0.75, -0.75), _ROUND, _ROUND)
    if picture.pixels is not None:
        _paint_pixels(painter, area, picture.pixels, ratio)
    else:
        painter.fillRect(area, QColor(_NO_PICTURE))
        painter.setPen(QColor(_INK))
        flags = int(_CENTER) | int(Qt.TextFlag.TextWordWrap)
        if area.contains(painter.boundingRect(area, flags, picture.waiting)):
            painter.drawText(area, flags, picture.waiting)
    painter.save()
    painter.setClipRect(area.adjusted(-2, -2, 2, 2))
    for paint in (paint_segments, paint_lines):
        for overlay, marks in picture.marks:
            paint(painter, area, picture.cut, overlay, marks)
    painter.restore()
    _paint_letters(painter, layout, area, picture.cut.letters)


def _paint_pixels(painter: QPainter, area: QRectF, pixels: NDArray[Any], ratio: float) -> None:
    """Scale to the pixels of the screen, each exactly one."""
    rows, columns = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    form = QImage.Format.Format_RGB888 if data.ndim == 3 else QImage.Format.Format_Grayscale8
    buffer = data.tobytes()  # which the image does not own
    image = QImage(buffer, columns, rows, data.strides[0], form)
    size = QSize(max(1, round(area.width() * ratio)), max(1, round(area.height() * ratio)))
    smooth = size.width() < _BLOCKY * columns or size.height() < _BLOCKY * rows
    mode = Qt.TransformationMode.SmoothTransformation if smooth else Qt.TransformationMode.FastTransformation
    scaled = image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
    scaled.setDevicePixelRatio(ratio)
    corner = QPointF(round(area.left() * ratio) / ratio, round(area.top() * ratio) / ratio)
    painter.drawImage(corner, scaled)


def _paint_letters(painter: QPainter, layout: Layout, area: QRectF, letters: tuple[str, str, str, str]) -> None:
    painter.setPen(QColor(_ACCENT))
    left, right, top, bottom = (Letters.of(letter, layout.font) for letter in letters)
    middle = area.center()
    for letter, x in ((left, area.left() - _PAD - left.stacked.width()), (right, area.right() + _PAD)):
        letter.paint_stacked(painter, QPointF(x, middle.y() - letter.stacked.height() / 2))
    for letter, y in ((top, area.top() - 1 - top.inline.height()), (bottom, area.bottom() + 1)):
        letter.paint_inline(painter, QPointF(middle.x() - letter.inline.width() / 2, y))
    painter.setFont(layout.font)


def _paint_bar(painter: QPainter, layout: Layout, pictures: Sequence[Picture], palette: QPalette) -> None:
    """Draw a bar of a round length, about half as wide as the widest picture, and say where sizes are not true."""
    widest = max(picture.cut.width for picture in pictures)
    length = round_length(min(0.6 * widest, 0.3 * layout.width / layout.scale))
    row = QRectF(0, layout.bar_top, layout.width, layout.line)
    end, middle, cap = length * layout.scale, row.center().y(), 3.0
    painter.setPen(QPen(palette.color(QPalette.ColorRole.WindowText), 1.5))
    for start, stop in (((1, 0), (end, 0)), ((1, -cap), (1, cap)), ((end, -cap), (end, cap))):
        painter.drawLine(QPointF(start[0], middle + start[1]), QPointF(stop[0], middle + stop[1]))
    painter.drawText(row.adjusted(end + 2 * _PAD, 0, 0, 0), int(_LEFT_CENTER), length_text(length))
    if any(place.thin for place in layout.places):
        painter.setPen(_dimmed(palette))
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(row, right, f"thin sides drawn {THINNEST:g} px wide")
