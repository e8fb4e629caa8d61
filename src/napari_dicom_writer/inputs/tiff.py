"""TIFF of every kind, by tifffile: OME-TIFF, ImageJ's, and plain ones. Of a pyramid, the full resolution.

What differs between the kinds is where they say how large a voxel is: `ome_tiff`, `imagej_tiff`, and here for others.
"""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError, Note, NoteKind
from napari_dicom_writer.inputs import imagej_tiff, ome_tiff
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image
from napari_dicom_writer.inputs.steps import pixel_step, with_length
from napari_dicom_writer.layers.multiscale import full_resolution
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.axis_names import AxisKind, kind_of

if TYPE_CHECKING:
    from pathlib import Path

_KINDS = {"T": "time", "C": "channel", "Z": "plane", "Y": "row", "X": "column", "S": "sample", "Q": "", "I": ""}
_MM_PER_UNIT = {2: 25.4, 3: 10.0}  # ResolutionUnit: inch, centimeter
_LOSSY = {6: "ISO_10918_1", 7: "ISO_10918_1", 33007: "ISO_10918_1"}  # Compression: JPEG of three tags
_RGB, _PALETTE, _YCBCR, _WHITE_IS_ZERO = 2, 3, 6, 0  # PhotometricInterpretation


def read(path: Path) -> list[Image]:
    """Read every image of a file, lazily."""
    import tifffile

    tif = tifffile.TiffFile(path)
    file = _Open(tif)
    series = [one for one in tif.series if one.axes.find("Y") >= 0 and one.axes.find("X") >= 0]
    kept = [one for one in series if not one.keyframe.is_reduced] or series
    if not kept:
        raise LayerError("It holds no picture", "Name another file")
    images = [_image(file, one, path, several=len(kept) > 1) for one in kept]
    if len(kept) < len(series):
        text = f"{len(series) - len(kept)} reduced pictures (thumbnails) in the file are left out"
        images[0] = replace(images[0], notes=(*images[0].notes, Note(NoteKind.INFO, text)))
    if tif.is_ome:
        return ome_tiff.measured(images, [tif.series.index(one) for one in kept], tif.ome_metadata or "")
    if tif.is_imagej:
        return [imagej_tiff.measured(image, tif) for image in images]
    return [_measured(image, one) for image, one in zip(images, kept, strict=True)]


def _image(file: _Open, series: Any, path: Path, *, several: bool) -> Image:
    """One series of pages, without its voxel size."""
    import tifffile

    page, notes = series.keyframe, []
    axes = []
    for letter in series.axes:
        kind = _KINDS[letter] if letter in _KINDS else _other(tifffile.TIFF.AXES_NAMES.get(letter, letter))
        if kind == "sample" and page.photometric not in (_RGB, _YCBCR):
            kind = "component"  # gray with alpha, ink
        axes.append(Axis(kind))
    if page.photometric == _PALETTE:
        notes.append(Note(NoteKind.LOST, "Its palette of colors: the numbers of the colors are written, in gray"))
    if page.photometric == _WHITE_IS_ZERO:
        notes.append(Note(NoteKind.LOST, "Low values are meant to be shown bright (white is zero)"))
    notes += full_resolution(len(series.levels))
    lossy: tuple[tuple[str, float], ...] = ()
    if method := _LOSSY.get(int(page.compression)):
        ratio = page.nbytes / max(1, sum(page.databytecounts))
        lossy = ((method, ratio),)
        notes.append(Note(NoteKind.LOST, f"JPEG: compressed with loss before, to about 1/{ratio:.3g} of its size"))
    name = f"{stem(path)} {series.name or series.index}".strip() if several else stem(path)
    return Image(_array(file, series), tuple(axes), name=name, lossy=lossy, notes=tuple(notes))


def _other(name: str) -> str:
    """Name an axis as other files do, but for a name of another axis, such as that of the rows of a plate."""
    return name if kind_of(name) is AxisKind.OTHER else f"{name} axis"


class _Open:
    """A file that is closed when nothing reads from it any more."""

    def __init__(self, tif: Any) -> None:
        self.tif = tif
        weakref.finalize(self, tif.close)


class _Pages:
    """The pages of a series as an array, read chunk by chunk."""

    def __init__(self, file: _Open, series: Any) -> None:
        import zarr

        self._file, self._array = file, zarr.open_array(series.aszarr(level=0), mode="r")
        self.shape, self.dtype, self.chunks = self._array.shape, self._array.dtype, self._array.chunks

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, index: Any) -> Any:
        return self._array[index]


def _array(file: _Open, series: Any) -> Any:
    """Pixels as a memory map where they lie together in the file as they are."""
    if series.dataoffset is None or series.is_multifile:
        return _Pages(file, series)
    dtype = series.dtype.newbyteorder(file.tif.byteorder)
    return np.memmap(file.tif.filehandle.path, dtype, "r", series.dataoffset, series.shape)


def _measured(image: Image, series: Any) -> Image:
    """A plain TIFF knows dots per inch or centimeter: for printing, or the size of a pixel."""
    tags = series.keyframe.tags
    unit = _MM_PER_UNIT.get(int(tags["ResolutionUnit"].value)) if "ResolutionUnit" in tags else None
    sizes = {"column": pixel_step(tags, "XResolution"), "row": pixel_step(tags, "YResolution")}
    if unit is None or None in sizes.values():
        return image
    lengths = {kind: size * unit for kind, size in sizes.items() if size}
    text = (
        f"Pixel size taken from the resolution of the TIFF, {lengths['row']:.6g} × {lengths['column']:.6g} mm; "
        "it may be meant for printing only"
    )
    for kind, length in lengths.items():
        image = with_length(image, kind, length, True)
    return replace(image, notes=(*image.notes, Note(NoteKind.ASSUMED, text, hint=f"else {mention('spacing')}")))
