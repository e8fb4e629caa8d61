"""Where the label changes along the pixels of a plane: labels lie together, so that there are few such places.

Looking at these alone costs a fifth of counting every pixel (measured: 70 µs against 400 µs for a plane of 512²).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORD = np.dtype(np.uint64)
# Up to here, counting is faster than sorting.
_COUNTED = 2**17


def label_runs(plane: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """Find the runs of pixels that hold one value.

    Parameters
    ----------
    plane
        Of any shape and type, not empty; NaN is a run of its own each time.

    Returns
    -------
    starts : numpy.ndarray
        Index of the first pixel of each run, in the order of memory, ascending from 0.
    values : numpy.ndarray
        What each run holds: together every value of the plane, most of them several times.

    Examples
    --------
    >>> starts, values = label_runs(np.array([[0, 0, 7], [7, 0, 0]]))
    >>> starts.tolist(), values.tolist()
    ([0, 2, 4], [0, 7, 0])
    """
    flat = plane.reshape(-1)
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    starts = np.empty(len(changes) + 1, np.intp)
    starts[0] = 0
    np.add(changes, 1, out=starts[1:])
    return starts, flat[starts]


def some_of_each(plane: NDArray[Any]) -> NDArray[Any]:
    """Return every value of a plane, most of them several times: far fewer than it has pixels.

    Pixels are compared eight bytes at once where they can be: the same bytes hold the same values (measured: 15 µs
    against 70 µs for a plane of 512² bytes).

    Examples
    --------
    >>> set(some_of_each(np.repeat([0, 7, 2, 7], 1000).astype("u1")).tolist()) == {0, 2, 7}
    True
    """
    flat = plane.reshape(-1)
    together = _WORD.itemsize // flat.dtype.itemsize
    if together < 2 or flat.size % together or not flat.flags.c_contiguous:
        return label_runs(flat)[1]
    return label_runs(flat.view(_WORD))[1].view(flat.dtype)


def unique(values: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers from 0, each once, ascending."""
    return unique_counts(values)[0]


def unique_counts(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return whole numbers from 0, each once, ascending, and how often each is there.

    Examples
    --------
    >>> [each.tolist() for each in unique_counts(np.array([7, 0, 7]))]
    [[0, 7], [1, 2]]
    """
    if values.max().item() < _COUNTED and values.min().item() >= 0:
        counts = np.bincount(values.astype(np.intp))
        present = np.flatnonzero(counts)
        return present, counts[present]
    return np.unique(values, return_counts=True)
