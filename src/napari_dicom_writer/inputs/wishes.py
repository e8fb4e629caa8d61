"""What the user says of files: their axes, voxel sizes and place, where the files do not say it, or say it wrongly."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import OptionsError, Refusals
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.axis_names import axis_names
from napari_dicom_writer.model.units import quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

_LETTERS = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$")


@dataclass(frozen=True, slots=True)
class Measure:
    """A length in mm or a duration in seconds, and whether its unit was given with it."""

    value: float
    explicit: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user says of files; `wishes` reads it.

    Attributes
    ----------
    axes : tuple of str or None
        What each axis of the array is.
    spacing : tuple of Measure or None
        Between neighbors along (planes, rows, columns), or (rows, columns).
    time_step : Measure or None
        Between time points.
    origin : tuple of Measure or None
        Center of the first voxel, LPS (x, y, z).
    direction : numpy.ndarray or None
        3×3; column j is the LPS unit vector along which axis j of (planes, rows, columns) increases.
    rgb : bool or None
        Whether the last axis holds colors, where the file leaves it open.
    plugin : str or None
        A reader plugin of napari to use, whatever the format.
    stack : bool or None
        Whether files of one picture each make one volume; None asks, where they could.
    """

    axes: tuple[str, ...] | None = None
    spacing: tuple[Measure, ...] | None = None
    time_step: Measure | None = None
    origin: tuple[Measure, ...] | None = None
    direction: NDArray[np.float64] | None = None
    rgb: bool | None = None
    plugin: str | None = None
    stack: bool | None = None

    @property
    def says_where(self) -> bool:
        """Whether the user says anything of sizes and places."""
        return self.spacing is not None or self.origin is not None or self.direction is not None


def wishes(
    *,
    axes: str | Sequence[str] | None = None,
    spacing: str | Sequence[str | float] | None = None,
    time_step: str | float | None = None,
    origin: str | Sequence[str | float] | None = None,
    direction: str | Sequence[Any] | NDArray[Any] | None = None,
    rgb: bool | None = None,
    plugin: str | None = None,
    stack: bool | None = None,
) -> Wishes:
    """Read what the user says; everything that is wrong is told at once.

    Parameters
    ----------
    axes
        A letter an axis of the array, T C Z Y X and S (samples of a color), such as ``TCZYX``; or words.
    spacing, origin
        Lengths with units, such as ``"2.5mm 650nm 650nm"``, or numbers in mm.
    time_step
        A duration with its unit, such as ``"200 ms"``, or seconds.
    direction
        Where columns, rows and planes run: letters of the patient such as ``"L P H"``, or six or nine numbers (row
        cosines, column cosines, and the direction of the planes); an array 3×3 is as in `Volume`.
    rgb, plugin, stack
        As in `Wishes`.

    Raises
    ------
    OptionsError
        If anything is not what it should be.
    """
    refusals = Refusals()
    read: dict[str, Any] = {"rgb": rgb, "plugin": plugin, "stack": stack}
    given: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "axes": (axes, _axes),
        "spacing": (spacing, _spacing),
        "time_step": (time_step, _time_step),
        "origin": (origin, _origin),
        "direction": (direction, _direction),
    }
    for name, (value, reader) in given.items():
        if value is not None:
            with refusals.collect(mention(name)):
                read[name] = reader(value)
    refusals.raise_if_any()
    return Wishes(**read)


def _axes(given: str | Sequence[str]) -> tuple[str, ...]:
    names = axis_names(given)
    remedy = "Give a letter an axis, from T (time), C (channel), Z (planes), Y (rows), X (columns), S (color samples)"
    for name in names:
        if names.count(name) > 1 or not name:
            raise OptionsError(f"{name!r} stands for two axes of {_joined(given)}, or for none", remedy)
    if not {"row", "column"} <= set(names):
        raise OptionsError(f"{_joined(given)} names no rows and columns", remedy)
    return names


def _joined(given: str | Sequence[str]) -> str:
    return given if isinstance(given, str) else " ".join(given)


def _spacing(given: str | Sequence[str | float]) -> tuple[Measure, ...]:
    remedy = "Give the distances between planes, rows and columns, such as 2.5mm 650nm 650nm, or rows and columns"
    lengths = _measures(given, "mm", "[length]", remedy)
    if len(lengths) not in (2, 3):
        raise OptionsError(f"It has {len(lengths)} length{'' if len(lengths) == 1 else 's'}", remedy)
    if any(length.value <= 0 for length in lengths):
        raise OptionsError("A distance is not positive", remedy)
    return lengths


def _origin(given: str | Sequence[str | float]) -> tuple[Measure, ...]:
    remedy = "Give where the center of the first voxel lies, x y z in LPS, such as -120 -96.5 40 (mm)"
    lengths = _measures(given, "mm", "[length]", remedy)
    if len(lengths) != 3:
        raise OptionsError(f"It has {len(lengths)} lengths", remedy)
    return lengths


def _time_step(given: str | float) -> Measure:
    remedy = "Give the time between time points, such as 200ms or 2 (seconds)"
    found = _measures(given if isinstance(given, str) else (given,), "s", "[time]", remedy)
    if len(found) != 1 or found[0].value <= 0:
        raise OptionsError(f"{given!r} is not a duration", remedy)
    return found[0]


def _measures(given: str | Iterable[str | float], default: str, dimension: str, remedy: str) -> tuple[Measure, ...]:
    """Read numbers with or without units; a unit may stand apart from its number."""
    words: list[str | float] = []
    for item in [given] if isinstance(given, str) else given:
        words += item.replace(",", " ").split() if isinstance(item, str) else [item]
    joined: list[str] = []
    for word in words:
        text = repr(float(word)) if isinstance(word, Real) else str(word)
        if joined and text[:1].isalpha() and _NUMBER.match(joined[-1]):
            joined[-1] += f" {text}"
        else:
            joined.append(text)
    return tuple(_measure(text, default, dimension, remedy) for text in joined)


def _measure(text: str, default: str, dimension: str, remedy: str) -> Measure:
    explicit = not _NUMBER.match(text)
    try:
        value = quantity(text) if explicit else quantity(default) * float(text)
    except ValueError:
        raise OptionsError(f"{text!r} is not understood", remedy) from None
    if value.dimensionality != {dimension: 1}:
        raise OptionsError(f"{text!r} is not a {dimension.strip('[]')}", remedy)
    number = float(value.to(default).magnitude)
    if not math.isfinite(number):
        raise OptionsError(f"{text!r} is not finite", remedy)
    return Measure(number, explicit)


def _direction(given: str | Sequence[Any] | NDArray[Any]) -> NDArray[np.float64]:
    remedy = "Say where columns, rows and planes run, such as L P H, or give six or nine direction cosines"
    if not isinstance(given, str) and np.ndim(given) == 2:
        vectors = np.asarray(given, float).T[::-1]  # columns, rows, planes
    else:
        words = given if isinstance(given, str) else " ".join(map(str, given))
        letters = re.findall(r"[A-Z]", words.upper())
        if letters:
            if len(letters) not in (2, 3) or not set(letters) <= set(_LETTERS) or re.search(r"\d", words):
                raise OptionsError(f"{words!r} is not understood", remedy)
            vectors = np.array([_LETTERS[letter] for letter in letters], float)
        else:
            try:
                numbers = [float(word) for word in words.replace(",", " ").split()]
            except ValueError:
                numbers = []
            if len(numbers) not in (6, 9):
                raise OptionsError(f"{words!r} is not understood", remedy)
            vectors = np.reshape(numbers, (-1, 3))
    if len(vectors) == 2:
        vectors = np.vstack([vectors, np.cross(*vectors)])
    if vectors.shape != (3, 3) or not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3):
        raise OptionsError("The directions are not unit vectors", remedy)
    if abs(np.linalg.det(vectors)) < 1e-6:
        raise OptionsError("Two directions are the same", remedy)
    return np.asarray(vectors[::-1].T, np.float64)
