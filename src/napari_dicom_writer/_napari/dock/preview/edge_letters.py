"""Patient letters at the edge of a picture, compound ones in little room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QSizeF
from qtpy.QtGui import QFont, QFontInfo, QFontMetricsF

if TYPE_CHECKING:
    from qtpy.QtGui import QPainter

_TIGHT = 0.85  # of the height of a line: capitals have no descenders


def bold(font: QFont) -> QFont:
    """Return a bold copy."""
    copy = QFont(font)
    copy.setBold(True)
    return copy


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters of one edge: the direction it mostly faces large, the others small.

    Attributes
    ----------
    main, minor : str
        First letter, and the others.
    large, small : QFont
    inline, stacked : QSizeF
        Size with the small letters behind the large one, and below it, where width is dear.
    """

    main: str
    minor: str
    large: QFont
    small: QFont
    inline: QSizeF
    stacked: QSizeF

    @classmethod
    def of(cls, letters: str, font: QFont) -> Letters:
        """Measure letters such as ``LAH``."""
        large = bold(font)
        small = QFont(large)
        small.setPixelSize(max(7, round(0.75 * QFontInfo(large).pixelSize())))
        main, minor = letters[:1], letters[1:]
        wide, high = QFontMetricsF(large).horizontalAdvance(main), QFontMetricsF(large).height()
        more, low = QFontMetricsF(small).horizontalAdvance(minor), QFontMetricsF(small).height()
        stacked = QSizeF(max(wide, more), high + (low * _TIGHT if minor else 0))
        return cls(main, minor, large, small, QSizeF(wide + more, high), stacked)

    def paint_inline(self, painter: QPainter, corner: QPointF) -> None:
        """Write them on one base line."""
        base = corner + QPointF(0, QFontMetricsF(self.large).ascent())
        painter.setFont(self.large)
        painter.drawText(base, self.main)
        painter.setFont(self.small)
        painter.drawText(base + QPointF(QFontMetricsF(self.large).horizontalAdvance(self.main), 0), self.minor)

    def paint_stacked(self, painter: QPainter, corner: QPointF) -> None:
        """Write the small ones below, centered."""
        large, small = QFontMetricsF(self.large), QFontMetricsF(self.small)
        base = corner + QPointF(0, large.ascent())
        painter.setFont(self.large)
        painter.drawText(base + QPointF((self.stacked.width() - large.horizontalAdvance(self.main)) / 2, 0), self.main)
        painter.setFont(self.small)
        indent = (self.stacked.width() - small.horizontalAdvance(self.minor)) / 2
        painter.drawText(base + QPointF(indent, small.height() * _TIGHT), self.minor)
