"""The image that labels and outlines belong to, where it is no layer but a series on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.model.onto_grid import on_grid, overlay

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dicom_writer.plan.grid import Grid


class SeriesOnDisk:
    """An array that reads its series when it is first asked for a plane: in the thread of the preview.

    Parameters
    ----------
    where
        The folder that holds it, or a file of it.
    series_uid
        Which it is.
    grid, shape
        Onto which its pixels are brought.

    Attributes
    ----------
    of : tuple
        What it was made of.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, where: Path, series_uid: str, grid: Grid, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.of = (where, series_uid, grid, shape)
        self._where, self._series_uid, self._grid = where, series_uid, grid
        self._array: Any = None

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Return planes, or parts of them."""
        if self._array is None:
            self._array = self._read()
        planes: NDArray[Any] = self._array[index]
        return planes

    def _read(self) -> Any:
        from napari_dicom_writer.reading.series import read_series

        folder = self._where if self._where.is_dir() else self._where.parent
        volume = read_series(folder, series_uid=self._series_uid)[0]
        if volume.rgb:
            raise ReadError("The image beneath has colors", "Export it as a layer, to see it")
        affine = self._grid.affine()
        lies = overlay(volume.affine, volume.shape, affine, self.shape)
        leading = (0,) * len(volume.leading)
        beneath = volume if lies.same else on_grid(volume, lies.to_source, affine, self.shape)
        return _FirstOf(beneath.array, leading)


class _FirstOf:
    """An array at one place along its leading axes."""

    def __init__(self, array: Any, leading: tuple[int, ...]) -> None:
        self._array, self._leading = array, leading

    def __getitem__(self, index: Any) -> Any:
        return self._array[(*self._leading, *index)]
