"""Whether a reader plugin places a file's images where the file itself says: some turn, mirror or rescale them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import ExportError, GeometryError
from napari_dicom_writer.inputs.image import Image
from napari_dicom_writer.inputs.settle import settle
from napari_dicom_writer.inputs.wishes import Wishes
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.volume import SPATIAL, Volume

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dicom_writer.inputs._base import Format
    from napari_dicom_writer.options.export import ExportOptions

_NEAR = 1e-2  # of the smallest voxel side; readers compute in single precision


def check_place(path: Path, row: Format, plugin: str, volumes: Sequence[Volume], options: ExportOptions) -> None:
    """Refuse what a plugin made of a file whose geometry is known, if that lies elsewhere.

    Raises
    ------
    GeometryError
        Naming how far.
    """
    try:
        read = row.read(path)
    except ExportError:
        return  # its library is missing, or it is none of that format
    own: list[Volume] = []
    for one in read:
        if isinstance(one, Image) and any(_is_open(one, kind) for kind in SPATIAL):
            return  # the file does not say it all
        own += settle(one, Wishes(), options) if isinstance(one, Image) else [one]
    if len(own) != len(volumes):
        return
    for theirs, ours in zip(volumes, own, strict=True):
        smallest = float(np.linalg.norm(ours.affine[:3, :3], axis=0).min())
        apart = _apart(_corners(theirs), _corners(ours))
        if not apart <= _NEAR * smallest:
            raise GeometryError(
                f"The plugin {plugin} places it elsewhere: its corners lie up to {apart:.4g} mm from where the file "
                "says",
                f"Leave out {mention('plugin')} to take the place that the file holds",
            )


def _is_open(image: Image, kind: str) -> bool:
    """Whether a file leaves the step along planes, rows or columns open."""
    return any(axis.kind == kind and (axis.step is None or not axis.known) for axis in image.axes)


def _corners(volume: Volume) -> NDArray[np.float64]:
    """Centers of the outermost voxels, LPS mm."""
    index = np.array(list(product(*[(0, n - 1) for n in volume.shape])), float)
    corners: NDArray[np.float64] = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    return corners


def _apart(some: NDArray[np.float64], others: NDArray[np.float64]) -> float:
    """How far the worst corner is from the nearest of the others: axes may run in any order."""
    distances = np.linalg.norm(some[:, np.newaxis] - others[np.newaxis], axis=-1)
    return float(max(distances.min(axis=0).max(), distances.min(axis=1).max()))
