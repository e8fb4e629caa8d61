"""Arrays that other processes can open: slow ones, and ones that fail."""

from __future__ import annotations

import time

import numpy as np


class SlowArray:
    """Chunks of four planes that hold their own index, each a while in coming."""

    chunks = (4, 1024, 1024)
    dtype = np.dtype(np.int16)

    def __init__(self, planes: int, seconds: float, fails_at: int | None = None) -> None:
        self.shape = (planes, 1024, 1024)
        self._seconds, self._fails_at = seconds, fails_at

    def __getitem__(self, index):
        planes = range(self.shape[0])[index[0]]
        if self._fails_at in planes:
            raise OSError("the tape is torn")
        time.sleep(self._seconds)
        values = np.arange(1024, dtype=np.int16) + np.array(planes, np.int16)[:, np.newaxis, np.newaxis]
        return np.broadcast_to(values, (len(planes), 1024, 1024))[:, *index[1:]]
