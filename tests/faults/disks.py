"""Disks that can be made small, or lose their power; where the system lets the tests mount some."""

from __future__ import annotations

import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_BYTES = 32 * 2**20


def resize(mount: Path, size: int) -> None:
    """Give a disk made by `small_disk` another size."""
    subprocess.run(["mount", "-o", f"remount,size={size}", str(mount)], check=True)


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """Mount a disk that can be resized; None where that is not allowed."""
    folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
    try:
        with mounted(folder, "-t", "tmpfs", "-o", "size=1m", "tmpfs") as mount:
            yield mount
    finally:
        folder.rmdir()


@contextmanager
def ext4_disk() -> Iterator[tuple[Path, Path] | None]:
    """Mount an ext4 in a file: the folder, and the file, which holds what has reached the disk and nothing more."""
    with tempfile.TemporaryDirectory(prefix="ext4-disk-") as folder:
        image, mount = Path(folder, "image"), Path(folder, "disk")
        mount.mkdir()
        with image.open("wb") as file:
            file.truncate(IMAGE_BYTES)
        if not _works("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image)):
            yield None
            return
        with mounted(mount, "-o", "loop", str(image)) as disk:
            yield (disk, image) if disk else None


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[Path | None]:
    """Mount something on a folder; None where that is not allowed."""
    if not _works("mount", *arguments, str(folder)):
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False
