"""Contour Data (PS3.3 C.8.8.6): decimal text to points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DECIMAL = b"0123456789+-.eE\\ \0"
_FARTHEST = 1e6  # mm; a kilometer off is no place in a patient


def counted(number: int, what: str) -> str:
    """Write how many there are of something whose plural is regular."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


class ContourError(ValueError):
    """The points of a contour make no sense; it says why."""


def points_of(raw: object, count: int | None, said: list[str]) -> NDArray[np.float64]:
    r"""Read the points of a contour from what stands in the file.

    Parsed as a whole: pydicom's decimals, one object each, take ten times as long.

    Parameters
    ----------
    raw
        Bytes of x\\y\\z and so on; of a data set that was made or changed, numbers.
    count
        Number of Contour Points; None where it is not said.
    said
        Gets what is wrong and does not matter.

    Returns
    -------
    numpy.ndarray
        (points, 3), LPS mm.

    Raises
    ------
    ContourError
        If there is none, or any is no number.
    """
    if raw is None or raw == b"":
        raise ContourError("holds no points: left out")
    if isinstance(raw, bytes):
        if raw.translate(None, _DECIMAL):
            raise ContourError("holds what is no number: left out")
        values: object = raw.rstrip(b" \0").split(b"\\")
    else:
        values = raw
    try:
        found = np.array(values, np.float64).ravel()
    except (TypeError, ValueError):
        raise ContourError("holds what is no number: left out") from None
    if found.size % 3:
        raise ContourError(f"holds {counted(found.size, 'number')}, not three for each point: left out")
    if not (np.abs(found) < _FARTHEST).all():
        raise ContourError("lies nowhere in a patient: left out")
    points = found.reshape(-1, 3)
    if count is not None and count != len(points):
        said.append(f"says that it has {counted(count, 'point')}, and holds {len(points)}: these are taken")
    return points
