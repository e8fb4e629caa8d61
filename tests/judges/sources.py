"""Arrays that other processes can open: slow ones, and ones that fail."""

from __future__ import annotations

import time
from pathlib import Path

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


class Held(SlowArray):
    """Such chunks, none of which comes before there is a file."""

    def __init__(self, planes: int, until: Path) -> None:
        super().__init__(planes, 0.01)
        self._until = until

    def __getitem__(self, index):
        for _ in range(6000):
            if self._until.exists():
                return super().__getitem__(index)
            time.sleep(self._seconds)
        raise OSError(f"{self._until} has not come for a minute")


class Film:
    """Frames that hold their own number, all read into one buffer, each a moment in coming."""

    chunks = (1, 1024, 1024)
    dtype = np.dtype(np.int16)

    def __init__(self, frames: int) -> None:
        self.shape = (frames, 1024, 1024)
        self._buffer = np.empty((1, 1024, 1024), np.int16)

    def __getitem__(self, index):
        planes = range(self.shape[0])[index[0]]
        found = np.empty((len(planes), 1024, 1024), np.int16) if len(planes) > 1 else self._buffer
        for at, plane in enumerate(planes):
            found[at] = plane
            time.sleep(0.001)
        return found[:, *index[1:]]


class Named:
    """An array in a file, opened by its name at each reading."""

    def __init__(self, name: str) -> None:
        self._name = name
        array = np.load(name, mmap_mode="r")
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, index):
        return np.array(np.load(self._name, mmap_mode="r")[index])
