"""What is shown to the viewer: the phantom as each object, and places in it that tell where each voxel went.

The phantom has letters to be read by people. Programs look at a few places, drawn at random, so that the volume
mirrored along any of its axes, or moved by a plane, has another gray or label at two of them at least.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom

from judges.tables import of
from napari_dicom_writer import ExportOptions, LayerOptions, Volume, export
from napari_dicom_writer.demo.phantom import orientation_phantom
from napari_dicom_writer.iods import IODS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

LABELS = {1: ("letters", (255, 170, 0)), 2: ("front ball", (0, 200, 80)), 3: ("back ball", (90, 120, 255))}
"""Name and color of each segment."""
_SHARES = {1: 1.0, 2: 0.6, 3: 0.3}
NOT_SHOWN = {
    ("segmentation, fractional", "stack"): "nothing of fractions between 0 and all of it",
    ("segmentation, fractional", "mpr"): "nothing of fractions between 0 and all of it",
    ("rt-structure-set", "mpr"): "outlines on few of the cuts",
    ("segmentation, binary, odd columns", "stack"): "nothing from Orthanc: columns are no multiple of 8",
    ("segmentation, binary, odd columns", "mpr"): "nothing from Orthanc: columns are no multiple of 8",
    ("enhanced-mr, time points", "mpr"): "all time points mixed in one volume",
}
"""What OHIF or the archive itself does not show: by scene and mode."""
CONTROLS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "mirrored along columns": lambda a: a[:, :, ::-1],
    "mirrored along rows": lambda a: a[:, ::-1],
    "planes in reverse": lambda a: a[::-1],
    "a plane further": lambda a: np.roll(a, 1, axis=0),
    "a plane back": lambda a: np.roll(a, -1, axis=0),
}
"""What must not pass for the volume itself."""
_APART = 100  # gray levels between what is there and what a control has there
_FLAT = 4  # gray levels
_AIR, _WINDOW = -1000, (-300.0, 700.0)
_UNSIGNED = ("mr", "pet", "enhanced-mr")
_OVER_IMAGES: dict[str, dict[str, dict[str, Any]]] = {
    "segmentation": {kind: {"segmentation_type": kind} for kind in ("binary", "labelmap", "fractional")},
    "rt-structure-set": {"": {}},
}


@dataclass(frozen=True)
class Place:
    """A place and what must be seen there.

    Attributes
    ----------
    world : tuple of float
        LPS mm.
    value : float
        Of the image.
    gray : int
        Of the image in its window, 0 to 255.
    label : int
        Of the segments, 0 for none.
    """

    world: tuple[float, float, float]
    value: float
    gray: int
    label: int = 0


@dataclass(frozen=True)
class Scene:
    """A study, and what must be seen of it.

    Attributes
    ----------
    name, title : str
        For files and for people.
    study, series : str
        UIDs of the study, and of the series to lay over the image (empty: the image alone).
    window : tuple of float
        Lowest and highest value of the image's window.
    places : tuple of Place
        Where to look.
    segments : mapping
        Label → (name, color) of what is laid over.
    kind : str
        How it is laid over: filled, outlined or mapped (as colors of a scale); empty for an image alone.
    """

    name: str
    title: str
    study: str
    series: str
    window: tuple[float, float]
    places: tuple[Place, ...]
    segments: dict[int, tuple[str, tuple[int, int, int]]] = field(default_factory=dict)
    kind: str = ""

    @property
    def file(self) -> str:
        """Its name, as that of a file."""
        return self.name.replace(",", "").replace(" ", "-")

    def not_shown(self, mode: str) -> str:
        """What the viewer is known not to show, whoever wrote the files."""
        return NOT_SHOWN.get((self.name, mode), "")


@cache
def scan() -> tuple[NDArray[np.int16], NDArray[np.float64]]:
    """Every second plane of the phantom, and its affine: index → LPS mm."""
    phantom = orientation_phantom()
    affine = phantom.affine.copy()
    affine[:, 0] *= 2
    return np.asarray(phantom.array)[::2], affine


def gray(values: NDArray[Any], window: tuple[float, float]) -> NDArray[np.int64]:
    """What a window makes of values, 0 to 255."""
    share = (values.astype(float) - window[0]) / (window[1] - window[0])
    return np.rint(np.clip(share, 0, 1) * 255).astype(int)


def segmented(values: NDArray[Any], affine: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The letters and two balls of the phantom."""
    at = np.moveaxis(np.indices(values.shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    labels = (values > 700).astype(np.uint8)
    for label, center, radius in ((2, (22, -24, 24), 8), (3, (22, 24, -26), 7)):
        labels[np.linalg.norm(at - center, axis=-1) < radius] = label
    return labels


def telling(shown: NDArray[Any], apart: float, inside: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Choose places that tell the volume from each control: the brightest, the darkest, and one between.

    Parameters
    ----------
    shown
        What is seen at each voxel.
    apart
        Differences up to this are not seen.
    inside
        Where to look, beside the neighborhood being flat in its plane.
    """
    index = np.random.default_rng(5).permutation(np.argwhere(flat(shown) & inside))
    brightest_first = index[np.argsort(-shown[tuple(index.T)].astype(int), kind="stable")]
    found = [brightest_first[len(index) // 2]]
    for control in CONTROLS.values():
        tells = (np.abs(control(shown).astype(int) - shown) > apart)[tuple(brightest_first.T)].nonzero()[0]
        found += [brightest_first[tells[0]], brightest_first[tells[-1]]]
    return sorted({(int(plane), int(row), int(column)) for plane, row, column in found})


def flat(shown: NDArray[Any]) -> NDArray[np.bool_]:
    """Where the neighbors in the plane are as the voxel itself, so that half a pixel does not matter."""
    steps = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    turned = [np.roll(shown, step, (1, 2)).astype(int) for step in steps]
    return np.ptp(turned, axis=0) <= _FLAT


class Studio:
    """Exports the scenes into a folder, one study each.

    Parameters
    ----------
    folder
        Where the files go.
    columns
        How many of the phantom's.

    Attributes
    ----------
    affine : array
        Of all of them: index → LPS mm.
    """

    def __init__(self, folder: Path, columns: int = 120) -> None:
        self._folder = folder
        values, self.affine = scan()
        self._values = values[:, :, :columns]
        self._labels = segmented(self._values, self.affine)
        # Away from the outermost voxels, which cuts do not draw, and from the texts in the corners of the views.
        self._inside = np.zeros(self._values.shape, bool)
        self._inside[3:-3, 15:-15, 20:-20] = True

    def scenes(self) -> Iterator[Scene]:
        """Every object, one after the other."""
        for key in IODS:
            if key == "parametric-map":
                yield self.map()
            elif key in _OVER_IMAGES:
                for kind, options in _OVER_IMAGES[key].items():
                    yield self.labels(key, kind, options)
            else:
                yield self.image(key)
        masks = _OVER_IMAGES["segmentation"]["binary"]
        yield Studio(self._folder, columns=119).labels("segmentation", "binary, odd columns", masks)
        yield self.times("enhanced-mr")

    def controls(self) -> Iterator[Scene]:
        """An image, segments and outlines that are not where, or not what, they are said to be.

        What judges each of them must find a fault.
        """
        for name, control in CONTROLS.items():
            yield self.image("ct", name=f"control, {name}", change=control)
        yield self.image("ct", name="control, black", window=(9000.0, 9999.0))
        for key, options in (("segmentation", _OVER_IMAGES["segmentation"]["labelmap"]), ("rt-structure-set", {})):
            for name in ("mirrored along columns", "a plane further"):
                yield self.labels(key, f"control, {name}", options, change=CONTROLS[name])

    def image(
        self,
        key: str,
        *,
        name: str = "",
        change: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray,
        window: tuple[float, float] | None = None,
    ) -> Scene:
        """The phantom as an image; of a control, other values or another window are written than must be seen."""
        lowest = 0 if key in _UNSIGNED else _AIR
        values = self._values - _AIR + lowest
        shown = (_WINDOW[0] - _AIR + lowest, _WINDOW[1] - _AIR + lowest)
        volume = Volume(change(values), affine=self.affine, window=window or shown, name="scan")
        self._write(name or key, [volume], ExportOptions(**of(key)))
        return self._scene(name or key, IODS.row(key).title, values, shown)

    def times(self, key: str) -> Scene:
        """The phantom, and after it a second time point of one value."""
        name, values = f"{key}, time points", self._values - _AIR
        window = (_WINDOW[0] - _AIR, _WINDOW[1] - _AIR)
        both = np.stack([values, np.full_like(values, window[1])])
        axes = ("time", "plane", "row", "column")
        volume = Volume(both, affine=self.affine, axes=axes, time_step=2.0, window=window, name="scan")
        self._write(name, [volume], ExportOptions(**of(key)))
        return self._scene(name, f"{IODS.row(key).title}, time points", values, window)

    def map(self) -> Scene:
        """Floats beside their image."""
        values, window = ((self._values - _AIR) / 2000).astype(np.float32), (0.0, 1.0)
        options = LayerOptions(object="parametric-map", value_unit="1")
        over = Volume(values, affine=self.affine, window=window, name="map")
        self._write("parametric-map", [self._scan, (over, options)], ExportOptions(modality="CT"))
        return replace(self._scene("parametric-map", "Parametric Map", values, window), kind="mapped")

    def labels(
        self,
        key: str,
        kind: str,
        options: dict[str, Any],
        *,
        change: Callable[[NDArray[Any]], NDArray[Any]] = np.asarray,
    ) -> Scene:
        """Labels or fractions beside their image; of a control, others are written than must be seen."""
        name = f"{key}, {kind}" if kind else key
        world = np.eye(4)[[2, 1, 0, 3]] @ self.affine
        over: Any = (change(self._labels), {"affine": world, "units": ("mm",) * 3, "name": "regions"}, "labels")
        if kind == "fractional":
            fractions = np.stack([(self._labels == n) * share for n, share in _SHARES.items()]).astype(np.float32)
            over = Volume(fractions, affine=self.affine, axes=("channel", "plane", "row", "column"), name="regions")
        segments = [{"label": n, "name": text, "color": color} for n, (text, color) in LABELS.items()]
        own = LayerOptions(object=key, segments=segments, **options)
        self._write(name, [self._scan, (over, own)], ExportOptions(modality="CT"))
        scene = self._scene(name, f"{IODS.row(key).title}, {kind}".rstrip(", "), self._values, _WINDOW)
        if key == "rt-structure-set":
            return replace(scene, places=self._on_outlines(), segments=LABELS, kind="outlined")
        return replace(scene, places=self._in_segments(), segments=LABELS, kind="filled")

    @property
    def _scan(self) -> Volume:
        return Volume(self._values, affine=self.affine, window=_WINDOW, name="scan")

    def _write(self, name: str, layers: list[Any], options: ExportOptions) -> None:
        (self._folder / name).mkdir()
        export(layers, self._folder / name / "x.dcm", options)

    def _scene(self, name: str, title: str, values: NDArray[Any], window: tuple[float, float]) -> Scene:
        headers = [pydicom.dcmread(file, stop_before_pixels=True) for file in (self._folder / name).rglob("*.dcm")]
        over = [str(one.SeriesInstanceUID) for one in headers if one.SeriesDescription in ("map", "regions")]
        shown = gray(values, window)
        places = tuple(
            Place(self._world(index), float(values[index]), int(shown[index]))
            for index in telling(shown, _APART, self._inside)
        )
        return Scene(name, title, str(headers[0].StudyInstanceUID), over[0] if over else "", window, places)

    def _in_segments(self) -> tuple[Place, ...]:
        labels = self._labels.astype(int) * _APART
        chosen = telling(labels, 0, self._inside)
        for label in LABELS:
            alike = np.argwhere((labels == label * _APART) & flat(labels) & self._inside)
            chosen.append(tuple(alike[len(alike) // 2]))
        shown = gray(self._values, _WINDOW)
        return tuple(Place(self._world(i), float(self._values[i]), int(shown[i]), int(self._labels[i])) for i in chosen)

    def _on_outlines(self) -> tuple[Place, ...]:
        """Between a voxel of a segment and the next one of its row, where the outline is straight."""
        places = list[Place]()
        for label in LABELS:
            inside = self._labels == label
            edge = inside & (np.roll(self._labels, -1, axis=2) == 0)
            straight = edge & np.roll(edge, 1, axis=1) & np.roll(edge, -1, axis=1) & self._inside
            for index in map(tuple, np.random.default_rng(label).permutation(np.argwhere(straight))[:3]):
                plane, row, column = index
                places.append(Place(self._world((plane, row, column + 0.48)), 0.0, 0, label))
        return tuple(places)

    def _world(self, index: tuple[float, ...]) -> tuple[float, float, float]:
        x, y, z = self.affine[:3, :3] @ index + self.affine[:3, 3]
        return float(x), float(y), float(z)
