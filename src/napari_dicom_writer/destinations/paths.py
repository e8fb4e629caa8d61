"""What the user calls a place, as a path; and what must hold for anything to be written there."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import DestinationError
from napari_dicom_writer.plan.wording import format_bytes
from napari_dicom_writer.standard.system_errors import remedy_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dicom_writer.plan.plan import ExportPlan


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return the whole path that a user means, as the system would walk it.

    Links stay what they are called, but for those that are left by ``..``: that leads to where the link's own target
    lies.

    Raises
    ------
    DestinationError
        If it is not a path, or the current folder that it counts from is gone.
    """
    try:
        text = os.fspath(path)
    except TypeError:
        raise DestinationError(f"A {type(path).__name__} is not a path", "Give a path such as out.dcm") from None
    if not isinstance(text, str) or not text or "\0" in text:
        raise DestinationError("The path is empty, bytes, or holds a zero byte", "Give a path such as 'out.dcm'")
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise DestinationError("The path holds characters that no file name can", "Give another name") from None
    # Path.expanduser() raises where there is no such user.
    found = Path(os.path.expanduser(text))  # noqa: PTH111
    return _walked(found if found.is_absolute() else _current_folder(text) / found)


def _current_folder(text: str) -> Path:
    try:
        return Path.cwd()
    except OSError:
        raise DestinationError(
            f"{text} counts from the current folder, and that is gone", "Change to another folder, or give a whole path"
        ) from None


def _walked(path: Path) -> Path:
    if sys.platform == "win32":
        return Path(os.path.abspath(path))  # noqa: PTH100 - there, the system itself goes by the names
    walked = Path(path.anchor)
    for part in path.relative_to(path.anchor).parts:
        walked = Path(os.path.realpath(walked)).parent if part == ".." else walked / part
    return walked


def holds_current_folder(folder: Path) -> bool:
    """Whether somebody stands in a folder, or below it, as far as this process knows."""
    try:
        current = Path.cwd()
    except OSError:
        return False  # it is gone
    return any(folder.samefile(one) for one in (current, *current.parents))


def check_parent(target: Path) -> Path:
    """Return the innermost folder around a target that exists.

    Raises
    ------
    DestinationError
        If nothing can be made in it.
    """
    parent = next(p for p in target.parents if p.exists() or p.is_symlink())
    if not parent.is_dir():
        kind = "a link that leads nowhere" if parent.is_symlink() and not parent.exists() else "a file"
        raise DestinationError(f"{parent} is {kind}, so nothing can be saved below it", "Choose another folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        if _is_read_only(parent):
            raise DestinationError(f"{parent} is on a disk that is read-only", "Choose a folder on another disk")
        raise DestinationError(f"{parent} is not writable", "Choose another folder, or ask for permission")
    return parent


def _is_read_only(folder: Path) -> bool:
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def check_space(parent: Path, plan: ExportPlan, *, times: int = 1) -> None:
    """Refuse what cannot fit; all of it lies on the disk of the parent, beside what it replaces.

    Parameters
    ----------
    parent
        A folder on that disk.
    plan
        What will be written.
    times
        How often all of it is there at once.

    Raises
    ------
    DestinationError
        Too little space, or room for too few files.
    """
    free = shutil.disk_usage(parent).free
    # How far compression goes shows only when writing; running out of space then leaves nothing behind.
    if not plan.compressed and plan.bytes * times > free:
        raise DestinationError(
            f"The export needs {format_bytes(plan.bytes * times)}, and {parent} has {format_bytes(free)} free",
            "Free some space or choose another disk",
        )
    if not hasattr(os, "statvfs"):
        return
    system = os.statvfs(parent)
    # Some file systems hold a fixed number of files; others say that it is 0.
    if system.f_files and plan.instances > system.f_favail:
        raise DestinationError(
            f"The export needs {plan.instances:,} files, and {parent} has room for {system.f_favail:,}",
            "Remove some files or choose another disk",
        )


def make_parents(parent: Path, made: list[Path]) -> None:
    """Make missing parents; note them, outermost first, as they are made, for removal if the export fails."""
    for folder in [p for p in (parent, *parent.parents) if not p.exists()][::-1]:
        with suppress(FileExistsError):  # somebody else was faster
            folder.mkdir()
            made.append(folder)


@contextmanager
def refused_by_system(what: str) -> Iterator[None]:
    """Turn what the system says into a refusal.

    Raises
    ------
    DestinationError
        Saying what could not be done, and why.
    """
    try:
        yield
    except OSError as error:
        raise DestinationError(f"{what}: {error.strerror or error}", remedy_for(error)) from error


def existing_folder(path: str) -> Path:
    """Return the innermost folder of a path that exists; the home where there is none."""
    try:
        full = absolute(path)
    except DestinationError:
        return Path.home()
    return next((folder for folder in (full, *full.parents) if folder.is_dir()), Path.home())


def free_space(path: str) -> int | None:
    """Return the bytes free where a path would be made; None where that cannot be told."""
    try:
        return shutil.disk_usage(existing_folder(path)).free
    except OSError:
        return None
