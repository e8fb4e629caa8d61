"""Pixels of every type, content and memory layout, described by a few words and a seed."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

GRAY = ("?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8")
COLOR = ("u1", "u2", "f4", "f8", "?", "i4")
_WHOLE = ("index", "constant", "extremes", "noise", "narrow", "few")
_FLOAT = (*_WHOLE, "unit", "far", "subnormal", "magnitudes", "whole", "nan", "infinite", "nothing", "zeros")
# What DICOM cannot hold without being told what to do.
NOT_FINITE = {"nan", "infinite", "nothing"}
HOLDERS = ("C", "F", "reversed", "strided", "transposed", "read-only", "memmap", "dask", "zarr", "unmasked", "list")


@dataclass(frozen=True)
class Pixels:
    """An array to be made.

    Attributes
    ----------
    dtype : str
        With its byte order.
    shape : tuple of int
        Without samples.
    samples : int
        1, 3 or 4.
    content, holder : str
        What the values are, and what holds them.
    seed : int
    """

    dtype: str
    shape: tuple[int, ...]
    samples: int = 1
    content: str = "index"
    holder: str = "C"
    seed: int = 0

    @property
    def full_shape(self) -> tuple[int, ...]:
        """Samples included."""
        return (*self.shape, self.samples) if self.samples > 1 else self.shape

    def values(self) -> np.ndarray:
        """The values, in plain memory."""
        rng = np.random.default_rng(self.seed)
        native = np.dtype(self.dtype).newbyteorder("=")
        if self.samples > 1 and self.content not in NOT_FINITE:
            return _colors(rng, self.full_shape, native).astype(self.dtype)
        make = {"b": _masks, "f": _floats}.get(native.kind, _integers)
        with np.errstate(over="ignore", under="ignore"):
            return make(rng, self.full_shape, native, self.content).astype(self.dtype)

    def held(self) -> Any:
        """The same values, as an export is given them."""
        return _hold(self.values(), self.holder, np.random.default_rng(self.seed))


def _masks(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype, content: str) -> np.ndarray:
    if content == "constant":
        return np.full(shape, rng.random() < 0.5)
    return rng.random(shape) < 0.5


def _integers(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype, content: str) -> np.ndarray:
    limits = np.iinfo(dtype)
    if content == "constant":
        return np.full(shape, rng.choice(np.array([limits.min, limits.max, 0, 1], dtype)), dtype)
    if content == "extremes":
        return np.resize(np.array([limits.max, limits.min, 0, 1], dtype), shape)
    if content == "noise":
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    if content == "narrow":
        low = int(rng.integers(limits.min // 2, limits.max // 2, dtype=dtype))
        return (low + rng.integers(0, min(60_000, limits.max - low), shape)).astype(dtype)
    if content == "few":
        return rng.integers(0, min(255, limits.max), shape).astype(dtype)
    return (np.arange(np.prod(shape)) % min(int(limits.max) + 1, 2**31)).astype(dtype).reshape(shape)


def _floats(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype, content: str) -> np.ndarray:
    limits = np.finfo(dtype)
    noise = rng.normal(scale=100, size=shape)
    if content == "constant":
        return np.full(shape, rng.choice([0.1, -3.0, 1e4, -2.5e-5]))
    if content == "extremes":
        # What double precision holds at most is more than a DS does.
        top = min(float(limits.max), 1e299)
        return np.resize([top, -top, 0.0, float(limits.tiny)], shape)
    if content == "narrow":
        return 1000 + noise * 1e-3
    if content == "few":
        return rng.integers(0, 255, shape)
    if content == "unit":
        return rng.random(shape)
    if content == "far":
        return min(float(limits.max) / 10, 1e15) + noise
    if content == "subnormal":
        return rng.integers(0, 9, shape) * float(limits.smallest_subnormal)
    if content == "magnitudes":
        return np.sign(noise) * 10 ** rng.uniform(-4, 4, shape)
    if content == "whole":
        return rng.integers(-40_000, 40_000, shape)
    if content == "zeros":
        return noise * 0.0
    if content in NOT_FINITE:
        gaps = {"nan": [np.nan], "infinite": [np.inf, -np.inf], "nothing": [np.nan]}[content]
        where = np.ones(shape, bool) if content == "nothing" else rng.random(shape) < 0.3
        where.flat[0] = True
        noise[where] = np.resize(gaps, int(where.sum()))
        return noise
    return np.arange(np.prod(shape)).reshape(shape)


def _colors(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Colors as each type has them: the whole range, or 0..1 for floats."""
    if dtype.kind == "f":
        return rng.random(shape)
    top = {"b": 1, "i": 255}.get(dtype.kind, 65535 if dtype.itemsize == 2 else 255)
    return rng.integers(0, top, shape, endpoint=True)


def _hold(values: np.ndarray, holder: str, rng: np.random.Generator) -> Any:
    backward = (slice(None, None, -1),) * values.ndim
    if holder == "F":
        return np.asfortranarray(values)
    if holder == "reversed":
        return np.ascontiguousarray(values[backward])[backward]
    if holder == "strided":
        wide = np.zeros([2 * n for n in values.shape], values.dtype)
        wide[(slice(None, None, 2),) * values.ndim] = values
        return wide[(slice(None, None, 2),) * values.ndim]
    if holder == "transposed":
        return np.ascontiguousarray(values.transpose()).transpose()
    if holder == "read-only":
        values.flags.writeable = False
        return values
    if holder == "memmap":
        with tempfile.TemporaryFile() as file:
            file.write(values.tobytes())
            file.flush()
            return np.memmap(file, values.dtype, "r", shape=values.shape)
    if holder == "dask":
        import dask.array

        return dask.array.from_array(values, chunks=_chunks(values.shape, rng))
    if holder == "zarr":
        import zarr

        return zarr.array(values, chunks=_chunks(values.shape, rng))
    if holder == "unmasked":
        return np.ma.MaskedArray(values, mask=np.zeros(values.shape, bool))
    return values


def _chunks(shape: tuple[int, ...], rng: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(rng.integers(1, n, endpoint=True)) for n in shape)


def as_given(pixels: Pixels) -> Any:
    """Return the array, or lists of its numbers where NumPy makes the same type of them again."""
    array = pixels.held()
    if pixels.holder == "list" and np.asarray(array.tolist()).dtype == array.dtype:
        return array.tolist()
    return array


_SIDES = st.one_of(st.integers(1, 6), st.sampled_from([7, 8, 16, 31, 33]))
_SIZES = st.one_of(
    st.tuples(_SIDES, _SIDES),
    st.sampled_from([(1, 1), (1, 300), (300, 1), (2, 1000), (64, 40), (3, 3), (16, 16), (33, 32)]),
)


@st.composite
def pixels(draw: st.DrawFn, leading: tuple[int, ...], dims: int, *, color: bool, large: bool) -> Pixels:
    """Draw pixels of `dims` spatial axes after the leading ones; `large` for planes of 32 × 32 and more."""
    size = draw(st.tuples(st.integers(32, 40), st.integers(32, 40)) if large else _SIZES)
    planes = (draw(st.sampled_from([1, 2, 3, 3, 4, 7])),) if dims == 3 else ()
    kind = draw(st.sampled_from(COLOR if color else GRAY))
    order = draw(st.sampled_from(["", "", ">"])) if np.dtype(kind).itemsize > 1 else ""
    contents = _FLOAT if kind[0] == "f" and not color else _WHOLE
    content = draw(st.sampled_from(contents))
    return Pixels(
        dtype=f"{order}{kind}",
        shape=(*leading, *planes, *size),
        samples=draw(st.sampled_from([3, 4])) if color else 1,
        content=content,
        holder=draw(st.sampled_from(HOLDERS)),
        seed=draw(st.integers(0, 2**16)),
    )
