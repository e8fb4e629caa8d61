"""Makes system calls fail, stop or kill the process: whatever the writer calls, one call after the other."""

from __future__ import annotations

import builtins
import errno
import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.destinations.folder import durable, exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# All functions of `os` that touch files, as this package, pathlib, shutil and pydicom use them.
CALLS = (
    *("access", "chmod", "close", "fsync", "fstat", "getxattr", "link", "listdir", "lstat", "mkdir", "open", "remove"),
    *("rename", "replace", "rmdir", "scandir", "setxattr", "stat", "statvfs", "unlink", "write", "writev"),
)
ALLOCATING = {
    "fsync",
    "link",
    "mkdir",
    "open",
    "rename",
    "replace",
    "setxattr",
    "syncfs",
    "exchange",
    "write",
    "writev",
}


class Injector:
    """Counts calls, and lets a fault happen at one of them, or from one on.

    Parameters
    ----------
    kind
        ``count``: nothing happens. ``eio``: one call fails. ``full``: from one on, all that take space fail.
        ``dead``: from one on, all fail. ``kill``, ``kill-after``: the process dies before or after a call.
        ``interrupt``: Ctrl-C comes just before it. ``short``: no write writes more than 100 bytes.
    at
        Which call, counted from 1.
    """

    def __init__(self, kind: str, at: int = 0) -> None:
        self.kind, self.at, self.count = kind, at, 0
        self.hit = ""
        self._lock = threading.Lock()

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self.count += 1
                number = self.count
            if self.kind == "short" and name in ("write", "writev"):
                return _short(args[0], args[1])
            if number < self.at or self.kind in ("count", "short") or (number > self.at and not self._lasting(name)):
                return function(*args, **kwargs)
            self.hit = self.hit or name
            return self._happen(name, function, args, kwargs)

        return call

    def _lasting(self, name: str) -> bool:
        return self.kind == "dead" or (self.kind == "full" and name in ALLOCATING)

    def _happen(self, name: str, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "interrupt":
            if name == "close":  # no signal hinders a file from being closed
                function(*args, **kwargs)
            raise KeyboardInterrupt
        if self.kind == "full" and name not in ALLOCATING:
            return function(*args, **kwargs)
        if name == "close" or self.kind == "kill-after":
            result = function(*args, **kwargs)  # a close that fails has closed
            if self.kind == "kill-after":
                os.kill(os.getpid(), signal.SIGKILL)
            del result
        number = errno.ENOSPC if self.kind == "full" else errno.EIO
        raise OSError(number, os.strerror(number))


def _short(descriptor: int, data: Any) -> int:
    buffer = b"".join(map(bytes, data)) if isinstance(data, list) else bytes(data)
    return _WRITE(descriptor, buffer[:100])


_WRITE = os.write


@contextmanager
def injected(injector: Injector, *, exchanging: bool = True) -> Iterator[None]:
    """Put the injector between the package and the system; without `exchanging`, take two-name renames away."""
    before: list[tuple[Any, str, Any]] = []

    def patch(owner: Any, name: str, value: Any) -> None:
        before.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    for name in CALLS:
        patch(os, name, injector.wrap(name, getattr(os, name)))
    patch(builtins, "open", injector.wrap("open-to-read", builtins.open))
    patch(durable, "syncfs", injector.wrap("syncfs", durable.syncfs))
    patch(exchange, "_rename", injector.wrap("exchange", exchange._rename if exchanging else lambda *_: False))
    try:
        yield
    finally:
        for owner, name, value in reversed(before):
            setattr(owner, name, value)


def open_files() -> int:
    """How many descriptors this process has open."""
    return sum(map(_is_open, range(512)))


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
