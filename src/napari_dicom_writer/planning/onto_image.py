"""Onto which image labels are drawn, and how they get onto its grid: viewers lay them over it plane by plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Fix, GeometryError, Note, NoteKind
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.geometry import corners, largest_displacement
from napari_dicom_writer.model.onto_grid import APART, on_grid, overlay
from napari_dicom_writer.model.planes import PLANE_UNKNOWN, SET_Z, lies_anywhere
from napari_dicom_writer.options.choices import ResampleLabels
from napari_dicom_writer.plan.grid import make_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.image_series import ImageSeries
    from napari_dicom_writer.model.onto_grid import Overlay
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.options.export import ExportOptions
    from napari_dicom_writer.options.layer import Wishes
    from napari_dicom_writer.plan.grid import Grid

_SAID = 1e-3  # mm; less is rounding


@dataclass(frozen=True, slots=True)
class Image:
    """An image that labels may be drawn on.

    Attributes
    ----------
    name : str
        What messages call it.
    grid : Grid
    shape : (int, int, int)
    index : int or None
        Position of its layer among the exported ones.
    series : ImageSeries or None
        Where it exists already.
    """

    name: str
    grid: Grid
    shape: tuple[int, int, int]
    index: int | None = None
    series: ImageSeries | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Labels on the grid of their image.

    Attributes
    ----------
    volume : Volume
    image : Image or None
        None where they belong to no image.
    notes : tuple of Note
    resampled : bool
        Whether the nearest voxels were taken.
    """

    volume: Volume
    image: Image | None = None
    notes: tuple[Note, ...] = ()
    resampled: bool = False


def needs_image(volumes: Sequence[Volume | None], wishes: Wishes) -> bool:
    """Whether there are labels that must lie on the grid of their image."""
    labels = (index for index, volume in enumerate(volumes) if volume is not None and volume.labels is not None)
    return any(wishes.of(index).resample_labels is not ResampleLabels.KEEP for index in labels)


def image_of_series(series: ImageSeries, *, required: bool) -> Image | str:
    """Make a series that exists already an image that labels may be drawn on; where they may do without, say why not.

    Raises
    ------
    GeometryError
        If its planes are not an orthogonal grid.
    """
    try:
        grid = make_grid(series.affine, series.shape)
    except GeometryError as error:
        what = f"Its planes are not a grid that labels can share: {error.refusals[0].what}"
        if not required:
            return what
        remedy = f"Choose {mention('resample_labels', ResampleLabels.KEEP)} to do without its planes"
        raise GeometryError(what, remedy, fix=Fix("resample_labels", ResampleLabels.KEEP, "Without image")) from error
    return Image(f"the reference, {series.name}", grid, series.shape, series=series)


def onto_image(volume: Volume, images: Sequence[Image], options: ExportOptions) -> Placed:
    """Bring labels onto the grid of the first image whose voxels coincide with theirs.

    What is turned another way, or covers a part of the image, is turned and extended by background: no voxel moves.

    Parameters
    ----------
    volume
        The labels.
    images
        Those of the same export first.
    options
        `resample_labels`.

    Raises
    ------
    GeometryError
        If there are images, and none on whose grid they lie, unless the options say what to do.
    """
    found = [(image, overlay(volume.affine, volume.shape, image.grid.affine(), image.shape)) for image in images]
    fitting = [(image, lies) for image, lies in found if lies.coincides]
    # Of the fitting ones the first whose voxels are theirs one by one.
    for image, lies in sorted(fitting, key=lambda pair: not pair[1].same):
        return _coinciding(volume, image, lies)
    if not images:
        return Placed(volume)
    image, lies = max(found, key=lambda pair: _shared(volume, pair[0]))
    if options.resample_labels is not ResampleLabels.KEEP and _misses(volume, image):
        what = f"It is flat, and lies at z = {volume.affine[2, 3]:g} mm, on no plane of {image.name}"
        raise GeometryError(what, PLANE_UNKNOWN, fix=SET_Z)
    if options.resample_labels is ResampleLabels.NEAREST:
        return _nearest(volume, image, lies)
    if options.resample_labels is ResampleLabels.KEEP:
        text = f"It lies on another grid than {image.name}, and keeps it: no plane of an image is referenced"
        return Placed(volume, notes=(Note(NoteKind.INFO, text),))
    remedy = f"Draw it on the image, or choose {mention('resample_labels', ResampleLabels.NEAREST)}"
    remedy += f" or {mention('resample_labels', ResampleLabels.KEEP)}"
    fix = Fix("resample_labels", ResampleLabels.NEAREST, "Resample")
    what = f"It lies on another grid ({_grid(volume.affine, volume.shape)}) than {image.name} "
    raise GeometryError(
        f"{what}({_grid(image.grid.affine(), image.shape)}){_apart(volume, image, lies)}", remedy, fix=fix
    )


def _coinciding(volume: Volume, image: Image, lies: Overlay) -> Placed:
    affine = image.grid.affine()
    notes = [Note(NoteKind.INFO, f"Drawn on {image.name}, whose planes are referenced")]
    if lies.apart and lies.apart > _SAID:
        text = f"Its voxels lie up to {lies.apart:.2g} mm off those of {image.name}: written on these"
        notes.append(Note(NoteKind.ASSUMED, text))
    if lies.same:
        result = volume.over(volume.array)
        result.affine = affine
        return Placed(result, image, tuple(notes))
    if volume.shape != image.shape and sorted(volume.shape) != sorted(image.shape):
        sizes = (" × ".join(map(str, shape)) for shape in (volume.shape, image.shape))
        text = "Covers {} of the {} voxels of {}: background elsewhere".format(*sizes, image.name)
        notes.append(Note(NoteKind.INFO, text))
    else:
        notes.append(Note(NoteKind.INFO, f"Its axes run otherwise than those of {image.name}: turned, no voxel moves"))
    return Placed(on_grid(volume, lies.to_source, affine, image.shape), image, tuple(notes))


def _nearest(volume: Volume, image: Image, lies: Overlay) -> Placed:
    if not _shared(volume, image):
        raise GeometryError(f"It lies outside {image.name}", "Check units and translation, or leave the image out")
    affine = image.grid.affine()
    sizes = _grid(volume.affine, volume.shape), _grid(affine, image.shape)
    text = f"Resampled by the nearest voxel, from {sizes[0]} to those of {image.name}, {sizes[1]}"
    ends = corners(volume.shape)
    there = np.linalg.solve(affine, volume.affine @ np.vstack([ends, np.ones(8)]))[:3]
    if (there < -APART - 0.5).any() or (there > np.array(image.shape)[:, np.newaxis] - 0.5 + APART).any():
        text += "; what lies outside is cut off"
    notes = (Note(NoteKind.LOST, text),)
    return Placed(on_grid(volume, lies.to_source, affine, image.shape), image, notes, resampled=True)


def _misses(volume: Volume, image: Image) -> bool:
    """Whether a 2-D layer, which does not say where its plane lies, lies on none of an image."""
    if not lies_anywhere(volume):
        return False
    plane = float(np.linalg.solve(image.grid.affine(), volume.affine[:, 3])[0])
    return abs(plane - round(plane)) > APART or not 0 <= round(plane) < image.shape[0]


def _shared(volume: Volume, image: Image) -> float:
    """Volume that the boxes around both share, mm³."""
    one, other = (
        _box(affine, shape) for affine, shape in ((volume.affine, volume.shape), (image.grid.affine(), image.shape))
    )
    return float(np.prod(np.maximum(0, np.minimum(one[1], other[1]) - np.maximum(one[0], other[0]))))


def _box(affine: NDArray[np.float64], shape: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    ends = affine[:3, :3] @ corners(shape, margin=0.5) + affine[:3, 3:]
    return ends.min(axis=1), ends.max(axis=1)


def _apart(volume: Volume, image: Image, lies: Overlay) -> str:
    """Say how far apart the voxels of grids of one size, or of the same steps, lie."""
    same_size = volume.shape == image.shape
    apart = largest_displacement(volume.affine, image.grid.affine(), volume.shape) if same_size else lies.apart
    return f": their voxels lie up to {apart:.3g} mm apart" if apart and lies.share > APART else ""


def _grid(affine: NDArray[np.float64], shape: Sequence[int]) -> str:
    spacing = " × ".join(f"{length:.4g}" for length in np.linalg.norm(affine[:3, :3], axis=0))
    return f"{' × '.join(map(str, shape))} voxels of {spacing} mm"
