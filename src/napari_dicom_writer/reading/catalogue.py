"""What is in a folder, found once: DICOM files, whatever else, and what could not be looked at.

Nothing is opened but regular files, so that a pipe cannot make a reader wait for ever, and nothing is entered twice,
however links lead round.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydicom.uid import MediaStorageDirectoryStorage

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.files import Header, read_header
from napari_dicom_writer.standard.regular_file import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.tag import BaseTag

    from napari_dicom_writer.model.progress import Progress

_LOOKED_AT = 10_000  # files of a folder
_TOLD_EVERY = 100  # files
_ZARR = {"zarr.json", ".zgroup", ".zarray", ".zattrs"}


class Passed(NamedTuple):
    """What was not looked at.

    Attributes
    ----------
    name : str
        Its path below the folder.
    what : str
        Why, in words.
    matters : bool
        Whether DICOM files may be missed by that.
    """

    name: str
    what: str
    matters: bool


class Entry(NamedTuple):
    """A DICOM file, and its header."""

    path: Path
    header: Header


@dataclass(slots=True)
class Catalogue:
    """What is in a folder and below, or one file.

    Attributes
    ----------
    root : Path
    files : list of Path
        Regular files, in the order of their names.
    passed : list of Passed
        Folders that may not be read, links that lead nowhere or round, pipes, sockets and devices.
    cut : bool
        Whether there are more files than were asked for.
    foreign : int
        Files that are not DICOM, so far as `entries` came; so is the next one.
    damaged : list of Path
        Files that begin as DICOM and cannot be read, or belong to no series.
    pictureless : dict of int
        How many instances hold no pixels, by the names of their kinds, for who counts them.
    archive : Path or None
        The zip file that the files were unpacked from.
    """

    root: Path
    files: list[Path] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    cut: bool = False
    foreign: int = 0
    damaged: list[Path] = field(default_factory=list)
    pictureless: dict[str, int] = field(default_factory=dict)
    archive: Path | None = None

    def name(self, path: Path) -> str:
        """Return the path of a file below the folder."""
        return path.name if path == self.root else path.relative_to(self.root).as_posix()

    def folder_of(self, path: Path) -> Path:
        """Return where a file lies: its folder, or the zip file that holds it."""
        return self.archive or path.parent

    def entries(
        self,
        keywords: list[str] | list[BaseTag] | None = None,
        *,
        strays: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Entry]:
        """Read the headers of all DICOM files, one after the other; none is kept.

        Parameters
        ----------
        keywords
            Attributes to read, the Series Instance UID among them; all before the pixels, if None.
        strays
            Whether to give pictures and other objects that belong to no series, too.
        progress
            Called with (files done, total) now and then.
        """
        self.foreign, self.damaged = 0, []
        for done, path in enumerate(self.files):
            if progress and done % _TOLD_EVERY == 0:
                progress(done, len(self.files))
            try:
                header = read_header(path, keywords)
                series = header and str(header.dataset.get("SeriesInstanceUID") or "")
            except Exception:  # noqa: BLE001 - a damaged file fails wherever it is damaged
                self.damaged.append(path)
                continue
            if header is None:
                self.foreign += 1
            elif header.dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
                continue  # it is no instance
            elif not series and not (strays and ("Rows" in header.dataset or "SOPClassUID" in header.dataset)):
                self.damaged.append(path)
            else:
                yield Entry(path, header)


def catalogue(root: Path, *, depth: int | None = None, most: int | None = None) -> Catalogue:
    """Look what is in a folder and below; a file is a folder of one.

    Parameters
    ----------
    root
        Hidden files, and what is in hidden folders, are left out. Links to folders are followed, once.
    depth
        How many levels of folders below it are looked into; all, if None.
    most
        How many files are listed at most, those of the folders at the top first; all, if None.

    Raises
    ------
    ReadError
        If there is nothing there, or nothing that can be looked into.
    """
    found = Catalogue(root)
    try:
        mode = root.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(root).close()
    except FileNotFoundError:
        raise ReadError("There is no such folder or file", "Check the path") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a path"
        raise ReadError(f"The folder cannot be read: {reason}", "Check the path") from None
    if stat.S_ISREG(mode):
        found.files.append(root)
    elif stat.S_ISDIR(mode):
        _walk(found, depth, most)
    else:
        raise ReadError(f"It is {kind_of(mode)}", "Name a folder or a file")
    return found


def holds_dicom(path: Path) -> bool:
    """Whether a file is DICOM, or a folder holds one among its first files, in bounded time.

    Links to folders, hidden files and folders, and the chunks of zarr stores are not looked into.
    """
    if not path.is_dir():
        return _is_dicom(path)
    looked_at = 0
    for folder, folders, files in os.walk(path):
        if not _ZARR.isdisjoint(files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            looked_at += 1
            if looked_at > _LOOKED_AT:
                return False
            if not name.startswith(".") and _is_dicom(Path(folder, name)):
                return True
    return False


def _is_dicom(path: Path) -> bool:
    try:
        return read_header(path, ["SOPInstanceUID"]) is not None
    except Exception:  # noqa: BLE001 - no file, or a damaged one, which fails wherever it is damaged
        return False


def _walk(found: Catalogue, depth: int | None, most: int | None) -> None:
    """Enter folders before links to folders, so that what is reached by both has its own name."""
    waiting, links, seen = deque([found.root]), deque[Path](), set[tuple[int, int]]()
    top = len(found.root.parts)
    while (waiting or links) and not found.cut:
        is_link = not waiting
        folder = (links if is_link else waiting).popleft()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                found.passed.append(Passed(found.name(folder), "a link to a folder that is looked into anyway", False))
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as listing:
                children = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            found.passed.append(Passed(found.name(folder), f"a folder that cannot be read ({reason})", True))
            continue
        is_deep = depth is not None and len(folder.parts) - top >= depth
        for child in children:
            if most is not None and len(found.files) >= most:
                found.cut = True
                break
            if not child.name.startswith(".") and not (is_deep and _is_folder(child)):
                _sort_in(child, found, waiting, links)
    found.files.sort()
    found.passed.sort()


def _is_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError:
        return False


def _sort_in(child: os.DirEntry[str], found: Catalogue, waiting: deque[Path], links: deque[Path]) -> None:
    path = Path(child.path)
    try:
        if child.is_dir():
            (links if child.is_symlink() else waiting).append(path)
        elif child.is_file():
            found.files.append(path)
        else:
            found.passed.append(Passed(found.name(path), kind_of(path.stat().st_mode), False))
    except OSError as error:
        what = "a link that leads nowhere" if child.is_symlink() else f"not to be looked at ({error.strerror})"
        found.passed.append(Passed(found.name(path), what, True))
