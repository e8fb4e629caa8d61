"""MetaImage (.mha, .mhd), by SimpleITK: LPS as DICOM has it. SimpleITK drops the unit, which may not be mm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dicom_writer.errors import GeometryError, Note, NoteKind
from napari_dicom_writer.inputs._base import stem
from napari_dicom_writer.inputs.image import Axis, Image, spatial_axes
from napari_dicom_writer.inputs.lazy import Deferred
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_MILLIMETERS = {"um": 1e-3, "mm": 1.0, "cm": 10.0}
_COLUMN_ROW_PLANE = ("column", "row", "plane")


def read(path: Path) -> list[Image]:
    """Read one file; its pixels when they are asked for."""
    import SimpleITK as sitk

    header = sitk.ImageFileReader()
    header.SetFileName(str(path))
    header.SetImageIO("MetaImageIO")
    header.ReadImageInformation()
    size = header.GetSize()
    notes: list[Note] = []
    affine = _affine(header, notes)
    spatial = min(3, len(size))
    leading = ["", *(f"axis {number}" for number in range(4, len(size)))][: len(size) - spatial]
    axes = [*map(Axis, reversed(leading)), *reversed(spatial_axes(affine, _COLUMN_ROW_PLANE)[:spatial])]
    shape, samples = tuple(reversed(size)), header.GetNumberOfComponents()
    if samples > 1:
        shape, axes = (*shape, samples), [*axes, _component(header, samples, notes)]
    return [
        Image(
            Deferred(shape, _dtype(header), lambda: _pixels(path)),
            tuple(axes),
            tuple(affine[:3, 3].tolist()),
            patient=len(size) > 2,
            name=stem(path),
            notes=tuple(notes),
        )
    ]


def _component(header: Any, samples: int, notes: list[Note]) -> Axis:
    """MetaImage does not tell colors from vectors: bytes are taken for colors."""
    if samples in (3, 4) and _dtype(header) == np.uint8:
        text = f"Its {samples} components are taken as colors"
        notes.append(Note(NoteKind.ASSUMED, text, hint=f"{mention('rgb', False)} if they are none"))
        return Axis("sample")
    return Axis("component")


def _affine(header: Any, notes: list[Note]) -> NDArray[np.float64]:
    """(column, row, plane, 1) → LPS mm."""
    number = header.GetDimension()
    unit = header.GetMetaData("ITK_VoxelUnits") if header.HasMetaDataKey("ITK_VoxelUnits") else ""
    if unit not in _MILLIMETERS:
        notes.append(Note(NoteKind.INFO, "The file has no unit of length: mm, as ITK takes it"))
    direction = np.reshape(header.GetDirection(), (number, number))
    spatial = min(3, number)
    if np.any(direction[:spatial, spatial:]) or np.any(direction[spatial:, :spatial]):
        raise GeometryError("Its directions mix space with its fourth axis", "Save it without that rotation")
    affine = np.eye(4)
    affine[:spatial, :spatial] = direction[:spatial, :spatial] * header.GetSpacing()[:spatial]
    affine[:spatial, 3] = header.GetOrigin()[:spatial]
    affine[:3] *= _MILLIMETERS.get(unit, 1.0)
    return affine


def _dtype(header: Any) -> np.dtype[Any]:
    import SimpleITK as sitk

    kinds = {
        "8-bit unsigned": np.uint8,
        "8-bit signed": np.int8,
        "16-bit unsigned": np.uint16,
        "16-bit signed": np.int16,
        "32-bit unsigned": np.uint32,
        "32-bit signed": np.int32,
        "64-bit unsigned": np.uint64,
        "64-bit signed": np.int64,
        "32-bit float": np.float32,
        "64-bit float": np.float64,
    }
    words = sitk.GetPixelIDValueAsString(header.GetPixelID()).removeprefix("vector of ")
    return np.dtype(next((kind for name, kind in kinds.items() if words.startswith(name)), np.complex64))


def _pixels(path: Path) -> NDArray[Any]:
    import SimpleITK as sitk

    image = sitk.ReadImage(str(path), imageIO="MetaImageIO")
    return sitk.GetArrayFromImage(image)
