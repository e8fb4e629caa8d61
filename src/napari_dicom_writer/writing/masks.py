"""The masks of one plane, each made of the pixels between the first and the last of its label alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.label_runs import label_runs
from napari_dicom_writer.plan.segments import changed, check_known

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from napari_dicom_writer.model.volume import Volume


class PlaneMasks:
    """Knows where each label of a plane lies.

    Parameters
    ----------
    plane
        (rows, columns), of labels.
    """

    def __init__(self, plane: NDArray[Any]) -> None:
        self._pixels, self._columns = plane.reshape(-1), plane.shape[1]
        starts, values = label_runs(plane)
        ends = np.append(starts[1:], self._pixels.size)
        order = np.argsort(values, kind="stable")
        first, labels = label_runs(values[order])  # of each label, its first run; runs stay in their order
        last = np.append(first[1:], len(order)) - 1
        spans = zip(starts[order[first]].tolist(), ends[order[last]].tolist(), strict=True)
        self._spans = dict(zip(labels.tolist(), spans, strict=True))

    @property
    def labels(self) -> Collection[float]:
        """All that the plane holds, the background with them."""
        return self._spans.keys()

    def mask(self, label: int) -> tuple[int, NDArray[np.bool_]]:
        """Return the part of a label's mask that holds it.

        Returns
        -------
        start : int
            First pixel of the part, a multiple of 8: whole bytes are written.
        mask : numpy.ndarray
            (pixels,), up to a multiple of 8 or the end of the plane; none where the plane does not hold the label.
        """
        start, end = self._spans.get(label, (0, 0))
        start -= start % 8
        return start, self._pixels[start : end + -end % 8] == label

    def box(self, label: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return the mask of a label from its first to its last row and column.

        Returns
        -------
        mask : numpy.ndarray
            (rows, columns); empty where the plane does not hold the label.
        corner : numpy.ndarray
            Row and column of its first pixel.
        """
        start, end = self._spans.get(label, (0, 0))
        if not end:
            return np.zeros((0, 0), bool), np.zeros(2, np.int64)
        first, last = start // self._columns, -(-end // self._columns)
        rows = self._pixels[first * self._columns : last * self._columns].reshape(-1, self._columns) == label
        there = np.flatnonzero(rows.any(axis=0))
        return rows[:, there[0] : there[-1] + 1], np.array([first, there[0]])


def check_empty(volume: Volume, values: NDArray[Any]) -> None:
    """Refuse a plane that no frame shows, if it holds labels, or fractions, by now.

    Raises
    ------
    PixelError
        Naming a label.
    """
    if volume.labels is None:
        return
    if not volume.labels.fractions and values.any():
        check_known(np.unique(values).tolist(), ())
    elif (values > 0).any():  # not of NaN, which may be filled by 0
        raise changed("fractions on an empty plane")
