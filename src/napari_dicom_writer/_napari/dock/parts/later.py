"""What is done as soon as Qt has done what it is at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QObject


def soon(owner: QObject, call: Callable[[], object]) -> None:
    """Call this when Qt's queue is empty, unless the owner is gone by then.

    `QTimer.singleShot` of PySide6 calls it nevertheless, with widgets that are no more.
    """
    timer = once(owner)
    timer.timeout.connect(call)
    timer.timeout.connect(timer.deleteLater)
    timer.start()


def once(owner: QObject, ms: int = 0) -> QTimer:
    """Make a timer for what follows from many changes once: after all that is going on now, or later."""
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(ms)
    return timer
