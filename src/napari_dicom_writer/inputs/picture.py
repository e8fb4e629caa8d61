"""PNG and JPEG, by Pillow. They hold no geometry: a resolution in dots per inch is for printing.

JPEG has lost something, and DICOM must say so for ever after (PS3.3 C.7.6.1.1.5).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image
from napari_dicom_writer.inputs.lazy import Deferred

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_ORIENTATION = 0x0112  # Exif tag
# Modes whose samples are the values; all others are colors, or are made colors by a palette.
_GRAY = {"1", "L", "I", "I;16", "I;16B", "I;16L", "I;16N", "F"}
_WITHOUT_ALPHA = {"LA": "L", "La": "L"}


def read(path: Path) -> list[Image]:
    """Read one picture; its pixels when they are asked for."""
    from PIL import Image as Pillow

    with Pillow.open(path) as picture:
        kind, mode, (columns, rows) = picture.format, picture.mode, picture.size
        turned = int(picture.getexif().get(_ORIENTATION, 1))
        has_transparency = picture.has_transparency_data
        pictures = getattr(picture, "n_frames", 1)
    notes = []
    if turned > 1:
        text = f"Turned upright, as the picture says of itself (Exif orientation {turned})"
        notes.append(Note(NoteKind.INFO, text))
    if turned > 4:
        rows, columns = columns, rows
    if pictures > 1:
        notes.append(Note(NoteKind.LOST, f"The first of {pictures} pictures in the file is read"))
    if mode in _WITHOUT_ALPHA:
        notes.append(Note(NoteKind.LOST, "Its transparency"))
    if kind == "PNG" and _bits(path) == 16 and mode not in _GRAY:
        notes.append(Note(NoteKind.LOST, "It has 16 bits a sample, of which 8 are kept"))
    gray = mode in _GRAY or mode in _WITHOUT_ALPHA
    samples = 0 if gray else 4 if has_transparency else 3
    shape = (rows, columns, *((samples,) if samples else ()))
    dtype = _dtype(mode)
    lossy: tuple[tuple[str, float], ...] = ()
    if kind == "JPEG":
        ratio = math.prod(shape) * dtype.itemsize / path.stat().st_size
        lossy = (("ISO_10918_1", ratio),)
        notes.append(Note(NoteKind.LOST, f"JPEG: compressed with loss before, to about 1/{ratio:.3g} of its size"))
    return [
        Image(
            Deferred(shape, dtype, lambda: _pixels(path, samples, dtype), keep=False),
            (Axis("row"), Axis("column"), *((Axis("sample"),) if samples else ())),
            name=stem(path),
            lossy=lossy,
            notes=tuple(notes),
        )
    ]


def _bits(path: Path) -> int:
    """Bits a sample of a PNG, in its first chunk (IHDR)."""
    with path.open("rb") as file:
        return file.read(25)[24]


def _dtype(mode: str) -> np.dtype[Any]:
    if mode.startswith("I;16"):
        return np.dtype(np.uint16)
    return np.dtype({"1": np.bool_, "I": np.int32, "F": np.float32}.get(mode, np.uint8))


def _pixels(path: Path, samples: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    from PIL import Image as Pillow
    from PIL import ImageOps

    with Pillow.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        if samples:
            upright = upright.convert("RGBA" if samples == 4 else "RGB")
        elif upright.mode in _WITHOUT_ALPHA:
            upright = upright.getchannel("L")
        return np.asarray(upright).astype(dtype, copy=False)
