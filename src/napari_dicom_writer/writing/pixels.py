"""Pixels that were read, against what the layer holds there, not against what the encoder was given.

So a fault in quantizing shows, too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.plan.stored_values import Method
from napari_dicom_writer.writing.fault import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.plan import SeriesPlan
    from napari_dicom_writer.plan.stored_values import StoredValues


def check_native(series: SeriesPlan, pixels: bytearray, values: NDArray[Any]) -> None:
    """Compare a native frame with the layer.

    Parameters
    ----------
    series
        The plan.
    pixels
        The frame as read, without padding.
    values
        What the layer holds: (rows, columns) or (rows, columns, samples).

    Raises
    ------
    Fault
        Saying how many values differ, and which is the first.
    """
    if not same_bytes(series.stored, pixels, values):
        check_frame(series, native_frame(series, pixels), values)


def native_frame(series: SeriesPlan, pixels: bytearray | memoryview) -> NDArray[Any]:
    """Return the stored values of a native frame, without a copy."""
    stored = series.stored
    shape = (series.rows, series.columns, 3) if stored.samples == 3 else (series.rows, series.columns)
    return np.frombuffer(pixels, stored.dtype, math.prod(shape)).reshape(shape)


def same_bytes(stored: StoredValues, pixels: bytearray, values: NDArray[Any]) -> bool:
    """Whether the layer holds the very bytes that were read; decided at once where values are stored as they are."""
    exact = stored.method is Method.CAST and not stored.largest_error and values.dtype == stored.dtype
    # A bytearray compares with whatever holds bytes, in C and without a copy.
    return exact and values.flags.c_contiguous and pixels == values.data


def check_frame(series: SeriesPlan, read: NDArray[Any], values: NDArray[Any]) -> None:
    """Compare the stored values of a frame with the layer; `values` and errors as for `check_native`."""
    stored = series.stored
    shape = (*values.shape[:2], 3) if stored.samples == 3 else values.shape
    if read.shape != shape:
        raise Fault(f"it has {read.shape} pixels instead of {shape}")
    if math.isinf(stored.largest_error) and not resembles(read, stored.encode(values)):
        what = "what the lossy codec left does not resemble the plane"
        raise Fault(what, "Choose a smaller lossy_ratio, or a lossless transfer syntax")
    if stored.matches(read, values):
        return
    source = stored.finite(values)
    wrong = ~(np.abs(stored.decode(read) - source) <= stored.largest_error)
    if not wrong.any():  # integers that differ where a float holds no such digits
        wrong = read != stored.encode(values)
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    raise Fault(
        f"{int(wrong.sum()):,} values differ; the first, at row {first[0]}, column {first[1]}, "
        f"is {stored.decode(read[first])} instead of {source[first]}"
    )


def resembles(read: NDArray[Any], stored: NDArray[Any]) -> bool:
    """Whether a plane of unknown loss still shows its source: as bright, and no better match when it is turned over.

    Both in stored values: what quantizing took away before is not the codec's.
    """
    decoded, original = read.astype(np.float64), stored.astype(np.float64)
    if abs(decoded.mean() - original.mean()) > 0.5 * original.std() + 0.01 * np.ptp(original) + 1:
        return False
    turned = (decoded, decoded[::-1], decoded[:, ::-1], decoded[::-1, ::-1])
    matches = [float(((view - view.mean()) * (original - original.mean())).mean()) for view in turned]
    # A symmetric plane matches its mirror image about as well, artifacts decide.
    return matches[0] >= 0.99 * max(matches)
