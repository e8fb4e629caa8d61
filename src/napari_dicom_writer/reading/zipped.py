"""Zip files, opened within bounds: their DICOM files alone, under names of our own, in a folder that goes with Python.

An archive may be a bomb, and its names may lead anywhere: what it says of itself is never believed.
"""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.catalogue import Catalogue, Passed, catalogue
from napari_dicom_writer.reading.files import HEAD, begins_as_dicom
from napari_dicom_writer.standard.regular_file import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = (b"PK\3\4", b"PK\5\6")  # of a zip file, and of an empty one
_MOST_MEMBERS = 200_000
_LOOKED_AT = 10_000  # members, to find out whether there is DICOM
_SHARE = 0.5  # of the free disk
_SWELLS, _ANYWAY = 100, 2 * 2**30  # times the size of the archive, and bytes: more is a bomb
_BLOCK = 2**20
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
_extracted: dict[tuple[str, int, int], Catalogue] = {}


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip file does."""
    try:
        with open_regular(path) as file:
            return file.read(4) in _MARKS
    except OSError:
        return False


def zip_holds_dicom(path: Path) -> bool:
    """Whether there is DICOM among the first members of a zip file."""
    try:
        with _opened(path) as archive:
            return any(_is_ours(archive, member) for member in archive.infolist()[:_LOOKED_AT])
    except ReadError:
        return False


def _is_ours(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    try:
        return _is_shown(member) and begins_as_dicom(_head(archive, member))
    except _FAULTS:
        return False


def catalogue_of(path: Path) -> Catalogue:
    """List what a path stands for: a folder, a file, the members of a zip file, or the folder of a DICOMDIR.

    Raises
    ------
    ReadError
        If there is nothing there, or nothing that can be looked into.
    """
    if is_zip(path):
        return unzipped(path)
    return catalogue(path.parent if path.name.upper() == "DICOMDIR" and path.is_file() else path)


def unzipped(path: Path) -> Catalogue:
    """Extract the DICOM files of a zip file, once for each state of it.

    Returns
    -------
    Catalogue
        Of a folder that is removed when Python ends.

    Raises
    ------
    ReadError
        If it is damaged or encrypted, or holds no DICOM; if it swells to more than 2 GiB and a hundred times its size,
        or to half of what the disk has left.
    """
    found = path.stat()
    key = (str(path.absolute()), found.st_size, found.st_mtime_ns)
    if key not in _extracted or not _extracted[key].root.is_dir():
        target = Path(tempfile.mkdtemp(prefix="napari-dicom-writer-"))
        try:
            passed = _extract(path, target)
        except BaseException:
            shutil.rmtree(target, ignore_errors=True)
            raise
        _extracted[key] = Catalogue(target, sorted(target.iterdir()), passed, archive=path)
    return copy(_extracted[key])


@atexit.register
def _remove() -> None:
    while _extracted:
        shutil.rmtree(_extracted.popitem()[1].root, ignore_errors=True)


def _extract(path: Path, target: Path) -> list[Passed]:
    left = min(int(shutil.disk_usage(target).free * _SHARE), _ANYWAY + _SWELLS * path.stat().st_size)
    count, passed, encrypted = 0, list[Passed](), False
    with _opened(path) as archive:
        for member in filter(_is_shown, archive.infolist()):
            if member.flag_bits & 1:
                encrypted = True
                continue
            name = f"{count + 1:06}-{_UNSAFE.sub('_', _parts(member)[-1])[-100:]}"
            try:
                if begins_as_dicom(_head(archive, member)):
                    left = _copied(archive, member, target / name, left)
                    count += 1
            except ReadError:
                raise
            except _FAULTS:
                (target / name).unlink(missing_ok=True)
                passed.append(Passed(member.filename, "a damaged file in the zip file", True))
    if not count:
        what = "is encrypted" if encrypted else "holds no DICOM that can be read"
        raise ReadError(f"The zip file {what}", "Unpack it first" if encrypted else "Name one that does")
    return passed


def _copied(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Copy block by block, and return how many bytes may still come."""
    with archive.open(member) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            left -= len(block)
            if left < 0:
                what = "The zip file swells to much more than its size, or to half of what the disk has left"
                raise ReadError(what, "Unpack it where there is room")
            file.write(block)
    return left


def _is_shown(member: zipfile.ZipInfo) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in _parts(member))
    return not hidden and not member.is_dir()


def _head(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file:
        return file.read(HEAD)


def _parts(member: zipfile.ZipInfo) -> list[str]:
    return member.filename.replace("\\", "/").split("/")


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except _FAULTS as error:
        raise ReadError("The zip file is damaged", "Copy it again") from error
    with archive:
        if len(archive.infolist()) > _MOST_MEMBERS:
            raise ReadError(f"The zip file lists more than {_MOST_MEMBERS:,} files", "Unpack it first")
        yield archive
