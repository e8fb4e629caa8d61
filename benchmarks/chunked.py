"""Chunked arrays on disk: zarr stores with cubic chunks, as large volumes come."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from benchmarks.raw import write_planes

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 64


def full_store(folder: Path, shape: tuple[int, int, int], *, compressed: bool) -> Any:
    """Make an int16 store in 64³ chunks, every one of them with its own values: waves with some noise on them."""
    random = np.random.default_rng(0)
    store = _create(folder, shape, compressed=compressed)
    base = 1000 * np.sin(np.arange(CHUNK) / 20)[:, np.newaxis, np.newaxis] + random.normal(0, 10, (CHUNK,) * 3)
    chunk = base.astype(np.int16)
    for start in product(*(range(0, length, CHUNK) for length in shape)):
        store[tuple(slice(at, at + CHUNK) for at in start)] = chunk + np.int16(sum(start) % 500)
    return store


def sparse_store(folder: Path, shape: tuple[int, int, int], dtype: str = "int16") -> Any:
    """Make a store in 64³ chunks where one is there and the others are filled in: any size, no disk."""
    store = _create(folder, shape, compressed=False, dtype=dtype)
    store[:CHUNK, :CHUNK, :CHUNK] = 7
    return store


def _create(folder: Path, shape: tuple[int, int, int], *, compressed: bool, dtype: str = "int16") -> Any:
    return zarr.create_array(
        store=str(folder),
        shape=shape,
        chunks=(CHUNK,) * 3,
        dtype=dtype,
        compressors="auto" if compressed else None,
        fill_value=1,
    )


def copy_by_slabs(array: Any, folder: Path) -> None:
    """Read slab by slab, each chunk once, and write the bytes of each plane behind as many as a header has."""
    for start in range(0, array.shape[0], CHUNK):
        write_planes(folder, np.asarray(array[start : start + CHUNK]), first=start + 1)
