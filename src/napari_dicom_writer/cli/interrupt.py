"""Ctrl-C that is not lost: some libraries swallow it while they are imported, or in the callback where it hits."""

from __future__ import annotations

import signal
import threading

CANCELLED = 130
"""Exit status that a shell expects after Ctrl-C."""
_asked = threading.Event()


def heed() -> None:
    """Remember Ctrl-C beside raising it; signals reach the main thread only, and only there can be handled."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _handle)


def _handle(*_: object) -> None:
    _asked.set()
    raise KeyboardInterrupt


def check(*_: object) -> None:
    """Raise it again, if somebody asked and was not heard; takes what a progress callback takes.

    Raises
    ------
    KeyboardInterrupt
    """
    if _asked.is_set():
        raise KeyboardInterrupt
