"""Pictures that are there twice, as where a folder was copied into itself: found by their UIDs, and looked at."""

from __future__ import annotations

import filecmp
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.reading.decoding.process import DecodingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.reading.picture import Picture


def without_copies(pictures: Sequence[Picture]) -> list[Picture]:
    """Leave out what says and shows the same as another picture with its UID.

    A UID alone tells nothing: some programs that take names away give all files the same one.
    """
    kept: dict[object, list[Picture]] = {}
    same_files: dict[tuple[str, str], bool] = {}
    found = []
    for picture in pictures:
        key = (picture.uid, picture.frame, picture.segment, picture.place.position, picture.moment)
        others = kept.setdefault(key, [])
        if picture.uid and any(_is_copy(picture, other, same_files) for other in others):
            continue
        others.append(picture)
        found.append(picture)
    return found


def _is_copy(picture: Picture, other: Picture, same_files: dict[tuple[str, str], bool]) -> bool:
    if replace(picture, source=other.source) != other:
        return False
    paths = (other.source.path, picture.source.path)
    try:
        if paths not in same_files:
            same_files[paths] = filecmp.cmp(*paths, shallow=False)
        if same_files[paths]:
            return True
        one, two = (each.source.frame(each.frame or 0) for each in (picture, other))
    except (DecodingError, OSError):
        return False
    return bool(np.array_equal(one, two))
