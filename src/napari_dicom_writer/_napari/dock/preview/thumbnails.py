"""Where thumbnails go: side by side, all to one scale, so that sizes compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

THINNEST = 3.0  # px a picture is drawn at least


@dataclass(frozen=True, slots=True)
class Box:
    """What a thumbnail needs.

    Attributes
    ----------
    width, height : float
        Of the picture, mm.
    margin : float
        Px to its left and right together, for letters.
    least : float
        Px the tile is wide at least, for its title.
    """

    width: float
    height: float
    margin: float
    least: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thumbnail goes along the row, px.

    Attributes
    ----------
    left, tile : float
        Left edge and width of its tile.
    width, height : float
        Of the picture.
    thin : bool
        Whether the picture is drawn thicker than it is.
    """

    left: float
    tile: float
    width: float
    height: float
    thin: bool


def arrange(boxes: Sequence[Box], width: float, height: float, gap: float) -> tuple[tuple[Place, ...], float]:
    """Fit tiles into a row, as large as one common scale allows.

    Parameters
    ----------
    boxes
        What goes there.
    width
        Of the row, px.
    height
        Most that a picture may be high, px.
    gap
        Px between tiles.

    Returns
    -------
    tuple of Place, float
        One for each box, filling the row; and px per mm.
    """
    room = width - gap * (len(boxes) - 1)
    scale = min(_scale_across(boxes, room), height / max(box.height for box in boxes))
    pictures = [(max(box.width * scale, THINNEST), max(box.height * scale, THINNEST)) for box in boxes]
    tiles = [max(box.least, box.margin + across) for box, (across, _) in zip(boxes, pictures, strict=True)]
    spare = (room - sum(tiles)) / len(tiles)
    places, left = [], 0.0
    for box, (across, down), tile in zip(boxes, pictures, tiles, strict=True):
        thin = min(box.width, box.height) * scale < THINNEST
        places.append(Place(left, tile + spare, across, down, thin))
        left += tile + spare + gap
    return tuple(places), scale


def _scale_across(boxes: Sequence[Box], room: float) -> float:
    """Px per mm at which the tiles fill the room; those that only hold their titles do not grow."""
    growing = list(boxes)
    while True:
        held = sum(box.least for box in boxes if box not in growing)
        free = max(room - held - sum(box.margin for box in growing), len(growing) * THINNEST)
        scale = free / sum(box.width for box in growing)
        stays = [box for box in growing if box.margin + box.width * scale >= box.least]
        if len(stays) == len(growing) or not stays:
            return scale
        growing = stays
