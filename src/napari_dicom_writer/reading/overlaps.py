"""Segments that share voxels, which one array of labels cannot hold: found by their masks, and put apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.decoding.process import DecodingError
from napari_dicom_writer.reading.plane_array import decoded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.decoding.source import PixelSource
    from napari_dicom_writer.reading.picture import Picture


def apart(planes: Sequence[Sequence[Picture]]) -> list[set[int]]:
    """Part segments so that those of a part share no voxel; the first part has all that it can.

    Headers may say that segments do not overlap; masks are looked at nevertheless, since one would hide the other.

    Parameters
    ----------
    planes
        The masks that lie on each plane.

    Returns
    -------
    list of set of int
        Numbers of segments.
    """
    segments = sorted({picture.segment for plane in planes for picture in plane})
    clashes = {frozenset(pair) for number in _crowded(planes) for pair in _clashing(planes[number], number)}
    return parted(segments, clashes)


def parted(segments: Iterable[int], clashes: Collection[frozenset[int]]) -> list[set[int]]:
    """Part segments so that no two of a part are among the pairs that clash; the first part has all that it can."""
    parts: list[set[int]] = []
    for segment in segments:
        for part in parts:
            if not any(frozenset((segment, other)) in clashes for other in part):
                part.add(segment)
                break
        else:
            parts.append({segment})
    return parts


def _crowded(planes: Sequence[Sequence[Picture]]) -> set[int]:
    """Numbers of planes some of whose masks overlap. Files are read once, from their beginning to their end."""
    shared = [number for number, plane in enumerate(planes) if len({picture.segment for picture in plane}) > 1]
    wanted: dict[str, dict[int, int]] = {}
    sources: dict[str, PixelSource] = {}
    for number in shared:
        for picture in planes[number]:
            sources[picture.source.path] = picture.source
            wanted.setdefault(picture.source.path, {})[picture.frame or 0] = number
    found: set[int] = set()
    taken: dict[int, NDArray[Any]] = {}
    for path, places in wanted.items():
        for frame, mask in _masks(sources[path], max(places)):
            if frame not in places:
                continue
            number, packed = places[frame], np.packbits(mask != 0)
            if number not in taken:
                taken[number] = packed
                continue
            if (taken[number] & packed).any():
                found.add(number)
            taken[number] |= packed
    return found


def _masks(source: PixelSource, last: int) -> Iterator[tuple[int, NDArray[Any]]]:
    try:
        for number, mask in enumerate(source.frames()):
            yield number, mask
            if number == last:
                return
    except (DecodingError, OSError) as error:
        raise ReadError("Its masks could not be decoded", "Copy the file again") from error


def _clashing(plane: Sequence[Picture], number: int) -> Iterator[tuple[int, int]]:
    masks = [(picture.segment, decoded(picture.source, picture.frame or 0, number) != 0) for picture in plane]
    for at, (segment, mask) in enumerate(masks):
        for other, theirs in masks[:at]:
            if (mask & theirs).any():
                yield segment, other
