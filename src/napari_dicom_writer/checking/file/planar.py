"""Whether colors lie as the header says, pixel by pixel or plane by plane: both take as many bytes.

Pixel by pixel, the step from the last sample of a pixel to the first of the next differs from the two steps inside a
pixel, in gray pictures most of all. Plane by plane, all steps are of neighbors, and the three kinds are alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEAST = 1000  # pixels: fewer tell nothing
_ALIKE, _APART = 0.1, 0.5  # how much the kinds of steps differ, of their mean
_SMOOTH = 0.7  # how much less neighbors differ than samples three apart


def lies_by_plane(stream: NDArray[Any]) -> bool | None:
    """Judge the samples of one picture of three colors, in the order in which they are stored.

    Parameters
    ----------
    stream
        One axis.

    Returns
    -------
    bool or None
        Whether they lie plane by plane; None where they do not tell.

    Examples
    --------
    >>> y, x = np.mgrid[:40, :50]
    >>> picture = np.stack([np.hypot(y - 20, x - 25), x, 2 * y], axis=-1)
    >>> lies_by_plane(picture.ravel()), lies_by_plane(picture.transpose(2, 0, 1).ravel())
    (False, True)
    """
    if len(stream) < 3 * _LEAST:
        return None
    values = stream.astype(np.float32)
    steps = np.abs(np.diff(values[: len(values) // 3 * 3], append=values[-1]))
    kinds = steps.reshape(-1, 3).mean(axis=0)
    mean = float(kinds.mean())
    if not mean:
        return None
    spread = float(np.ptp(kinds)) / mean
    if spread > _APART:
        return False
    smooth = mean < _SMOOTH * float(np.abs(values[3:] - values[:-3]).mean())
    return True if spread < _ALIKE and smooth else None
