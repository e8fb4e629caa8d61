"""NumPy's files: an array as a memory map, an archive array by array. They hold no geometry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import LayerError
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image
from napari_dicom_writer.inputs.lazy import Deferred

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def read(path: Path) -> list[Image]:
    """Read the array of a file, or every image of an archive."""
    if path.suffix.lower() == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return [Image(array, (Axis(),) * array.ndim, name=stem(path))]
    images = []
    with np.load(path, allow_pickle=False) as archive:
        for key in archive.files:
            with archive.zip.open(f"{key}.npy") as file:
                first = np.lib.format.read_magic(file) == (1, 0)
                read_header = np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0
                shape, _, dtype = read_header(file)
            if len(shape) >= 2:
                array = Deferred(shape, dtype, partial(_member, path, key))
                images.append(Image(array, (Axis(),) * len(shape), name=f"{stem(path)} {key}"))
    if not images:
        raise LayerError("None of its arrays has rows and columns", "Save an array of two axes or more in it")
    return images if len(images) > 1 else [Image(images[0].array, images[0].axes, name=stem(path))]


def _member(path: Path, key: str) -> NDArray[Any]:
    with np.load(path, allow_pickle=False) as archive:
        values: NDArray[Any] = archive[key]
    return values
