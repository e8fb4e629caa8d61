"""Images that labels and contours may lie on, and where they are found."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from napari_dicom_writer.errors import ExportError, ReadError
from napari_dicom_writer.reading.catalogue import catalogue
from napari_dicom_writer.reading.pictures import series_in, understood
from napari_dicom_writer.reading.splitting import split
from napari_dicom_writer.reading.volume_of import volume_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_dicom_writer.reading.pictures import Series
    from napari_dicom_writer.reading.volume_of import Stacked

_MOST = 20_000  # files looked at for one series


class Ground(NamedTuple):
    """An image on whose grid labels and contours may lie.

    Attributes
    ----------
    affine : numpy.ndarray
        (plane, row, column, 1) → LPS mm.
    shape : tuple of int
        Planes, rows and columns.
    series, space : str
        Series Instance UID and Frame of Reference UID.
    name : str
        What messages call it.
    points : dict
        SOP Instance UID → which time point it is of, from 1, where there are several; 0 for what is of all of them.
    """

    affine: NDArray[np.float64]
    shape: tuple[int, int, int]
    series: str = ""
    space: str = ""
    name: str = "the image"
    points: Mapping[str, int] = {}


def ground_of(stacked: Stacked, series: Series) -> Ground:
    """Keep of an image what labels and contours need."""
    volume, uid = stacked.volume, series.uid
    name = repr(volume.name) if volume.name else series.where
    return Ground(volume.affine, volume.shape, uid, stacked.space, name, _points(stacked))


def _points(stacked: Stacked) -> dict[str, int]:
    """Number the time points of instances."""
    count = stacked.volume.shape[0]
    points: dict[str, int] = {}
    for at, picture in enumerate(stacked.pictures if len(stacked.pictures) > count else ()):
        if picture:
            point = at // count + 1
            points[picture.uid] = point if points.get(picture.uid, point) == point else 0
    return points


def grounds_of(series: Series) -> Iterator[Ground]:
    """Stack an image series, as far as it can be."""
    for _, pictures in split(series.pictures):
        with suppress(ExportError), understood():
            yield ground_of(volume_of(pictures, series.first, lenient=True), series)


def series_beside(folder: Path, uid: str, most: int = _MOST) -> Series | None:
    """Find a series that a result belongs to, in the folder of the result and those beside.

    Parameters
    ----------
    folder
        Where the result is.
    uid
        Series Instance UID; empty finds nothing.
    most
        How many files are looked at.
    """
    folder = folder.absolute()
    for root, depth in ((folder, 1), (folder.parent, 2)) if uid else ():
        with suppress(ReadError):
            if found := series_in(catalogue(root, depth=depth, most=most), uid):
                return found[0]
    return None
