"""What a scan of a layer's values found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
        low, high = values.min(), values.max()
        if values.dtype.kind == "f":
            if not (np.isfinite(low) and np.isfinite(high)):
                finite = np.isfinite(values)
                nan = int(np.isnan(values).sum())
                self.nan += nan
                self.infinite += int(finite.size - finite.sum()) - nan
                values = values[finite]
                if not values.size:
                    return
                low, high = values.min(), values.max()
            self.integral = self.integral and bool(np.array_equal(values, np.rint(values)))
            low, high = float(low), float(high)
        self._widen(*(low, high) if isinstance(low, float) else (low.item(), high.item()))

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
    """What scans found, for who plans the same layers again and again. Safe to share between threads.

    It goes by the array's identity, and so holds the array; whoever knows that its values changed calls `forget`.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, tuple[str, ...]], tuple[Any, Ranges]] = {}

    def find(self, array: Any, names: tuple[str, ...]) -> Ranges | None:
        """Return what was found in `array` when its leading axes had these `names`."""
        entry = self._known.get((id(array), names))
        return entry[1] if entry else None

    def keep(self, array: Any, names: tuple[str, ...], ranges: Ranges) -> None:
        """Remember what a scan found."""
        self._known[id(array), names] = (array, ranges)

    def forget(self) -> None:
        """Let go of everything."""
        self._known.clear()
