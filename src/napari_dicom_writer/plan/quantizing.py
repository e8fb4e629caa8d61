"""Values rounded to the steps of a slope, and held against them again, by blocks that stay in the processor's cache.

In single precision half as many bytes move. It is used where its rounding is known beforehand, which is where the
intercept is a whole number of steps: value / slope is then rounded twice (1 / slope, and the product with it), and all
that follows is exact, because whole steps below 2**24 are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.model.blocks import BLOCK, block_rows, row_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.stored_values import StoredValues

_ROUNDING = 2.0**-24 * (1 + 1e-6)  # of one operation in single precision, relative; the rest is that of 1 / slope
_SINGLE_BLOCK = 2 * BLOCK  # in single precision: that many calls less outweigh what leaves the cache (measured)
_LARGEST, _SMALLEST = 1e30, 1e-30  # slopes whose inverse and products are far from the ends of single precision


def single_precision_error(dtype: np.dtype[Any], stored: str, slope: float, intercept: float) -> float | None:
    """Bound the rounding of single precision.

    Parameters
    ----------
    dtype
        Of the layer.
    stored
        Type of the stored values.
    slope, intercept
        As a reader sees them.

    Returns
    -------
    float or None
        In steps, at most 1/128; None where double precision is needed.
    """
    if dtype.kind != "f" or dtype.itemsize > 4 or not _SMALLEST < slope < _LARGEST:
        return None
    zero, limits = -intercept / slope, np.iinfo(stored)
    if abs(zero - round(zero)) > 1e-9 or not limits.min <= round(zero) <= limits.max:
        return None
    return 2 * _ROUNDING * max(limits.max - round(zero), round(zero) - limits.min)


def quantize(stored: StoredValues, values: NDArray[Any]) -> NDArray[Any]:
    """Round to the nearest step.

    Parameters
    ----------
    stored
        With a slope.
    values
        (rows, ...), of the layer.

    Returns
    -------
    numpy.ndarray
        Stored values of the same shape. What lies past their type, because the layer changed after it was scanned, is
        clipped: a wrap would be a silent error.
    """
    limits, zero = np.iinfo(stored.dtype), _zero(stored)
    result = np.empty(values.shape, stored.dtype)
    with np.errstate(all="ignore"):  # NaN and infinity are replaced; whoever sets traps for them sets them elsewhere
        for rows, steps in _steps(stored, values):
            np.rint(steps, out=steps)
            if zero:
                steps += zero
            np.clip(steps, limits.min, limits.max, out=steps)
            result[rows] = steps
    return result


def are_nearest(stored: StoredValues, found: NDArray[Any], values: NDArray[Any]) -> bool:
    """Tell whether stored values, in single precision, are no further from the values than planned.

    Parameters
    ----------
    stored
        With a slope, and in single precision.
    found
        (rows, columns), as read.
    values
        (rows, columns), of the layer.

    Returns
    -------
    bool
        False also where it takes double precision to tell.
    """
    assert stored.single_error is not None  # noqa: S101 - asked of such only
    limit, zero = stored.largest_error / float(stored.slope) - stored.single_error, _zero(stored)
    buffer = np.empty((block_rows(values, _SINGLE_BLOCK), *values.shape[1:]), np.float32)
    with np.errstate(all="ignore"):
        for rows, steps in _steps(stored, values):
            whole = buffer[: len(steps)]
            whole[...] = found[rows]  # twice as fast as a subtraction of mixed types (measured)
            if zero:
                whole -= zero
            steps -= whole
            if not (steps.min() >= -limit and steps.max() <= limit):  # NaN compares false
                return False
    return True


def _zero(stored: StoredValues) -> int:
    """Stored value of where steps are counted from: in single precision from 0, in double from the intercept."""
    return 0 if stored.single_error is None else round(-float(stored.intercept) / float(stored.slope))


def _steps(stored: StoredValues, values: NDArray[Any]) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Give each block of values in steps, in one buffer that the caller may write to."""
    per_step, intercept = 1 / float(stored.slope), float(stored.intercept)
    single = stored.single_error is not None
    most, dtype = (_SINGLE_BLOCK, np.float32) if single else (BLOCK, np.float64)
    buffer = np.empty((block_rows(values, most), *values.shape[1:]), dtype)
    for rows in row_blocks(values, most):
        part = values[rows]
        steps = buffer[: len(part)]
        if single:
            np.multiply(part, np.float32(per_step), out=steps, dtype=np.float32)
        else:
            np.subtract(part, intercept, out=steps, dtype=np.float64)
            steps *= per_step
        if stored.fill is not None:
            fill = (stored.fill - (0 if single else intercept)) * per_step
            np.copyto(steps, fill, where=~np.isfinite(part), casting="same_kind")
        yield rows, steps
