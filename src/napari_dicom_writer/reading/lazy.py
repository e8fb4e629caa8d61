"""Arrays whose planes are read when they are looked at, as dask's where it is installed: napari knows those best."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np


def lazy(array: Any) -> Any:
    """Wrap an array with a shape, a dtype and chunks; it stays as it is without dask."""
    if find_spec("dask") is None:
        return array
    import dask.array as da

    # A name of its own: dask would read the array to find one.
    meta = np.empty((0,) * array.ndim, array.dtype)
    return da.from_array(array, chunks=array.chunks, name=False, meta=meta)  # type: ignore[no-untyped-call]
