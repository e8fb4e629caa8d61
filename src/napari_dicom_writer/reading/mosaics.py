"""Mosaics of Siemens: planes as tiles of one picture, taken apart where the protocol says where they lie.

Image Position (Patient) of a mosaic is that of a picture as large as all tiles around the same center, which no plane
has. Which way the planes lie, the attributes of the standard do not say; the protocol in the private header of the
series does, plane by plane.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.reading.decoding.source import PixelSource
from napari_dicom_writer.reading.files import read_header

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.picture import Picture

_CSA, _SERIES_HEADER = (0x0029, "SIEMENS CSA HEADER"), 0x20
_MR, _COUNT = (0x0019, "SIEMENS MR HEADER"), 0x0A
_PROTOCOL = re.compile(rb"### ASCCONV BEGIN.*?### ASCCONV END ###", re.DOTALL)
_PLACE = re.compile(rb"^sSliceArray\.asSlice\[(\d+)\]\.sPosition\.d(Sag|Cor|Tra)\s*=\s*(\S+)", re.MULTILINE)
_SLICES = re.compile(rb"^sSliceArray\.lSize\s*=\s*(\d+)", re.MULTILINE)
_AXES = (b"Sag", b"Cor", b"Tra")  # x, y and z of LPS
_NEAR = 0.25  # of the way from the first plane to the last: a head that moves is followed by less
_LEAN = 0.01  # of that way: how far off the normal the last plane may lie
_KEPT = (
    "It is said to be a mosaic of many planes, and nothing proves where each lies: it stays one picture, placed as its "
    "header says"
)


@dataclass(frozen=True, slots=True)
class TileSource(PixelSource):
    """A part of the only frame of a file.

    Attributes
    ----------
    corner, size : tuple of int
        (row, column) of its first pixel, and (rows, columns).
    """

    corner: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)

    def frame(self, index: int, *, raw: bool = False) -> NDArray[Any]:
        """Read the tile; for parameters and errors see `PixelSource`."""
        return self.part_of(PixelSource.frame(self, index, raw=raw))

    def part_of(self, whole: NDArray[Any]) -> NDArray[Any]:
        """Cut the tile out of a picture as large as the frame."""
        (row, column), (rows, columns) = self.corner, self.size
        return whole[row : row + rows, column : column + columns]


def is_mosaic(header: Dataset) -> bool:
    """Whether its Image Type says so."""
    return "MOSAIC" in (header.get("ImageType") or ())


def tiles_of(picture: Picture) -> list[Picture]:
    """Take a mosaic apart; it stays whole, and says so, where nothing proves where its planes lie."""
    header = read_header(picture.source.path)
    places = _places(header.dataset) if header else None
    tiles = _tiles(picture, places) if places is not None else None
    return tiles or [replace(picture, assumed=_KEPT)]


def _places(header: Dataset) -> NDArray[np.float64] | None:
    """Centers of the planes (planes, 3) as the protocol has them, LPS mm, if it is of as many as the mosaic."""
    try:
        protocol = bytes(header.private_block(*_CSA)[_SERIES_HEADER].value)
        count = int(header.private_block(*_MR)[_COUNT].value)
    except (KeyError, TypeError, ValueError):
        return None
    text = _PROTOCOL.search(protocol)
    slices = _SLICES.search(text[0]) if text else None
    if text is None or slices is None or int(slices[1]) != count or count < 2:
        return None
    places = np.zeros((count, 3))  # zeros are not written
    for number, axis, value in _PLACE.findall(text[0]):
        if int(number) < count:
            places[int(number), _AXES.index(axis)] = float(value)
    return places


def _tiles(picture: Picture, places: NDArray[np.float64]) -> list[Picture] | None:
    place, count = picture.place, len(places)
    across = math.ceil(math.sqrt(count))
    rows, columns = (length // across for length in place.size)
    if place.position is None or place.orientation is None or place.spacing is None:
        return None
    if (rows * across, columns * across) != place.size:
        return None
    row, column = np.reshape(np.array(place.orientation), (2, 3))
    rest = (np.array(place.size) - (rows, columns)) / 2 * place.spacing
    first = np.array(place.position) + column * rest[0] + row * rest[1]
    center = first + column * (rows / 2 * place.spacing[0]) + row * (columns / 2 * place.spacing[1])
    # The first tile is the first plane of the protocol, or the last.
    if np.linalg.norm(places[-1] - center) < np.linalg.norm(places[0] - center):
        places = places[::-1]
    normal, way = np.cross(row, column), places[-1] - places[0]
    length = float(np.linalg.norm(way))
    steps = np.diff(places, axis=0)
    is_even = np.abs(steps - steps.mean(axis=0)).max() < _LEAN * length / count
    leans = np.linalg.norm(way - (way @ normal) * normal) > _LEAN * length
    if not length or not is_even or leans or np.linalg.norm(places[0] - center) > _NEAR * length:
        return None
    step = normal * (way @ normal) / (count - 1)
    options = {name: getattr(picture.source, name) for name in PixelSource.__slots__}
    corners = [(rows * (number // across), columns * (number % across)) for number in range(count)]
    return [
        replace(
            picture,
            source=TileSource(**options, corner=corner, size=(rows, columns)),
            place=replace(place, size=(rows, columns), position=tuple((first + number * step).tolist())),
        )
        for number, corner in enumerate(corners)
    ]
