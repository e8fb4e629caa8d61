"""One process that decodes, seen from the one that asks."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from napari_dicom_writer.reading.decoding.messages import receive, send

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_START_SECONDS = 120.0  # on a machine that is busy with something else
_ALARM = getattr(signal, "SIGALRM", None)  # what ends a process whose time is over; Windows has none
# The path of this process, so that the other one finds what this one does, wherever it is started.
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; from napari_dicom_writer.reading.decoding.worker import main; main()"
)


class DecodingError(Exception):
    """A frame that cannot be decoded, and why, in words."""


class TooLongError(DecodingError):
    """Decoding it took too long."""


class DiedError(Exception):
    """The process ended before it answered."""


class WorkerProcess:
    """A process that decodes one frame at a time.

    Raises
    ------
    DecodingError
        If it cannot be started.

    Attributes
    ----------
    fresh : bool
        Whether it has seen no frame yet.
    """

    def __init__(self) -> None:
        self.fresh = True
        self._late = False
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python
                [sys.executable, "-c", _PROGRAM, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise DecodingError(f"no process can be started to decode it: {error.strerror}") from error
        self._requests = cast(BinaryIO, self._process.stdin)
        self._results = cast(BufferedReader, self._process.stdout)
        try:
            with self._watched(_START_SECONDS):
                self._answer(0)
        except DiedError:
            raise DecodingError("the process that decodes it does not start") from None

    def ask(self, request: Mapping[str, Any], codestream: bytes) -> tuple[dict[str, Any], bytearray]:
        """Let it decode a frame.

        Returns
        -------
        dict, bytearray
            Either ``error`` and nothing, or ``dtype`` and the pixels.

        Raises
        ------
        TooLongError
            The process is ended.
        DiedError
            If the process died.
        """
        self.fresh = False
        if _ALARM:
            return self._answer(request["frame_bytes"], request, codestream)
        with self._watched(request["seconds"]):
            return self._answer(request["frame_bytes"], request, codestream)

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[None]:
        """End the process when its time is over: no other way to stop reading its pipe is known to every system."""
        watch = threading.Timer(seconds, self._time_out)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def _time_out(self) -> None:
        self._late = True
        self._process.kill()

    def _answer(
        self, most: int, request: Mapping[str, Any] | None = None, codestream: bytes = b""
    ) -> tuple[dict[str, Any], bytearray]:
        try:
            if request:
                send(self._requests, request, codestream)
            head = receive(self._results)
            content = bytearray(min(head.get("bytes", 0), most) if head else 0)
            if head is None or self._results.readinto(content) != head.get("bytes", 0):
                raise DiedError
        except BaseException as error:  # stopped by the user, too: it would answer to the next one who asks
            self.end()
            if self._late or (_ALARM and self._process.returncode == -_ALARM):
                raise TooLongError("decoding it takes too long") from None
            if isinstance(error, OSError):
                raise DiedError from None
            raise
        return head, content

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._close()
        self._process.wait()

    def leave(self) -> None:
        """Let go of it, in a process that was forked from the one that started it."""
        self._close()
        self._process.returncode = 0  # it is not a child of this one, which must not wait for it

    def _close(self) -> None:
        for pipe in (self._requests, self._results):
            with suppress(OSError):  # what was not written yet goes nowhere
                pipe.close()
