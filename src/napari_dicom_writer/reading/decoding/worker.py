"""The process that decodes: frame after frame, from its standard input to its standard output.

Its first message says that it is ready; it ends when its input does. It limits itself: the system ends it when its time
is over, in the middle of a decoder, and even when the process that asked is gone. Windows knows no such limits; there
the one that asked watches the time.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder

from napari_dicom_writer.reading.decoding.gray_jpeg import plug_in
from napari_dicom_writer.reading.decoding.messages import receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator

_REASON = 1000  # characters of what a decoder says
_BASE_BYTES = 256 * 2**20  # what decoders need for themselves
_COPIES = 32  # of a frame: some decoders keep 8-bit samples as 32-bit ones, several times


def main() -> None:
    """Decode what comes, until nothing does."""
    requests, results = _own_streams()
    _settle()
    plug_in()
    send(results, {"bytes": 0})
    while request := receive(requests):
        codestream = requests.read(request["bytes"])
        try:
            with _limited(request["frame_bytes"], request["seconds"]):
                frame, _ = get_decoder(request["syntax"]).as_array(
                    encapsulate([codestream]), index=0, raw=request["raw"], **request["options"]
                )
        except BaseException as error:  # noqa: BLE001 - one written in Rust panics with what is not an Exception
            reason = "it needs more memory than its size allows" if isinstance(error, MemoryError) else str(error)
            send(results, {"error": " ".join(reason.split())[:_REASON] or type(error).__name__})
        else:
            send(results, {"dtype": frame.dtype.str, "bytes": frame.nbytes}, np.ascontiguousarray(frame).data.cast("B"))


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep both pipes for messages: libraries print to standard output, and must not print into them."""
    requests, results = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    return requests, results


def _settle() -> None:
    """Let it die alone and in silence: not of the parent's Ctrl+C, without a core file or a dialog."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetErrorMode(0x0003)  # no box for a fault, or for a critical error
    else:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # Whoever started it may have had other plans with the signal of its alarm.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})


if sys.platform == "win32":

    @contextmanager
    def _limited(frame_bytes: int, seconds: float) -> Iterator[None]:
        yield

else:
    import resource

    @contextmanager
    def _limited(frame_bytes: int, seconds: float) -> Iterator[None]:
        """Bound the memory by the size of the frame, and the time."""
        soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = _data_bytes() + _BASE_BYTES + _COPIES * frame_bytes
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            with suppress(ValueError, OSError):  # systems that count otherwise
                resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _data_bytes() -> int:
        """What counts already; 0 where nothing tells."""
        try:
            with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - so that pathlib is not loaded
                return int(file.read().split()[5]) * resource.getpagesize()
        except (OSError, IndexError, ValueError):
            return 0
