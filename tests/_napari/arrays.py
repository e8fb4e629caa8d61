"""Arrays that answer when they are let."""

from __future__ import annotations

import threading

import numpy as np

from judges.volumes import indexed


class Gate:
    """An array that answers once it is let."""

    shape, dtype = (4, 6, 8), np.dtype(np.int16)

    def __init__(self, error: Exception | None = None) -> None:
        self.open, self.asked, self.reads = threading.Event(), threading.Event(), 0
        self._error = error

    def __getitem__(self, index):
        self.reads += 1
        self.asked.set()
        self.open.wait(60)
        if self._error:
            raise self._error
        return indexed(self.shape)[index]
