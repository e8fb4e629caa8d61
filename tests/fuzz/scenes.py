"""Scenes to export: several layers of one space, labels among them, any object, a reference, odd settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from judges.settings import SETTINGS
from napari_dicom_writer import LayerOptions, Volume
from napari_dicom_writer.iods import IMAGE, IODS

SPACINGS = ((2.5, 0.7, 0.7), (0.1, 1.0, 1.2), (1.0, 1.0, 1.0), (3e-4, 1e-4, 2e-4), (5.0, 0.9765625, 0.9765625))
ORIGINS = ((0.0, 0.0, 0.0), (-123.456, 98.7, -1234.5), (0.1, -1e-3, 7.0))
LABELS = ((0, 1), (0, 1, 2, 3), (0, 5, 40, 300), (0, 65535), (7,))
TYPES = ("u1", "u2", "i2", "i4", "f4", "f8")
OBJECTS = tuple(row.key for row in IODS.rows if IMAGE in row.layers)


@dataclass(frozen=True)
class Scene:
    """One export of layers that lie on one grid.

    Attributes
    ----------
    images : tuple of numpy.ndarray
        Each (planes, rows, columns), after time where `timed`.
    labels : numpy.ndarray or None
        (planes, rows, columns).
    affine : numpy.ndarray
        4×4: (plane, row, column, 1) → LPS mm.
    timed : bool
        Whether the images have a time axis.
    options : dict
        Of `ExportOptions`.
    patient : dict or None
        Of the reference, which lies in the study and the space; None without one.
    settings : tuple of str
        Of other libraries, as some user has made them.
    contours : bool
        Whether the labels become a structure set.
    """

    images: tuple[np.ndarray, ...]
    labels: np.ndarray | None
    affine: np.ndarray
    timed: bool
    options: dict[str, Any]
    patient: dict[str, str] | None
    settings: tuple[str, ...]
    contours: bool = False

    @property
    def traits(self) -> list[str]:
        """What is unusual in it."""
        several = len(self.images) + (self.labels is not None) > 1
        named = {"several layers": several, "a reference": self.patient is not None, "odd settings": self.settings}
        named["contours"] = self.contours
        named["compressed"] = self.options.get("transfer_syntax", "explicit-le") != "explicit-le"
        return [name for name, there in named.items() if there]

    @property
    def grid(self) -> tuple[int, ...]:
        """(planes, rows, columns)."""
        shape: tuple[int, ...] = (self.images[0] if self.images else self.labels).shape[-3:]
        return shape

    def layers(self) -> list[Any]:
        """Return what `export` is given."""
        axes = (*(("time",) if self.timed else ()), "plane", "row", "column")
        step = 0.5 if self.timed else None
        layers: list[Any] = [
            Volume(image, affine=self.affine, axes=axes, time_step=step, name=f"image {number}")
            for number, image in enumerate(self.images)
        ]
        if self.labels is not None:
            world = np.eye(4)
            world[:3] = self.affine[2::-1]  # napari's is LPS reversed
            labels = (self.labels, {"affine": world, "units": ("mm",) * 3, "name": "organs"}, "labels")
            layers.append((labels, LayerOptions(object="rt-structure-set")) if self.contours else labels)
        return layers


@st.composite
def _affines(draw: st.DrawFn) -> np.ndarray:
    """A grid turned in any way, left-handed ones included."""
    linear = np.eye(3)[:, ::-1] * draw(st.sampled_from(SPACINGS))  # planes along z, rows along y, columns along x
    for axis in range(3):
        angle = np.deg2rad(draw(st.sampled_from((0, 0, 90, 180, 12.5, -47))))
        one, other = (axis + 1) % 3, (axis + 2) % 3
        turn = np.eye(3)
        turn[one, one] = turn[other, other] = np.cos(angle)
        turn[other, one], turn[one, other] = np.sin(angle), -np.sin(angle)
        linear = turn @ linear
    affine = np.eye(4)
    affine[:3, :3] = linear * draw(st.sampled_from(((1, 1, 1), (-1, 1, 1), (1, -1, -1))))
    affine[:3, 3] = draw(st.sampled_from(ORIGINS))
    return affine


def _values(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> np.ndarray:
    if kind.startswith("f"):
        return (rng.normal(size=shape) * 10.0 ** rng.integers(-6, 6)).astype(kind)
    limits = np.iinfo(kind)
    low, high = sorted(rng.integers(max(limits.min, -(2**20)), min(limits.max, 2**20), 2, endpoint=True))
    return rng.integers(low, high, shape, kind, endpoint=True)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Draw a scene."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    grid = tuple(int(n) for n in rng.integers((2, 2, 3), (5, 8, 10)))
    timed = draw(st.sampled_from((False, False, True)))
    count = draw(st.sampled_from((0, 1, 1, 2)))
    images = tuple(_values(rng, draw(st.sampled_from(TYPES)), (2, *grid) if timed else grid) for _ in range(count))
    with_labels = count == 0 or draw(st.booleans())
    labels = rng.choice(draw(st.sampled_from(LABELS)), grid).astype("i4") if with_labels else None
    options: dict[str, Any] = {"object": draw(st.sampled_from(("auto", *OBJECTS)))} if images else {}
    if options.get("object") == "enhanced-mr":
        options["safety_agency"] = "iec"
    if with_labels:
        options["segmentation_type"] = draw(st.sampled_from(("auto", "binary", "labelmap")))
        options["empty_frames"] = draw(st.booleans())
    options["transfer_syntax"] = draw(st.sampled_from((*["explicit-le"] * 3, "rle", "jpeg-ls", "jpeg-2000")))
    contours = with_labels and draw(st.sampled_from((False, False, True)))
    settings = tuple(draw(st.lists(st.sampled_from(sorted(SETTINGS)), max_size=1)))
    several = len(images) + with_labels > 1
    referring = draw(st.booleans()) or not (several or settings)
    patient = {"name": "Doe^Jane", "id": f"P{draw(st.integers(0, 99))}"} if referring else None
    if referring:
        options["same_space"] = draw(st.booleans())
    return Scene(images, labels, draw(_affines()), timed, options, patient, settings, contours)
