"""Planes in blocks of rows whose intermediate results stay in the processor's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BLOCK = 2**16
"""Values: two blocks in single precision, or one in double, fit the second-level cache."""


def row_blocks(values: NDArray[Any], most: int = BLOCK) -> Iterator[slice]:
    """Cut an array along its first axis, into blocks of about as many values."""
    rows = block_rows(values, most)
    for start in range(0, len(values), rows):
        yield slice(start, start + rows)


def block_rows(values: NDArray[Any], most: int = BLOCK) -> int:
    """Return how many rows each of `row_blocks` has, but for the last."""
    return max(1, min(len(values), most * len(values) // max(1, values.size)))
