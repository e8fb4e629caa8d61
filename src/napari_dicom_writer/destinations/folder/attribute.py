"""A few bytes that belong to a folder or file and are none of its content: an extended attribute.

Where the file system has none (FAT, NFS before 4.2, tmpfs before Linux 6.6), a folder gets a hidden file, and a single
file gets nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.folder.durable import flush_file

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN_FILE = ".napari-dicom-writer"
_NAME = "user.napari-dicom-writer" if sys.platform.startswith("linux") else "napari-dicom-writer"
_NONE = {errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
_ABSENT = {errno.ENODATA, getattr(errno, "ENOATTR", errno.ENODATA), errno.ENOENT}
_LARGEST = 1024


def attach(path: Path, data: bytes) -> None:
    """Attach bytes to a folder or file.

    Raises
    ------
    OSError
        If the system refuses.
    """
    try:
        _set(os.fspath(path), data)
    except OSError as error:
        if error.errno not in _NONE:
            raise
        if path.is_dir():
            (path / HIDDEN_FILE).write_bytes(data)
            flush_file(path / HIDDEN_FILE)


def attached(path: Path) -> bytes | None:
    """Return what was attached to a folder or file; None for nothing.

    Raises
    ------
    OSError
        If the system refuses.
    """
    try:
        return _get(os.fspath(path))
    except OSError as error:
        if error.errno not in _NONE | _ABSENT:
            raise
    with suppress(FileNotFoundError, NotADirectoryError):
        return (path / HIDDEN_FILE).read_bytes()[:_LARGEST]
    return None


if sys.platform.startswith("linux"):

    def _set(path: str, data: bytes) -> None:
        os.setxattr(path, _NAME, data, follow_symlinks=False)

    def _get(path: str) -> bytes:
        return os.getxattr(path, _NAME, follow_symlinks=False)

elif sys.platform == "darwin":
    _NO_FOLLOW = 1

    def _set(path: str, data: bytes) -> None:
        if _libc().setxattr(os.fsencode(path), _NAME.encode(), data, len(data), 0, _NO_FOLLOW):
            _refused()

    def _get(path: str) -> bytes:
        buffer = ctypes.create_string_buffer(_LARGEST)
        size = _libc().getxattr(os.fsencode(path), _NAME.encode(), buffer, _LARGEST, 0, _NO_FOLLOW)
        if size < 0:
            _refused()
        return buffer.raw[:size]

    @cache
    def _libc() -> ctypes.CDLL:
        library = ctypes.CDLL(None, use_errno=True)
        rest = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_int)
        library.setxattr.argtypes = library.getxattr.argtypes = rest
        library.getxattr.restype = ctypes.c_ssize_t
        return library

    def _refused() -> None:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))

else:
    # A stream of its own (NTFS); writing to it counts as a change of the file, and must not.

    def _set(path: str, data: bytes) -> None:
        status = os.stat(path)  # noqa: PTH116 - the stream is not a path to pathlib
        try:
            with open(f"{path}:{_NAME}", "wb") as stream:  # noqa: PTH123
                stream.write(data)
        except OSError as error:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP)) from error
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _get(path: str) -> bytes:
        try:
            with open(f"{path}:{_NAME}", "rb") as stream:  # noqa: PTH123
                return stream.read(_LARGEST)
        except OSError as error:
            raise OSError(errno.ENODATA, os.strerror(errno.ENODATA)) from error
