"""Pictures that say no position, or all the same, but a Slice Location: how far planes are apart, and not where."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.reading.time_points import assuming

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.reading.picture import Picture

_DIGITS = 3  # of a millimeter, that locations of different planes differ in
_NEAR = 0.01  # of the thickness: locations nearer than that are no planes, but one that is measured anew
_AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_BY_LOCATION = "Its position is not known: planes lie by their Slice Location from the origin"
_DIRECTED = f"{_BY_LOCATION} along their normal, and may follow each other the other way"
_FROM_ONE = (
    "Its pictures have one position and several Slice Locations: planes lie by these from it along their normal, and "
    "may follow each other the other way"
)
_UNDIRECTED = f"{_BY_LOCATION}, as if they were axial and rose toward the head, which nothing says"


def spread_by_location(pictures: Sequence[Picture]) -> list[Picture]:
    """Spread the planes of a series by their Slice Location where positions say nothing, and say so.

    The standard does not say which way it rises, nor from where (PS3.3 C.7.6.2.1.2).
    """
    planes = [picture for picture in pictures if not picture.kind.localizer]
    places = [picture.place for picture in planes]
    locations = {None if place.location is None else round(place.location, _DIGITS) for place in places}
    told = {(place.position, place.orientation if place.position else place.orientation is None) for place in places}
    if len(locations) < 2 or None in locations or len(told) > 1 or any(each.frame is not None for each in planes):
        return list(pictures)
    steps = [later - earlier for earlier, later in pairwise(sorted(place.location or 0.0 for place in places))]
    if any(10**-_DIGITS < step < _NEAR * (places[0].thickness or 0.0) for step in steps):
        return list(pictures)
    first = min(place.location or 0.0 for place in places) if places[0].position else 0.0
    return [picture if picture.kind.localizer else _spread(picture, first) for picture in pictures]


def _spread(picture: Picture, first: float) -> Picture:
    """Place a plane as far from its position, or the origin, as its location is from the first."""
    place = picture.place
    what = _FROM_ONE if place.position else _DIRECTED if place.orientation else _UNDIRECTED
    orientation = place.orientation or _AXIAL
    row, column = np.reshape(orientation, (2, 3))
    along = np.cross(row, column) * ((place.location or 0.0) - first)
    position = tuple((np.array(place.position or (0.0, 0.0, 0.0)) + along).tolist())
    if place.spacing is None:
        what += "; its pixel spacing is taken as 1 mm"
    spread = replace(place, orientation=orientation, position=position, spacing=place.spacing or (place.ratio, 1.0))
    return replace(assuming(picture, what), place=spread)
