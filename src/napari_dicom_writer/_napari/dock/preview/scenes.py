"""What the latest plan lays on which image: pictures of an image with all that is written to lie on it."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from napari_dicom_writer._napari.dock.preview.beneath import SeriesOnDisk
from napari_dicom_writer._napari.dock.preview.overlay import Fractions, Overlay
from napari_dicom_writer._napari.dock.preview.view import View
from napari_dicom_writer.errors import ExportError
from napari_dicom_writer.model.volume import Volume
from napari_dicom_writer.options.export import SOURCE
from napari_dicom_writer.plan.segments import StoredContours, StoredFractions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.grid import Grid
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan


class Scenes:
    """Knows what the latest plan lays on which image.

    Parameters
    ----------
    place
        Decides where a layer lies, as `place_layer`; may raise an `ExportError`.
    """

    def __init__(self, place: Callable[[Layer], tuple[Volume, Grid]]) -> None:
        self._place = place
        # Neither holds a layer that is removed meanwhile.
        self._series: WeakKeyDictionary[Layer, SeriesPlan] = WeakKeyDictionary()
        self._layers: WeakValueDictionary[str, Layer] = WeakValueDictionary()  # by the UID of their series

        self._on_disk: SeriesOnDisk | None = None

    def take(self, plan: ExportPlan | None, layers: Sequence[Layer]) -> None:
        """Take a plan with the layers that it is of; of a layer with several series the first is shown."""
        self._series.clear()
        self._layers.clear()
        for series in (one for each in (plan.series if plan else ()) for one in each.layers):
            layer = self._layers[series.uid] = layers[series.volume_index]
            self._series.setdefault(layer, series)

    def view(self, layer: Layer, own: tuple[Volume, Grid] | None, reference: Path | None = None) -> View | None:
        """Return what is to be seen of a layer; None where that is nothing before there is a plan.

        Parameters
        ----------
        layer
            Any of the viewer.
        own
            Where it lies; None of what is drawn, which lies on an image.
        reference
            Where on disk the image may be, which plans do not say.

        Raises
        ------
        ExportError
            If its image cannot be placed.
        """
        series = self._series.get(layer)
        if series is None or not series.segments:
            return own and (View(*own) if series is None else self._over(*own))
        image = self._layers.get(series.source.series_uid if series.source else "")
        if image is not None:
            return self._over(*self._place(image))
        return self._over(self._beneath(series, reference), series.grid)

    def _beneath(self, series: SeriesPlan, reference: Path | None) -> Volume:
        """Make an image of what labels belong to on disk; a black one where that is nothing."""
        shape, affine = (series.planes, series.rows, series.columns), series.grid.affine()
        if series.source is None or reference is None or reference == SOURCE:
            return Volume(_black(shape), affine=affine, window=(0, 1))
        of = (reference, series.source.series_uid, series.grid, shape)
        if self._on_disk is None or self._on_disk.of != of:
            self._on_disk = SeriesOnDisk(*of)  # one: the preview reads another one anew
        return Volume(self._on_disk, affine=affine)

    def _over(self, volume: Volume, grid: Grid) -> View:
        overlays = []
        for layer, series in self._series.items():
            if series.segments:
                with suppress(ExportError):  # said where it is refused
                    overlays.append(self._overlay(layer, series, volume, grid))
        return View(volume, grid, tuple(overlays), _through(overlays, volume.shape))

    def _overlay(self, layer: Layer, series: SeriesPlan, volume: Volume, grid: Grid) -> Overlay:
        drawn = (series.stored.drawn or None) if isinstance(series.stored, StoredContours) else None
        return Overlay(
            segments=series.segments,
            written=(series.grid, (series.planes, series.rows, series.columns)),
            shown=(grid, volume.shape),
            labels=self._place(layer)[0] if drawn is None else None,
            drawn=drawn,
            outlined=isinstance(series.stored, StoredContours),
            fractions=_fractions(series),
        )


def _fractions(series: SeriesPlan) -> Fractions | None:
    """Say where the fractions of each segment are, at the first time point."""
    if not isinstance(series.stored, StoredFractions):
        return None
    frames = (frame for instance in series.instances for frame in instance.frames if not frame.time_index)
    first = {frame.part: frame.leading for frame in frames}
    return Fractions(series.stored, tuple(first.get(segment.number) for segment in series.segments))


@lru_cache(maxsize=4)
def _black(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """One array for each size: the preview reads another one anew."""
    return np.broadcast_to(np.uint8(0), shape)


def _through(overlays: Sequence[Overlay], shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Cut where most segments are seen, next to the middle: on another plane nothing might be."""
    middle = np.array(shape) // 2
    own = [one for one in overlays if one.written == one.shown]
    held = np.zeros(shape[0] + 1, int)
    for one in own:
        for segment in one.segments:
            first, last = segment.planes
            held[first] += 1
            held[last + 1] -= 1
    held = held.cumsum()[:-1]
    most = np.flatnonzero(held == held.max())
    plane = int(most[np.argmin(np.abs(most - middle[0]))])
    points = [
        outline.points
        for one in own
        for (_, index), outlines in (one.drawn or {}).items()
        if index == plane
        for outline in outlines
    ]
    if not points or any(one.labels is not None for one in own):
        return plane, int(middle[1]), int(middle[2])
    inverse = np.linalg.inv(own[0].shown[0].affine())
    center = inverse[:3, :3] @ np.concatenate(points).mean(axis=0) + inverse[:3, 3]
    row, column = np.rint(center[1:]).astype(int).clip(0, np.array(shape[1:]) - 1).tolist()
    return plane, row, column
