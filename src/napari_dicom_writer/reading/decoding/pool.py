"""A few processes that decode frames, started when they are needed, and anew when one has died of a frame."""

from __future__ import annotations

import atexit
import math
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.reading.decoding.process import DecodingError, DiedError, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_MOST = 8  # processes
_SECONDS = 20.0
_SECONDS_PER_MEGABYTE = 2.0  # of the decoded frame


class Decoders:
    """Processes that decode one frame each at a time. Safe to share between threads.

    Parameters
    ----------
    most
        How many there are at once.
    seconds
        How long a frame may take, and a little longer for each megabyte of it.
    """

    def __init__(self, most: int, *, seconds: float = _SECONDS) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._idle: list[WorkerProcess] = []
        self._seconds = seconds

    def decode(
        self, codestream: bytes, syntax: str, shape: Sequence[int], options: Mapping[str, Any], *, raw: bool
    ) -> NDArray[Any]:
        """Decode one frame.

        Parameters
        ----------
        codestream
            The frame as it is stored.
        syntax
            Transfer Syntax UID.
        shape
            (rows, columns) or (rows, columns, samples).
        options
            What the header says of the pixels, as pydicom's decoders name it.
        raw
            Whether colors stay as they are stored; else they become RGB.

        Raises
        ------
        DecodingError
            If the decoder refuses it, crashes, takes too much time or memory, or is not installed.
        """
        size = math.prod(shape) * max(1, options["bits_allocated"] // 8)
        request = {
            "syntax": syntax,
            "options": dict(options),
            "raw": raw,
            "bytes": len(codestream),
            "frame_bytes": size,
            "seconds": self._seconds + _SECONDS_PER_MEGABYTE * size / 2**20,
        }
        with self._free:
            head, content = self._answer(request, codestream)
        if "error" in head:
            raise DecodingError(head["error"])
        return np.frombuffer(content, np.dtype(head["dtype"])).reshape(shape)

    def _answer(self, request: Mapping[str, Any], codestream: bytes) -> tuple[dict[str, Any], bytearray]:
        while True:
            worker = self._idle.pop() if self._idle else WorkerProcess()
            fresh = worker.fresh
            try:
                answer = worker.ask(request, codestream)
            except DiedError:
                if fresh:
                    raise DecodingError("the decoder crashes on it") from None
                continue  # it may have died of an earlier frame
            self._idle.append(worker)
            return answer

    def close(self) -> None:
        """End the processes that wait for a frame."""
        while self._idle:
            self._idle.pop().end()

    def leave(self) -> None:
        """Let go of the processes, in one that was forked: they belong to its parent."""
        while self._idle:
            self._idle.pop().leave()


def _made() -> Decoders:
    return Decoders(min(os.cpu_count() or 1, _MOST))


_decoders = _made()


def decoders() -> Decoders:
    """Return those that all of this process share."""
    return _decoders


def _after_fork() -> None:
    """Begin anew: two processes that speak through one pipe would get each other's frames."""
    global _decoders
    _decoders.leave()
    _decoders = _made()


atexit.register(lambda: _decoders.close())
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
