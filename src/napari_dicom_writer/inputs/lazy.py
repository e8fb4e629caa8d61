"""Arrays that read what is asked of them: NumPy's integers and slices, and nothing else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ExportError, LayerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray


class Deferred:
    """An array that is read whole, when a part of it is asked for the first time.

    For files that cannot be read in part: compressed ones, and pictures.

    Parameters
    ----------
    shape, dtype
        As the header of the file says.
    load
        Reads the file.
    keep
        Whether to keep what was read; a stack of many pictures does not.
    """

    def __init__(
        self, shape: Sequence[int], dtype: DTypeLike, load: Callable[[], NDArray[Any]], *, keep: bool = True
    ) -> None:
        self.shape, self.dtype = tuple(map(int, shape)), np.dtype(dtype)
        self._load, self._keep = load, keep
        self._values: NDArray[Any] | None = None
        self._lock = threading.Lock()  # a thread reads slabs before they are needed

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> Any:
        with self._lock:
            values = self._values if self._values is not None else self._read()
            if self._keep:
                self._values = values
        return values[index]

    def _read(self) -> NDArray[Any]:
        try:
            values = self._load()
        except ExportError:
            raise
        except Exception as error:  # libraries raise whatever they like
            reason = " ".join(str(error).split())
            remedy = "Check that the file is whole"
            raise LayerError(f"Its pixels could not be read: {type(error).__name__}: {reason}", remedy) from error
        if values.shape != self.shape:
            what = f"Its pixels have the shape {values.shape}, and its header says {self.shape}"
            raise LayerError(what, "Check that the file is whole, and was not changed")
        return values


class Computed:
    """An array whose values are computed from those of another: same axes, and perhaps one more behind.

    Parameters
    ----------
    source
        The other array.
    compute
        Called with a part of it.
    dtype
        Of the result.
    samples
        Length of the axis that the result has more; 0 for none.
    """

    def __init__(
        self, source: Any, compute: Callable[[NDArray[Any]], NDArray[Any]], dtype: DTypeLike, samples: int = 0
    ) -> None:
        self._source, self._compute = source, compute
        self.shape = (*source.shape, *((samples,) if samples else ()))
        self.dtype = np.dtype(dtype)
        if hasattr(source, "strides"):  # tells how planes are best read
            self.strides = source.strides
        if hasattr(source, "chunks"):
            self.chunks = (*source.chunks, *((samples,) if samples else ()))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> Any:
        index = index if isinstance(index, tuple) else (index,)
        axes = len(self._source.shape)
        return self._compute(np.asarray(self._source[index[:axes]]))[(..., *index[axes:])]


class Stacked:
    """Arrays of one shape, put together along a new first axis; each is read when it is asked for."""

    def __init__(self, arrays: Sequence[Any]) -> None:
        self._arrays = list(arrays)
        self.shape = (len(self._arrays), *self._arrays[0].shape)
        self.dtype = np.dtype(self._arrays[0].dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> Any:
        first, *rest = index if isinstance(index, tuple) else (index,)
        if not isinstance(first, slice):
            return np.asarray(self._arrays[first][tuple(rest)])
        parts = [np.asarray(array[tuple(rest)]) for array in self._arrays[first]]
        return np.stack(parts) if parts else np.empty((0, *self.shape[1:]), self.dtype)
