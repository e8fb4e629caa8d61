"""Whether every contour fits into an element with an explicit VR: its length is a number of 16 bits (PS3.5 7.1.2).

What is longer would be of VR UN (PS3.5 6.2.2), in which some readers look for text, and others do not. So it is written
with implicit VRs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.label_runs import unique_counts
from napari_dicom_writer.standard.elements import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.grid import Grid

_JOINED = 1.5  # points for each edge, where every hole is joined by a keyhole of its own


def most_points(grid: Grid, shape: Sequence[int], farthest: float = 0.0) -> int:
    """Return how many points fit, as text of three coordinates each.

    Parameters
    ----------
    grid, shape
        Of the planes: (planes, rows, columns).
    farthest
        The largest coordinate that lies beyond them, mm.
    """
    whole, digits = grid.coordinate_digits(shape, farthest)
    return MOST_BYTES // (3 * (whole + digits + 1))


def has_longer(plane: NDArray[Any], most: int) -> bool:
    """Whether a contour around any label of a plane has more points than that.

    There are no more than edges between voxels, but for keyholes; only where these are too many is it traced.
    """
    from napari_dicom_writer.model.tracing import trace

    labels, edges = _edges(plane)
    suspects = labels[edges * _JOINED > most].tolist()
    return any(len(ring) > most for label in suspects for ring in trace(_cropped(plane == label)))


def _edges(plane: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Labels of a plane, without 0, and how many edges each has with others, or with what is around the plane."""
    sides = [plane[0], plane[-1], plane[:, 0], plane[:, -1]]
    for one, other in ((plane[1:], plane[:-1]), (plane[:, 1:], plane[:, :-1])):
        apart = one != other
        sides += [one[apart], other[apart]]
    labels, counts = unique_counts(np.concatenate(sides))
    return labels[labels != 0], counts[labels != 0]


def _cropped(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
