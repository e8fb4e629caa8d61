"""Segments as one array of labels, each plane put together when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_dicom_writer.reading.plane_array import LazyPlanes, decoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.reading.decoding.source import PixelSource


class LabelPart(NamedTuple):
    """A frame that holds some of a plane's labels: a mask of one, or with `label` 0 the numbers of all."""

    source: PixelSource
    frame: int
    label: int


class LabelArray(LazyPlanes):
    """Labels, 0 where nothing is.

    Parameters
    ----------
    planes
        What each holds, along the leading axes in C order.
    leading, size, dtype
        As in `PlaneArray`.
    labels
        Label of each number in frames that hold those of all; numbers that are not in it are their own.
    """

    def __init__(
        self,
        planes: Sequence[Sequence[LabelPart]],
        leading: tuple[int, ...],
        size: tuple[int, int],
        dtype: np.dtype[Any],
        labels: Mapping[int, int],
    ) -> None:
        super().__init__(leading, size, dtype)
        self._planes = tuple(map(tuple, planes))
        self._renumbered = {number: label for number, label in labels.items() if number != label}

    def _plane(self, number: int) -> NDArray[Any]:
        values = np.zeros(self._inner, self.dtype)
        for part in self._planes[number]:
            stored = decoded(part.source, part.frame, number)
            if part.label:
                values[stored != 0] = part.label
                continue
            values[...] = stored
            for segment, label in self._renumbered.items():
                values[stored == segment] = label
        return values
