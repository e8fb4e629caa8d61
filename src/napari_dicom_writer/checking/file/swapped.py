"""Whether pixels look as if rows and columns were exchanged: no header tells, for both hold as many pixels.

Neighbors in a column are alike in most pictures. In the stream of pixels they are as far apart as a row is long, so
values that far apart differ less than those a few more or fewer apart: there is a dip at the true length of a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST = 16  # rows or columns: fewer hold no structure to judge by
_ASIDE = 4  # pixels beside the dip, where the picture has changed already
_DIP, _NO_DIP = 0.7, 0.95


def looks_swapped(plane: NDArray[Any]) -> bool | None:
    """Judge one plane by its pixels.

    Parameters
    ----------
    plane
        (rows, columns) as the header says.

    Returns
    -------
    bool or None
        Whether rows seem to be as long as the header says columns are; None where the plane does not tell.

    Examples
    --------
    >>> y, x = np.mgrid[:30, :50]
    >>> picture = np.hypot(y - 15, x - 25)
    >>> looks_swapped(picture), looks_swapped(picture.reshape(50, 30))
    (False, True)
    """
    rows, columns = plane.shape
    if min(rows, columns) < _LEAST or abs(rows - columns) <= 2 * _ASIDE:
        return None
    stream = plane.reshape(-1).astype(np.float32)
    right, wrong = _dip(stream, columns), _dip(stream, rows)
    if right is None or wrong is None:
        return None
    if wrong < _DIP and right > _NO_DIP:
        return True
    return False if right < _DIP else None


def _dip(stream: NDArray[np.float32], distance: int) -> float | None:
    """How much less values differ at this distance than beside it; None in an empty picture."""
    at, before, after = (
        float(np.abs(stream[d:] - stream[:-d]).mean()) for d in (distance, distance - _ASIDE, distance + _ASIDE)
    )
    return at / min(before, after) if min(before, after) > 0 else None
