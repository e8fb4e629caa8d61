"""What headers say of each picture, frames of multi-frame instances included, in series of any kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.reading.frames import FRAME_TAGS, frames_of, is_multiframe
from napari_dicom_writer.reading.picture import PICTURE_TAGS
from napari_dicom_writer.reading.real_values import ValueMap, value_map_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.frames import Attributes
    from napari_dicom_writer.reading.stacking import Place, Stack

    Said = Dataset | Attributes

_TAGS = [*PICTURE_TAGS, *FRAME_TAGS]
_MOST_FRAMES = 200_000  # a header may say any number


def said_of(header: Dataset) -> list[Said]:
    """Return the header itself, or what it says of every frame.

    Raises
    ------
    ReadError
        If it says more frames than a file can hold, or than it describes.
    """
    if "Rows" not in header or not is_multiframe(header):
        return [header]
    return list(frames_of(header, _TAGS, _MOST_FRAMES))


def is_segmentation(header: Dataset) -> bool:
    """Whether its pixels are segments: their values are no measurement, and several frames may share a plane."""
    return "SegmentSequence" in header


def value_range(frames: Iterable[NDArray[Any]], said: Sequence[Said]) -> tuple[float, float] | None:
    """Return the least and greatest finite real value of the frames of one instance; None where there is none."""
    maps = [ValueMap() if one.get("SamplesPerPixel") == 3 else value_map_of(one) for one in said]
    ends: list[float] = []
    for number, frame in enumerate(frames):
        of_frame = maps[min(number, len(maps) - 1)]
        values = frame if frame.dtype.kind != "f" else frame[np.isfinite(frame)]
        if values.size:
            ends += (of_frame.slope * float(end) + of_frame.intercept for end in (values.min(), values.max()))
    return (min(ends), max(ends)) if ends else None


def missing_planes(planes: Stack, place: Place) -> int:
    """Count the planes of the grid between its first and its last that have no frame, where their distance is said."""
    if not place.between or len(planes.positions) < 2:
        return 0
    extent = float((planes.positions[-1] - planes.positions[0]) @ planes.normal)
    return max(0, round(extent / place.between) + 1 - len(planes.positions))


def by_place(said: Iterable[Said]) -> Iterator[list[Said]]:
    """Put together what is said of pictures at the same position."""
    places: dict[tuple[float, ...], list[Said]] = {}
    for one in said:
        position = one.get("ImagePositionPatient")
        places.setdefault(() if position is None else tuple(map(float, position)), []).append(one)
    yield from places.values()
