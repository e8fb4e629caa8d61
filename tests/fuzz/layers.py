"""Layers and volumes to export, and what an export of each must hold."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from fuzz.arrays import Pixels, as_given, pixels
from fuzz.places import Place, VolumePlace, layer_places, volume_places
from fuzz.texts import names
from napari_dicom_writer import Volume

SPATIAL = ("plane", "row", "column")
TIME_LABELS = ("t", "Time", "time (s)", "frames")
CHANNEL_LABELS = ("c", "Channel", "channels")
SECONDS = {"s": 1.0, "ms": 1e-3, "min": 60.0}


@dataclass(frozen=True)
class Leading:
    """An axis before the spatial ones.

    Attributes
    ----------
    role : str
        ``time``, ``channel``, ``other``, or ``unnamed``, which an option decides.
    label, unit : str
        Of a layer; a `Volume` goes by the role.
    length : int
    scale : float
        Of a layer, along this axis.
    """

    role: str
    label: str
    unit: str
    length: int
    scale: float = 1.0

    @property
    def seconds(self) -> float | None:
        """The time between two points, where it is known."""
        return abs(self.scale) * SECONDS[self.unit] if self.role == "time" and self.unit in SECONDS else None


@dataclass(frozen=True)
class Stack:
    """One series to expect.

    Attributes
    ----------
    values : numpy.ndarray
        (time points, planes, rows, columns[, samples]) as they are in the layer, alpha left out.
    affine : numpy.ndarray
        (plane, row, column, 1) → LPS mm.
    planar : bool
        Whether it is of two spatial axes, so that nobody knows how thick its plane is.
    step : float or None
        Seconds between time points.
    channel : numpy.ndarray
        The values of all time points, which are stored alike; of colors, all there are.
    """

    values: np.ndarray
    affine: np.ndarray
    planar: bool
    step: float | None
    channel: np.ndarray


@dataclass(frozen=True)
class Layer:
    """What one layer or volume is made of.

    Attributes
    ----------
    form : str
        ``layer``, a tuple with all of a layer's attributes; ``pair``, without a type; ``bare``, without the attributes
        that say nothing; ``volume``.
    order : tuple of int
        Of the spatial axes of a volume's array.
    """

    form: str
    pixels: Pixels
    leading: tuple[Leading, ...]
    place: Place | VolumePlace
    name: str
    limits: tuple[Any, Any] | None
    order: tuple[int, ...]

    @property
    def dims(self) -> int:
        """How many spatial axes there are."""
        return len(self.pixels.shape) - len(self.leading)

    def given(self) -> Any:
        """Return what `export` is given."""
        array = as_given(self.pixels)
        rgb = self.pixels.samples > 1
        if isinstance(self.place, VolumePlace):
            return self._volume(array, self.place, rgb=rgb)
        attributes = {"name": self.name, "rgb": rgb, "contrast_limits": self.limits, **self._transforms(self.place)}
        labels = [axis.label for axis in self.leading]
        if any(labels):
            ndim = len(self.pixels.shape)
            labels = [label or str(i - ndim) for i, label in enumerate(labels)]
            attributes["axis_labels"] = (*labels, *"zyx"[3 - self.dims :])
        if self.form == "bare":
            attributes = {key: value for key, value in attributes.items() if value is not None and value is not False}
        return (array, attributes) if self.form == "pair" else (array, attributes, "image")

    def _volume(self, array: Any, place: VolumePlace, *, rgb: bool) -> Volume:
        spatial = [SPATIAL[3 - self.dims :][i] for i in self.order]
        roles = {"unnamed": "", "other": "position"}
        lead = [roles.get(axis.role, axis.role) for axis in self.leading]
        keywords = {"spacing": place.spacing, "position": place.position, "direction": place.direction}
        step = next((axis.seconds for axis in self.leading if axis.role == "time"), None)
        return Volume(
            array,
            **(keywords if place.affine is None else {"affine": place.affine}),
            axes=(*lead, *spatial),
            rgb=rgb,
            name=self.name,
            window=self.limits,
            time_step=step,
        )

    def _transforms(self, place: Place) -> dict[str, Any]:
        """Transforms along all axes, the leading ones left alone but for their scale."""
        lead, n = len(self.leading), place.dims
        rotate, affine = np.eye(lead + n), np.eye(lead + n + 1)
        rotate[lead:, lead:] = place.rotate
        shear = np.eye(lead + n)
        shear[lead:, lead:][np.triu_indices(n, 1)] = place.shear
        if place.affine is not None:
            affine[lead:, lead:] = place.affine
        return {
            "scale": (*(axis.scale for axis in self.leading), *place.scale),
            "translate": (*(0.0 for _ in self.leading), *place.translate),
            "rotate": rotate,
            "shear": shear[np.triu_indices(lead + n, 1)],
            "affine": None if place.affine is None else affine,
            "units": (*(axis.unit for axis in self.leading), *place.units),
        }

    def affine(self, pixel_unit: str, world: str) -> np.ndarray:
        """(plane, row, column, 1) → LPS mm."""
        return self.place.lps(pixel_unit, world) if isinstance(self.place, Place) else self.place.lps()

    def roles(self, unnamed_axis: str) -> list[str]:
        """What each leading axis is: the first without a name is what the option says, if that is not there yet."""
        roles = [axis.role for axis in self.leading]
        for i, role in enumerate(roles):
            if role == "unnamed":
                roles[i] = "time" if unnamed_axis == "time" and "time" not in roles else "other"
        return roles

    def stacks(self, *, pixel_unit: str, world: str, unnamed_axis: str, time: str) -> list[Stack]:
        """Return the series to expect: one for each index along what is not time, in the array's order."""
        values = self.pixels.values()
        values = values[..., :3] if self.pixels.samples == 4 else values
        lead, dims = len(self.leading), self.dims
        values = np.moveaxis(values, range(lead, lead + dims), [lead + i for i in self.order])
        if dims == 2:
            values = np.expand_dims(values, lead)
        roles = self.roles(unnamed_axis)
        at = roles.index("time") if "time" in roles else None
        # Of a volume without a name for it, nobody knows the step.
        step = None if at is None else self.leading[at].seconds
        affine = self.affine(pixel_unit, world)
        found = []
        for index in product(*(range(1 if i == at else axis.length) for i, axis in enumerate(self.leading))):
            part = values[tuple(slice(None) if i == at else k for i, k in enumerate(index))]
            points = part if at is not None else part[np.newaxis]
            found += [
                Stack(each, affine, dims == 2, step, values if self.pixels.samples > 1 else points)
                for each in (np.split(points, len(points)) if time == "series-per-point" else [points])
            ]
        return found


def _leading(draw: st.DrawFn, dims: int, *, volume: bool) -> tuple[Leading, ...]:
    """Draw up to three axes of different roles; beside two spatial axes only what cannot be taken for a third."""
    roles = ["time", "channel"] if dims == 2 else ["time", "time by unit", "channel", "other", "unnamed"]
    count = draw(st.sampled_from([0] * 6 + [1, 1, 1, 2, 3]))
    chosen = draw(st.permutations(roles))[:count]
    if "time" in chosen and "time by unit" in chosen:
        chosen.remove("time by unit")
    axes = []
    for role in chosen:
        label = {
            "time": st.sampled_from(TIME_LABELS),
            "channel": st.sampled_from(CHANNEL_LABELS),
            "other": st.sampled_from(["position", "well", "row", "脳"]),
        }.get(role, st.just(""))
        unit = {"time": st.sampled_from(["s", "ms", "pixel", "um"]), "time by unit": st.sampled_from([*SECONDS])}
        scale = draw(st.sampled_from([1.0, 2.5, 0.1, -1.0, 1e-9])) if "time" in role else 1.0
        scale = abs(scale) if volume else scale
        drawn_unit = draw(unit.get(role, st.just("pixel")))
        length = draw(st.sampled_from([1, 2, 2, 3]))
        axes.append(Leading(role.split()[0], draw(label), drawn_unit, length, scale))
    return tuple(axes)


_LIMITS = st.one_of(
    st.none(),
    st.sampled_from(
        [(0, 255), (-0.5, 0.5), (1, 1), (5, -5), (float("nan"), 1), (float("-inf"), 0), ("a", "b"), (0, 1e308)]
    ),
    st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
)


@st.composite
def layers(draw: st.DrawFn, *, color: bool, large: bool, pixel_unit: str) -> Layer:
    """Draw one layer or volume."""
    form = draw(st.sampled_from(["layer", "layer", "pair", "bare", "volume", "volume"]))
    dims = draw(st.sampled_from([2, 3, 3, 3]))
    lead = _leading(draw, dims, volume=form == "volume")
    order = tuple(draw(st.permutations(range(dims)))) if form == "volume" else tuple(range(dims))
    return Layer(
        form=form,
        pixels=draw(pixels(tuple(axis.length for axis in lead), dims, color=color, large=large)),
        leading=lead,
        place=draw(volume_places(dims) if form == "volume" else layer_places(dims, pixel_unit)),
        name=draw(names),
        limits=draw(_LIMITS),
        order=order,
    )
