"""An array with its axes in another order, or at one place along some of them, read when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray


class Reordered:
    """An array with its axes in another order, and some of them left out at one index.

    Parameters
    ----------
    source
        The other array.
    order
        For each axis of the result, which axis of the source it is.
    fixed
        Index along each axis of the source that the result does not have.
    """

    def __init__(self, source: Any, order: Sequence[int], fixed: dict[int, int] | None = None) -> None:
        self._source, self._order, self._fixed = source, tuple(order), dict(fixed or {})
        self.shape = tuple(int(source.shape[axis]) for axis in order)
        self.dtype = np.dtype(source.dtype)
        for hint in ("strides", "chunks"):  # tells how planes are best read
            if isinstance(value := getattr(source, hint, None), tuple) and len(value) == len(source.shape):
                setattr(self, hint, tuple(value[axis] for axis in order))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("It is read from another array: there is nothing to share without a copy")
        values: NDArray[Any] = np.asarray(self[()])
        return values if dtype is None else values.astype(dtype, copy=False)

    def __getitem__(self, index: Any) -> Any:
        index = index if isinstance(index, tuple) else (index,)
        index = (*index, *[slice(None)] * (self.ndim - len(index)))
        wanted: dict[int, Any] = dict(self._fixed) | dict(zip(self._order, index, strict=True))
        values = np.asarray(self._source[tuple(wanted[axis] for axis in range(len(self._source.shape)))])
        kept = [axis for axis in range(len(self._source.shape)) if isinstance(wanted[axis], slice)]
        return values.transpose([kept.index(axis) for axis in self._order if isinstance(wanted[axis], slice)])
