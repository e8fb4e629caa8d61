"""What a scan of a layer's values found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_dicom_writer.model.blocks import BLOCK, row_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Found = TypeVar("Found")

Ranges = dict[tuple[int, ...], "ValueRange"]
"""Range of each channel, by its index along the leading axes."""


@dataclass(slots=True)
class ValueRange:
    """What a scan of the values found; grows plane by plane, which stay in the processor's cache meanwhile.

    Attributes
    ----------
    low, high : int or float
        Over the finite values; `low` > `high` when there are none.
    nan, infinite : int
        Number of values that are not finite.
    integral : bool
        Whether all finite values are whole numbers.
    """

    low: float = math.inf
    high: float = -math.inf
    nan: int = 0
    infinite: int = 0
    integral: bool = True

    def add(self, values: NDArray[Any]) -> None:
        """Take in one plane."""
        # Only where they are rounded, too, is there an intermediate result that needs room in the cache.
        rounded = values.dtype.kind == "f" and self.integral
        for rows in row_blocks(values, BLOCK if rounded else 4 * BLOCK):
            self._add(values[rows])

    def _add(self, values: NDArray[Any]) -> None:
        low, high = values.min(), values.max()
        if values.dtype.kind != "f":
            self._widen(low.item(), high.item())
            return
        nan = int(np.count_nonzero(np.isnan(values))) if np.isnan(low) else 0
        # The first value that is not a whole number settles it: most layers of floats are looked at only twice.
        self.integral = self.integral and np.count_nonzero(np.rint(values) == values) == values.size - nan
        self.nan += nan
        if nan:
            low, high = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
        if np.isinf(low) or np.isinf(high):
            infinite = np.isinf(values)
            self.infinite += int(np.count_nonzero(infinite))
            finite = values[~infinite]
            low, high = np.fmin.reduce(finite, initial=np.nan), np.fmax.reduce(finite, initial=np.nan)
        self._widen(float(low), float(high))

    def merge(self, other: ValueRange) -> None:
        """Take in what was found elsewhere."""
        self.nan += other.nan
        self.infinite += other.infinite
        self.integral = self.integral and other.integral
        self._widen(other.low, other.high)

    def with_fill(self, fill: float) -> ValueRange:
        """Return the range after values that are not finite were replaced by `fill`."""
        filled = ValueRange(self.low, self.high, integral=self.integral and fill == int(fill))
        filled._widen(fill, fill)
        return filled

    def _widen(self, low: float, high: float) -> None:
        # Integers stay Python integers: a float would lose the last digits of int64.
        self.low = low if low < self.low else self.low
        self.high = high if high > self.high else self.high


class ScanCache:
    """What scans found, for callers that plan the same layers again. Safe to share between threads.

    It goes by the array's identity, and so holds the array; a caller that knows of changed values calls `forget`.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[str, ...]], tuple[Any, Any]] = {}

    def once(self, array: Any, names: tuple[str, ...], scan: Callable[[], Found]) -> Found:
        """Return what `scan` finds in `array` when its axes have these `names`; it is called the first time only."""
        key = id(array), names
        if key not in self._known:
            self._known[key] = array, scan()
        found: Found = self._known[key][1]
        return found

    def forget(self) -> None:
        """Let go of everything."""
        self._known.clear()
