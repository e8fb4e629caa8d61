"""From memory to the disk, so that what is published survives a power cut.

A file system may make a rename durable before the bytes of what was renamed: after a power cut there would be files of
the right name and no content. So everything staged is flushed before it is published, and its folder after it.

Flushing thousands of files one by one costs more than writing them. Measured on ext4 (`benchmarks/durability.py`), the
cheapest is one `syncfs`, which flushes a whole file system; but it waits for what all others have written, too. So it
is used for many files, where others have little on the way; else a few threads call `fsync`, which lets the file system
put their flushes together.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.destinations.folder.listing import Listing

_FEW = 16
"""So many files are flushed one by one."""
_THREADS = 16
_OTHERS = 256 * 2**20
"""Bytes that others may have on the way before waiting for them costs more than it saves: a second, on a slow disk."""
# Local file systems whose syncfs flushes files, folders and the disk's cache: ext2 to 4, XFS, btrfs, F2FS, tmpfs. FUSE
# passes it to nobody, and what network file systems make of it is up to them.
_WHOLE = {0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994}
# A folder that the system opens for nobody, or does not flush: there is nothing to be had, and nothing went wrong.
_NOT_FOR_FOLDERS = {errno.EACCES, errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EISDIR}


class Flusher:
    """Flushes what is staged in one folder. Made before anything is written there, and closed at the end.

    Parameters
    ----------
    folder
        On the file system that will be written to.
    """

    def __init__(self, folder: Path) -> None:
        # `syncfs` reports what failed since its descriptor was opened (Linux 5.8): open it before the first byte.
        self._descriptor = _open_for_syncfs(folder)

    def flush(self, source: Path, files: Listing) -> None:
        """Bring a file, or a folder and all below it, to the disk.

        Parameters
        ----------
        source
            What was written.
        files
            Its listing.

        Raises
        ------
        OSError
            If the system says that something could not be written, now or since the flusher was made.
        """
        size = sum(entry.size for entry in files)
        if self._descriptor is not None and len(files) > _FEW and _dirty() < _OTHERS + 2 * size:
            syncfs(self._descriptor)
            return
        paths = [os.path.join(source, entry.path) if entry.path else os.fspath(source) for entry in files]  # noqa: PTH118
        folders = [path for path in paths if path.endswith("/")]
        regular = [path for path in paths if not path.endswith("/")]
        with ThreadPoolExecutor(min(_THREADS, len(regular) or 1)) as pool:
            for _ in pool.map(flush_file, regular):
                pass
        # A folder comes before what is in it: the innermost first.
        for folder in reversed(folders):
            flush_folder(folder)
        if files[0].path:
            flush_folder(source)
        if regular and sys.platform == "darwin":
            flush_file(regular[-1], through=True)

    def close(self) -> None:
        """Let go of the file system."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with suppress(OSError):  # a folder that was only looked at: nothing can get lost
                os.close(descriptor)


def flush_file(path: str | os.PathLike[str], *, through: bool = False) -> None:
    """Bring one file to the disk; on macOS, where that is dear, `through` the disk's own cache only when told.

    One such flush empties the whole cache, so the last of many files does for all. Elsewhere `fsync` goes through.
    """
    # Windows flushes only what may be written to.
    flags = os.O_RDWR | getattr(os, "O_BINARY", 0) if sys.platform == "win32" else os.O_RDONLY
    with _opened(path, flags) as descriptor:
        _flush(descriptor, through=through)


def flush_folder(path: str | os.PathLike[str]) -> None:
    """Bring the names in a folder to the disk, through its cache.

    Windows opens no folders for this; NTFS keeps a journal of their names.
    """
    if sys.platform == "win32":
        return
    try:
        with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            _flush(descriptor, through=True)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise


def syncfs(descriptor: int) -> None:
    """Flush the file system that a descriptor lies on; see syncfs(2)."""
    if _libc().syncfs(descriptor):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _opened(path: str | os.PathLike[str], flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _flush(descriptor: int, *, through: bool) -> None:
    if sys.platform == "darwin" and through:
        import fcntl

        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY):  # not every volume has it
                raise
        else:
            return
    os.fsync(descriptor)


def _dirty() -> int:
    """Bytes that wait in memory to be written, by anybody; Linux only."""
    found = re.search(r"^Dirty:\s*(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _open_for_syncfs(folder: Path) -> int | None:
    """Open a folder where `syncfs` is to be trusted; None elsewhere."""
    if not sys.platform.startswith("linux") or not _reports_errors(platform.release()):
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    if _file_system(descriptor) in _WHOLE:
        return descriptor
    os.close(descriptor)
    return None


def _reports_errors(release: str) -> bool:
    """Whether `syncfs` of this Linux says what could not be written.

    Examples
    --------
    >>> _reports_errors("5.8.0-rc1"), _reports_errors("6.1"), _reports_errors("5.4.0-150-generic"), _reports_errors("")
    (True, True, False, False)
    """
    found = re.match(r"(\d+)\.(\d+)", release)
    return found is not None and (int(found[1]), int(found[2])) >= (5, 8)


def _file_system(descriptor: int) -> int | None:
    """The type that statfs(2) names, where its structure begins with it, as on all common processors."""
    buffer = ctypes.create_string_buffer(1024)
    try:
        failed = _libc().fstatfs(descriptor, buffer)
    except AttributeError:
        return None
    return None if failed else ctypes.c_long.from_buffer(buffer).value & 0xFFFFFFFF


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
