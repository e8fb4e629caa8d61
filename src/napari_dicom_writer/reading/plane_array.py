"""Planes in DICOM files as one array, each decoded when it is asked for."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from itertools import product
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.decoding.process import DecodingError
from napari_dicom_writer.reading.decoding.source import ChangedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from napari_dicom_writer.reading.decoding.source import PixelSource
    from napari_dicom_writer.reading.real_values import StoredType
    from napari_dicom_writer.reading.tables import Values

_REASON = 160  # characters of what a decoder says
_Index = int | slice


@dataclass(frozen=True, slots=True)
class StoredPlane:
    """Where one plane is, None for one that is missing; what its stored values mean; and which frame it is, from 0."""

    source: PixelSource | None
    values: Values
    frame: int = 0


class LazyPlanes:
    """An array that holds no pixels: planes along leading axes.

    Basic indexing only, by integers and slices; what it returns is a NumPy array. A plane is read and decoded each
    time it is asked for. Safe to share between threads, and picklable.

    Parameters
    ----------
    leading
        Lengths of the leading axes, such as (time points, planes).
    inner
        Shape of a plane: (rows, columns), or with samples.
    dtype
        Of the values.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    chunks : tuple of int
        One plane.
    """

    def __init__(self, leading: tuple[int, ...], inner: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._leading, self._inner = leading, inner
        self.dtype = dtype
        self.shape: tuple[int, ...] = (*leading, *self._inner)
        self.chunks: tuple[int, ...] = (*(1 for _ in leading), *self._inner)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'×'.join(map(str, self.shape))}, {self.dtype})"

    def __len__(self) -> int:
        return self.shape[0]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("Planes are decoded from files: there is nothing to share without a copy")
        values: NDArray[Any] = self[()]
        return values if dtype is None else values.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:
        index = self._full_index(key)
        outer, inner = index[: len(self._leading)], index[len(self._leading) :]
        wanted = [_positions(i, length) for i, length in zip(outer, self._leading, strict=True)]
        result: NDArray[Any] | None = None
        if 0 in map(len, wanted):
            shape = np.broadcast_to(np.empty((), self.dtype), self._inner)[inner].shape
            result = np.empty((0, *shape), self.dtype)
        else:
            numbers = np.ravel_multi_index(tuple(np.array([*product(*wanted)]).T), self._leading)
            for row, number in enumerate(numbers):
                part = self._plane(int(number))[inner]
                if result is None:
                    result = np.empty((len(numbers), *part.shape), self.dtype)
                result[row] = part
        assert result is not None  # noqa: S101 - there is at least one plane
        kept = [len(w) for w, i in zip(wanted, outer, strict=True) if isinstance(i, slice)]
        return result.reshape((*kept, *result.shape[1:]))[()]

    def _full_index(self, key: Any) -> tuple[_Index, ...]:
        """One integer or slice for each axis."""
        keys = list(key) if isinstance(key, tuple) else [key]
        dots = [i for i, k in enumerate(keys) if k is Ellipsis]
        rest = [slice(None)] * (self.ndim - len(keys) + len(dots[:1]))
        keys = keys[: dots[0]] + rest + keys[dots[0] + 1 :] if dots else keys + rest
        if len(keys) != self.ndim or any(k is Ellipsis for k in keys):
            raise IndexError(f"The array has {self.ndim} axes, and the index does not fit them")
        try:
            index = tuple(k if isinstance(k, slice) else operator.index(k) for k in keys)
        except TypeError:
            raise IndexError("Only integers and slices are valid indices here") from None
        for i, length in zip(index, self.shape, strict=True):
            if not isinstance(i, slice) and not -length <= i < length:
                raise IndexError(f"Index {i} is out of bounds for an axis of length {length}")
        return index

    def _plane(self, number: int) -> NDArray[Any]:
        """Decode one plane, by its place along the leading axes in C order."""
        raise NotImplementedError


class PlaneArray(LazyPlanes):
    """Planes of an image, with their real values.

    Parameters
    ----------
    planes
        One for each place along the leading axes, in C order.
    leading
        As in `LazyPlanes`.
    size
        (rows, columns).
    stored
        How their pixels are stored.
    dtype
        Of the real values.
    samples
        1, or 3 where what the values mean are colors.
    """

    def __init__(
        self,
        planes: Sequence[StoredPlane],
        leading: tuple[int, ...],
        size: tuple[int, int],
        stored: StoredType,
        dtype: np.dtype[Any],
        samples: int = 1,
    ) -> None:
        super().__init__(leading, (*size, samples) if samples > 1 else size, dtype)
        self._planes = tuple(planes)
        self._blank = (*size, stored.samples) if stored.samples > 1 else size
        self._stored = stored

    def _plane(self, number: int) -> NDArray[Any]:
        plane = self._planes[number]
        if plane.source is None:
            return plane.values(np.zeros(self._blank, self._stored.dtype), self.dtype)
        return plane.values(decoded(plane.source, plane.frame, number), self.dtype)


def decoded(source: PixelSource, frame: int, plane: int, *, raw: bool = False) -> NDArray[Any]:
    """Decode one frame, unused bits cleared, so that values are within the type's limits; or left, if raw.

    Raises
    ------
    ReadError
        If it cannot be read; it names the plane.
    """
    try:
        return source.frame(frame, raw=raw)
    except OSError as error:  # its own text may hold a path
        raise ReadError(
            f"The file of plane {plane} cannot be read: {error.strerror or type(error).__name__}",
            "Check that the folder is still there",
        ) from error
    except ChangedError as error:
        raise ReadError(
            f"The file of plane {plane} is not the one whose header was read", "Read the series again"
        ) from error
    except DecodingError as error:
        raise ReadError(
            shorten(f"Plane {plane} could not be decoded: {error}", _REASON),
            "Install what its transfer syntax needs, or copy the file again",
        ) from error


def _positions(index: _Index, length: int) -> range:
    if isinstance(index, slice):
        return range(*index.indices(length))
    return range(index % length, index % length + 1)
