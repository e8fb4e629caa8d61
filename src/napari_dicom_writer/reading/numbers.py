"""Which numbers the series of a study have, as far as they lie on this disk: looked at for a moment only."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.catalogue import catalogue
from napari_dicom_writer.reading.files import as_they_are

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FILES = 20_000  # names that are listed
_HEADERS = 2_000
_SECONDS = 1.0
_STRIDE = 61  # files of one series follow each other: a few of every series are seen first
_TAGS = ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber"]


@dataclass(slots=True)
class SeriesNumbers:
    """What was found.

    Attributes
    ----------
    numbers : set of int
        Of the series of the study.
    whole : bool
        Whether all files were looked at.
    """

    numbers: set[int] = field(default_factory=set)
    whole: bool = True


def series_numbers(study_uid: str, folders: Iterable[tuple[Path, int]], leave_out: frozenset[Path]) -> SeriesNumbers:
    """Look for the series of a study in some folders.

    Parameters
    ----------
    study_uid
        Study Instance UID.
    folders
        Each with how many levels of folders below it are looked into; the most telling first.
    leave_out
        Files and folders that do not count.
    """
    found, until, looked_at = SeriesNumbers(), time.monotonic() + _SECONDS, 0
    seen: set[Path] = set()
    with as_they_are():
        for folder, depth in folders:
            try:
                listed = catalogue(folder, depth=depth, most=_FILES)
            except ReadError:
                continue
            found.whole &= not listed.cut
            new = [path for path in listed.files if path not in seen and leave_out.isdisjoint((path, *path.parents))]
            seen.update(new)
            for start in range(_STRIDE):
                listed.files = new[start::_STRIDE]
                for entry in listed.entries(_TAGS):
                    looked_at += 1
                    if str(entry.header.dataset.get("StudyInstanceUID") or "") == study_uid:
                        found.numbers |= _number(entry.header.dataset.get("SeriesNumber"))
                    if looked_at >= _HEADERS or time.monotonic() > until:
                        found.whole = False
                        return found
    return found


def _number(value: object) -> set[int]:
    try:
        return {int(str(value))}
    except ValueError:  # none, or nonsense
        return set()
