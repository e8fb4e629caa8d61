"""How an export is known again, untouched: a seal beside the content of what was published.

Nothing of it lies in the DICOM files, or among them: it is an attribute of the folder or file (see `attribute`), of few
bytes, without a word about the patient. It says what the files were when they were published: a digest of their names,
sizes and times of change, and of their bytes where they are few. The system notes by itself when a file was last
touched, and lets nobody set that; so a file in its place that was touched after the seal was made is found even if its
time of change was set back.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
from typing import TYPE_CHECKING, NamedTuple

from napari_dicom_writer.destinations.folder.attribute import HIDDEN_FILE, attach, attached

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.destinations.folder.listing import Entry, Listing

_FEW = 2**20
"""So many bytes are part of the digest; reading more would cost what writing them did."""


_FORMAT = struct.Struct("<8s16sqQLLL")
_KIND = b"NDWSEAL1"


class Seal(NamedTuple):
    """What was published.

    Attributes
    ----------
    digest : bytes
        Of the files.
    time : int
        Nanoseconds; when the last of them was touched before.
    inode : int
        Of the folder; a copy has another.
    permissions, user, group : int
        Of the files.
    """

    digest: bytes
    time: int
    inode: int
    permissions: int
    user: int
    group: int


def seal(source: Path, files: Listing) -> None:
    """Seal what is about to be published; after this, no file in it may be touched.

    Parameters
    ----------
    source
        A folder or a single file.
    files
        Its listing.

    Raises
    ------
    OSError
        If the system refuses.
    """
    time = max(max(entry.touched, entry.changed) for entry in files)
    access = next(_access(entry) for entry in files if entry.is_file)
    attach(source, _FORMAT.pack(_KIND, *Seal(_digest(source, files), time, _inode(source), *access)))


def seal_of(target: Path) -> Seal | None:
    """Return the seal of what was published; None where there is none that can be read.

    Raises
    ------
    OSError
        If the system refuses.
    """
    data = attached(target) or b""
    if len(data) != _FORMAT.size or not data.startswith(_KIND):
        return None
    return Seal(*_FORMAT.unpack(data)[1:])


def touched_since(target: Path, files: Listing, made: Seal) -> str:
    """Say what is not as it was sealed.

    Returns
    -------
    str
        Such as ``00002.dcm was changed or added``; empty if all is as it was.
    """
    files = tuple(entry for entry in files if entry.path != HIDDEN_FILE)
    in_place = target.is_dir() and _inode(target) == made.inode
    if _digest(target, files) != made.digest:
        if target.is_file():
            return "it was changed"
        for entry in sorted(files, key=lambda entry: not entry.is_file):
            if entry.changed > made.time or (in_place and entry.touched > made.time):
                return f"{entry.path} was changed or added"
        return "some of its files are gone, or were replaced by others"
    if not in_place or _are_few(files):
        return ""
    for entry in files:
        # Other permissions, or another name (as backups give), are reasons to be touched that change no content.
        if entry.touched > made.time and entry.is_file and _access(entry) == made[-3:] and entry.links <= 1:
            return f"{entry.path} was written to"
    return ""


def _access(entry: Entry) -> tuple[int, int, int]:
    return stat.S_IMODE(entry.mode), *entry.owner


def _inode(path: Path) -> int:
    return path.stat().st_ino & 0xFFFFFFFFFFFFFFFF  # ReFS has longer ones


def _are_few(files: Listing) -> bool:
    """Whether their bytes are part of the digest."""
    return sum(entry.size for entry in files) <= _FEW


def _digest(root: Path, files: Listing) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(os.fsencode("".join([f"{entry.path}\0{entry.size}\0{entry.changed}\n" for entry in files])))
    if _are_few(files):
        for entry in files:
            if entry.is_file:
                digest.update((root / entry.path).read_bytes())
    return digest.digest()
