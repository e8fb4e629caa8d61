"""Lets a process find what Windows or macOS has instead of Linux, as far as that can be had here.

As on Windows, there is no rename to a name that is taken, and none of what is open or mapped, which cannot be removed
either; folders are not opened; what only POSIX has is gone; a file has no streams, as on FAT. As on macOS, there is no
`renameat2`, and its own calls are unknown to this file system.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import importlib
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

_POSIX = (
    "posix_fadvise statvfs setxattr getxattr listxattr removexattr chown getuid geteuid fork "
    "pread preadv pwrite pwritev readv writev"
).split()
_TEMPORARY = 1 << 30
_FLAGS = "O_NOFOLLOW O_DIRECTORY O_NONBLOCK".split()
# What asks for the system as it is imported asks before it changes.
_FIRST = (
    "numpy pydicom.fileset pydicom.pixels.decoders rich.progress pint npe2 dask.array imagecodecs ctypes subprocess"
)


def become(system: str) -> None:
    """Change this process, before it imports the package; ``win32`` or ``darwin``."""
    for name in _FIRST.split():
        importlib.import_module(name)
    sys.platform = system
    if system == "darwin":
        fcntl.F_FULLFSYNC = 51  # refused here, as by volumes that have none
        return
    _leave_posix()
    _mind_what_is_open()


def _leave_posix() -> None:
    flock, statvfs, real_open = fcntl.flock, os.statvfs, builtins.open

    def locking(descriptor: int, mode: int, _: int) -> None:
        try:
            flock(descriptor, mode)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None

    def opened(file, *arguments, **more):
        if isinstance(file, str) and ":" in file:
            raise OSError(errno.EINVAL, "Invalid argument")
        return real_open(file, *arguments, **more)

    sys.modules |= {
        "fcntl": None,
        "resource": None,
        "msvcrt": SimpleNamespace(locking=locking, LK_NBLCK=fcntl.LOCK_EX | fcntl.LOCK_NB),
    }
    shutil.disk_usage = lambda path: SimpleNamespace(free=statvfs(path).f_bavail * statvfs(path).f_frsize)
    shutil._use_fd_functions = False
    shutil._rmtree_impl = getattr(shutil, "_rmtree_unsafe", None)  # since Python 3.13
    builtins.open = opened
    os.O_BINARY, os.O_TEMPORARY = 0, _TEMPORARY
    real_unlink, real_make = os.unlink, os.open

    def made(path, flags, *arguments, **more):
        descriptor = real_make(path, flags & ~_TEMPORARY, *arguments, **more)
        if flags & _TEMPORARY:
            real_unlink(path)
        return descriptor

    os.open = made
    for name in (*_POSIX, *_FLAGS):
        delattr(os, name)


def _mind_what_is_open() -> None:
    read_text = Path.read_text

    def is_open(path: str) -> bool:
        held = [Path(line.split(maxsplit=5)[-1]) for line in read_text(Path("/proc/self/maps")).splitlines()]
        for descriptor in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                held.append(descriptor.readlink())
        full = Path(path).absolute()
        return any(full in (one, *one.parents) for one in held)

    def refuse(path: str) -> None:
        if is_open(path):
            raise PermissionError(errno.EACCES, "It is being used by another process", path)

    def guard(name: str, check) -> None:
        real = getattr(os, name)

        def guarded(*arguments, **more):
            check(*(os.fspath(one) for one in arguments if isinstance(one, (str, os.PathLike))))
            return real(*arguments, **more)

        setattr(os, name, guarded)

    def both(*paths: str) -> None:
        for path in paths:
            refuse(path)

    def rename(source: str, target: str) -> None:
        refuse(source)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "File exists", target)

    def no_folder(path: str) -> None:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, "Permission denied", path)

    for name in ("unlink", "remove", "rmdir", "replace"):
        guard(name, both)
    guard("rename", rename)
    guard("open", no_folder)
