"""What is always in sight: whether it can be exported, where to, the buttons, and how far the export is."""

from __future__ import annotations

import math
from textwrap import shorten
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from napari_dicom_writer._napari.dock.parts.focus import BARE
from napari_dicom_writer._napari.dock.parts.fold import ElidedLabel
from napari_dicom_writer._napari.dock.parts.ink import InkLabel
from napari_dicom_writer._napari.dock.parts.plain import tooltip, wrapping
from napari_dicom_writer.plan.wording import format_bytes

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from napari_dicom_writer._napari.dock.foot.target import TargetRow
    from napari_dicom_writer.plan.plan import ExportPlan

_LONGEST = 240  # characters of the status
_STEPS = 1000  # of the bar: what is counted may be more than it can hold


class Controls(QWidget):
    """The foot of the dock widget.

    Parameters
    ----------
    target
        The row that says where to.

    Attributes
    ----------
    status_clicked : Signal
        The status line was clicked: show the details.
    """

    status_clicked = Signal()

    def __init__(self, target: TargetRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._target = target
        self._status = _StatusLine()
        self._status.clicked.connect(self.status_clicked)
        self.tags_button = QPushButton("Tags…")
        self.tags_button.setToolTip("Show the header of the first instance, before anything is written")
        self.export_button = QPushButton("Export")
        self.export_button.setDefault(True)
        self.export_button.setToolTip("Write, read back, and only then publish")
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop, and leave nothing behind")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the export")
        self._rate = ElidedLabel()
        buttons = QHBoxLayout()
        buttons.addWidget(self.tags_button)
        buttons.addStretch(1)
        buttons.addWidget(self.export_button, 2)
        self._run_row = QWidget()
        run = QHBoxLayout(self._run_row)
        run.setContentsMargins(0, 0, 0, 0)
        side = QVBoxLayout()
        side.setSpacing(2)
        side.addWidget(self.bar)
        side.addWidget(self._rate)
        run.addLayout(side, 1)
        run.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(5)
        for widget in (self._status, target):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        layout.addWidget(self._run_row)
        self.show_running(running=False)

    @property
    def status(self) -> str:
        """What the status line says."""
        return self._status.text

    def show_status(self, kind: str, text: str) -> None:
        """Say in a line whether it can be exported; `kind` as of the preflight's messages."""
        self._status.show_text(kind, text)

    def show_plan(self, plan: ExportPlan | None) -> None:
        """Offer what can be done with a plan; nothing without one."""
        self.export_button.setEnabled(plan is not None)
        self.tags_button.setEnabled(plan is not None)
        count = len(plan.series) if plan else 1
        what = f" {count} series" if count > 1 else ""
        self.export_button.setText(f"Send{what}…" if self._target.remote else f"Export{what}")

    def show_given(self, count: int) -> None:
        """Say how many attributes are given in the table of tags."""
        self.tags_button.setText(f"Tags… ({count} given)" if count else "Tags…")

    def show_running(self, *, running: bool) -> None:
        """Show or hide the progress."""
        self._run_row.setVisible(running)
        self.cancel_button.setEnabled(running)
        self.export_button.setVisible(not running)
        self.tags_button.setVisible(not running)
        if running:
            self.bar.setRange(0, 0)  # busy, until instances are counted
            self._rate.set_whole("")

    def show_progress(self, done: int, total: int, rate: float, left: float) -> None:
        """Show how far the export is: instances, bytes a second, seconds left (NaN: not known yet)."""
        self._show(done, total, f"{done:,}/{total:,}", rate, left)

    def show_sent(self, done: int, total: int, rate: float, left: float) -> None:
        """Show how far sending is: bytes, bytes a second, seconds left (NaN: not known yet)."""
        self._show(done, total, f"{format_bytes(done)} of {format_bytes(total)}", rate, left)

    def _show(self, done: int, total: int, how_far: str, rate: float, left: float) -> None:
        self.bar.setRange(0, _STEPS if done else 0)
        self.bar.setValue(_STEPS * done // max(total, 1))
        parts = [how_far]
        parts += [f"{format_bytes(rate)}/s"] if rate > 0 else []
        parts += [f"{duration(left)} left"] if done and math.isfinite(left) else []
        self._rate.set_whole(" · ".join(parts))


class _StatusLine(QWidget):
    """Says in a few words, wrapped, how things stand; its button can be reached by Tab."""

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._label = InkLabel()
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        more = QToolButton()
        more.setText("details")
        more.setToolTip("Show what stands against it, what is assumed and what is lost")
        more.setStyleSheet(BARE % "text-decoration: underline;")
        more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        more.clicked.connect(self.clicked)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._label, 1)
        layout.addWidget(more, 0, Qt.AlignmentFlag.AlignTop)

    def show_text(self, kind: str, text: str) -> None:
        self.text = text
        self._label.set_kind(kind, bold=True)
        self._label.setText(wrapping(shorten(text, _LONGEST, placeholder="…")))
        self._label.setToolTip(tooltip(text))
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Wrap anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Be as high as the text, and at least two lines, so that little moves when it changes."""
        self._label.setMinimumHeight(0)  # which it would count
        lines = 2 * self._label.fontMetrics().lineSpacing()
        self._label.setFixedHeight(max(lines, self._label.heightForWidth(max(1, self._label.width()))))


def duration(seconds: float) -> str:
    """Write a time as a person reads it.

    Examples
    --------
    >>> duration(0.4), duration(75), duration(7300)
    ('1 s', '1 min 15 s', '2 h 1 min')
    """
    whole = max(1, round(seconds))
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{whole} s"
    hours, minutes_left = divmod(minutes, 60)
    return f"{hours} h {minutes_left} min" if hours else f"{minutes} min {rest} s"
