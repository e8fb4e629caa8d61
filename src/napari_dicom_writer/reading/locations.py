"""Pictures that say no position, but a Slice Location: how far planes are apart, and nothing of where they lie."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.reading.time_points import assuming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.reading.picture import Picture

_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_BY_LOCATION = "Its position is not known: planes lie by their Slice Location from the origin"
_DIRECTED = f"{_BY_LOCATION} along their normal, and may follow each other the other way"
_UNDIRECTED = f"{_BY_LOCATION}, as if they were axial and rose toward the head, which nothing says"


def spread_by_location(pictures: Sequence[Picture]) -> list[Picture]:
    """Spread the planes of a series without positions by their Slice Location, and say so; any other stays as it is.

    The standard does not say which way it rises, nor from where (PS3.3 C.7.6.2.1.2).
    """
    planes = [picture for picture in pictures if not picture.kind.localizer]
    locations = {picture.place.location for picture in planes}
    orientations = {picture.place.orientation is None for picture in planes}
    if any(picture.place.position for picture in planes) or None in locations or len(orientations) > 1:
        return list(pictures)
    if len(locations) < 2:
        return list(pictures)
    return [picture if picture.kind.localizer else _spread(picture) for picture in pictures]


def _spread(picture: Picture) -> Picture:
    place, what = picture.place, _DIRECTED if picture.place.orientation else _UNDIRECTED
    orientation = place.orientation or _AXIAL
    row, column = np.reshape(orientation, (2, 3))
    position = tuple((np.cross(row, column) * (place.location or 0.0)).tolist())
    if place.spacing is None:
        what += "; its pixel spacing is taken as 1 mm"
    spread = replace(place, orientation=orientation, position=position, spacing=place.spacing or (place.ratio, 1.0))
    return replace(assuming(picture, what), place=spread)
