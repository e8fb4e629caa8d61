"""Ways to write a series with ITK: SimpleITK's recipe for a series, and ITK's own series writer."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pydicom.uid import generate_uid

from benchmarks.workloads import SPACING

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.case import Case

# What these writers set from the image; 16-bit results of floats must be asked for by these elements.
_FROM_IMAGE = {"SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "Rows", "Columns"}


def load(package: str) -> Any:
    """Import a peer when it is used; peers have no types."""
    return import_module(package)


def as_text(value: Any) -> str:
    """Write a value as it stands in a file."""
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, list | tuple) or _is_multiple(value) else str(value)


def _is_multiple(value: Any) -> bool:
    return hasattr(value, "__iter__") and not isinstance(value, str | bytes) and not hasattr(value, "components")


def _metadata(case: Case) -> list[tuple[str, str]]:
    """(gggg|eeee, value) of the elements all instances share."""
    shared = case.elements.keys() - _FROM_IMAGE
    if case.rescale is None:
        shared -= {"BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"}
    return [
        (f"{element.tag.group:04x}|{element.tag.element:04x}", as_text(element.value))
        for element in case.first
        if element.keyword in shared
    ]


def simpleitk_slices(case: Case, folder: Path) -> None:
    """SimpleITK's example for a series from an array: cut out a slice, set its metadata, write it."""
    sitk = load("SimpleITK")
    folder.mkdir()
    shared = _metadata(case)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    planes = case.workload.planes
    for start in range(0, len(case.pixels), planes):
        image = sitk.GetImageFromArray(case.pixels[start : start + planes], isVector=case.workload.rgb)
        image.SetSpacing(SPACING[::-1])
        for index in range(planes):
            piece = image[:, :, index]
            for key, value in shared:
                piece.SetMetaData(key, value)
            position = image.TransformIndexToPhysicalPoint((0, 0, index))
            piece.SetMetaData("0008|0018", generate_uid())
            piece.SetMetaData("0020|0032", "\\".join(map(str, position)))
            piece.SetMetaData("0020|0013", str(start + index + 1))
            piece.SetMetaData("0020|1041", str(position[2]))
            writer.SetFileName(f"{folder}/{start + index + 1:05d}.dcm")
            writer.Execute(piece)


def itk_series(case: Case, folder: Path) -> None:
    """ITK's series writer. Its Python binding takes one dictionary for all planes: no Instance Number of each."""
    itk = load("itk")
    folder.mkdir()
    pixel = _itk_pixel(itk, case)
    volume_type, plane_type = itk.Image[pixel, 3], itk.Image[pixel, 2]
    dictionary = itk.MetaDataDictionary()
    for key, value in _metadata(case):
        dictionary[key] = value
    planes = case.workload.planes
    for start in range(0, len(case.pixels), planes):
        image = itk.image_from_array(case.pixels[start : start + planes], ttype=(volume_type,))
        image.SetSpacing(SPACING[::-1])
        file_format = itk.GDCMImageIO.New()
        file_format.SetMetaDataDictionary(dictionary)
        file_format.KeepOriginalUIDOn()
        names = [f"{folder}/{number + 1:05d}.dcm" for number in range(start, start + planes)]
        itk.ImageSeriesWriter[volume_type, plane_type].New(Input=image, ImageIO=file_format, FileNames=names).Update()


def _itk_pixel(itk: Any, case: Case) -> Any:
    if case.workload.rgb:
        return itk.RGBPixel[itk.UC]
    return {"int16": itk.SS, "uint16": itk.US, "uint8": itk.UC, "float32": itk.F}[case.workload.dtype]
