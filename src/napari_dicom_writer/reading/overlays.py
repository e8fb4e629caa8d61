"""Overlays (PS3.3 C.9.2): graphics drawn on pictures, as labels on the same planes, read when they are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydicom.tag import Tag
from pydicom.uid import UID

from napari_dicom_writer.errors import Note, NoteKind, ReadError
from napari_dicom_writer.model.segments import Labels, Segment
from napari_dicom_writer.model.volume import Volume
from napari_dicom_writer.reading.files import as_they_are, read_header
from napari_dicom_writer.reading.plane_array import LazyPlanes, decoded
from napari_dicom_writer.reading.volume_of import Stacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from napari_dicom_writer.reading.decoding.source import PixelSource

_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST, _POSITION, _DATA = 0x10, 0x11, 0x15, 0x50, 0x51, 0x102, 0x3000
_FIRST_GROUP = 0x6000
_REPAIR = "Ask its maker for a repaired file"


class OverlaidPlane(NamedTuple):
    """Where the picture is that a plane of an overlay lies on, and which frame of it, from 0."""

    source: PixelSource
    frame: int


def overlays_of(stacked: Stacked) -> tuple[list[tuple[str, Stacked]], list[Note]]:
    """Make labels of each overlay of an image: 1 where it is drawn.

    Returns
    -------
    list of (str, Stacked)
        Which it is, in words, and its labels on the grid of the image, and of its instances.
    list of Note
        Which are left out, as their bits make no sense.
    """
    groups = sorted({group for picture in stacked.pictures if picture for group in picture.overlays})
    image = stacked.volume
    leading = image.array.shape[: len(image.axes) - 2]
    size = image.array.shape[len(leading) : len(leading) + 2]
    found, notes = [], []
    for group in groups:
        planes = [
            OverlaidPlane(p.source, p.frame or 0) if p and group in p.overlays else None for p in stacked.pictures
        ]
        name = f"overlay {(group - _FIRST_GROUP) // 2 + 1}"
        array = OverlayArray(planes, leading, size, group)
        if lost := array.why_lost():
            notes.append(Note(NoteKind.LOST, f"{name.capitalize()} is left out: {lost}"))
            continue
        volume = Volume(
            array,
            affine=image.affine,
            axes=image.axes,
            name=image.name,
            time_step=image.time_step,
            labels=Labels((Segment(label=1, name=name),)),
            origin=image.origin,
        )
        found.append((name, Stacked(volume, stacked.pictures)))
    return found, notes


class OverlayArray(LazyPlanes):
    """One overlay of many pictures: 1 where it is drawn, 0 elsewhere, and in pictures that have none.

    Parameters
    ----------
    planes
        One for each place along the leading axes, in C order; None where there is none.
    leading
        As in `LazyPlanes`.
    size
        (rows, columns).
    group
        Number of its elements' group.
    """

    def __init__(
        self, planes: Sequence[OverlaidPlane | None], leading: tuple[int, ...], size: tuple[int, int], group: int
    ) -> None:
        super().__init__(leading, size, np.dtype(np.uint8))
        self._planes, self._group = tuple(planes), group

    def _plane(self, number: int) -> NDArray[np.uint8]:
        plane = self._planes[number]
        if plane is None:
            return np.zeros(self._inner, np.uint8)
        try:
            header = self._header(plane.source.path)
            if Tag(self._group, _DATA) not in header:
                bit = int(self._value(header, _POSITION))
                if lost := _why_no_bit(bit, plane.source):
                    raise ReadError(f"The overlay of plane {number} cannot be read: {lost}", _REPAIR)
                stored = decoded(plane.source, plane.frame, number, raw=True)
                return (stored >> bit & 1).astype(np.uint8)
            mask, (row, column) = self._mask(header, plane), self._value(header, _ORIGIN, (1, 1))
        except ReadError:
            raise
        except Exception as error:
            what = f"The overlay of plane {number} cannot be read"
            raise ReadError(what, _REPAIR) from error
        drawn = np.zeros(plane.source.shape[:2], np.uint8)
        if mask is not None:
            _draw(mask, int(row) - 1, int(column) - 1, drawn)
        return plane.source.part_of(drawn)

    def why_lost(self) -> str:
        """Say why its first plane holds no overlay, if it is said to lie in bits that hold none; else empty."""
        plane = next(filter(None, self._planes))
        try:
            header = self._header(plane.source.path)
            return (
                "" if Tag(self._group, _DATA) in header else _why_no_bit(self._value(header, _POSITION), plane.source)
            )
        except Exception:  # noqa: BLE001 - what is damaged is told when it is looked at
            return ""

    def _header(self, path: str) -> Dataset:
        elements = (_ROWS, _COLUMNS, _FRAMES, _ORIGIN, _FIRST, _POSITION, _DATA)
        with as_they_are():
            found = read_header(path, [Tag("SOPInstanceUID"), *(Tag(self._group, element) for element in elements)])
        if found is None:
            raise ReadError("A file of an overlay is not there any more", "Read the series again")
        return found.dataset

    def _value(self, header: Dataset, element: int, otherwise: Any = None) -> Any:
        tag = Tag(self._group, element)
        return header[tag].value if tag in header else otherwise

    def _mask(self, header: Dataset, plane: OverlaidPlane) -> NDArray[np.uint8] | None:
        """Unpack the overlay of a frame; None where it has none. One of a single frame is of all."""
        size = (int(self._value(header, _ROWS)), int(self._value(header, _COLUMNS)))
        count = self._value(header, _FRAMES)
        at = 0 if count is None else plane.frame + 1 - int(self._value(header, _FIRST, 1))
        if count is not None and not 0 <= at < int(count):
            return None
        pixels, data = size[0] * size[1], header[Tag(self._group, _DATA)]
        packed = np.frombuffer(data.value, np.uint8)
        if data.VR == "OW" and not UID(plane.source.syntax).is_little_endian:  # it is of words, whose bytes are swapped
            packed = packed.view(np.uint16).byteswap().view(np.uint8)
        bits = np.unpackbits(packed, bitorder="little")
        return bits[at * pixels : (at + 1) * pixels].reshape(size)


def _why_no_bit(bit: int, source: PixelSource) -> str:
    """Say why a bit of the pixels is none of an overlay; empty where it is above or below those of the values."""
    allocated = int(source.options["bits_allocated"])
    stored = int(source.options.get("bits_stored", allocated))
    high = stored - 1 if source.high is None else source.high
    if not 0 <= bit < allocated:
        return f"it is said to lie in bit {bit}, and pixels have {allocated}"
    return f"it is said to lie in bit {bit}, which is one of the values" if high - stored < bit <= high else ""


def _draw(mask: NDArray[np.uint8], row: int, column: int, onto: NDArray[np.uint8]) -> None:
    """Lay a mask onto a plane, whose parts may lie outside of each other."""
    top, left = max(0, row), max(0, column)
    bottom, right = min(row + mask.shape[0], onto.shape[0]), min(column + mask.shape[1], onto.shape[1])
    if top < bottom and left < right:
        onto[top:bottom, left:right] = mask[top - row : bottom - row, left - column : right - column]
