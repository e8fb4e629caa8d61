"""What OME-XML says of the images of an OME-TIFF: physical sizes with their units, time step, names of channels.

Schema: https://www.openmicroscopy.org/Schemas/OME/2016-06
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.inputs.steps import length_in_mm, seconds_in, with_length
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.inputs.image import Image

_SIZES = {"column": "PhysicalSizeX", "row": "PhysicalSizeY", "plane": "PhysicalSizeZ"}


def measured(images: Sequence[Image], numbers: Sequence[int], xml: str) -> list[Image]:
    """Give images what the XML says of them.

    Parameters
    ----------
    images
        Of the file.
    numbers
        Which ``Image`` of the XML each is.
    xml
        The ``ImageDescription`` of the file.
    """
    described = ElementTree.fromstring(xml).findall("{*}Image")  # noqa: S314 - expat resolves no external entities
    return [
        _measured(image, described[number]) if number < len(described) else image
        for image, number in zip(images, numbers, strict=True)
    ]


def _measured(image: Image, described: ElementTree.Element) -> Image:
    pixels = described.find("{*}Pixels")
    if pixels is None:
        return image
    for kind, name in _SIZES.items():
        size = _positive(pixels.get(name))
        if size is not None:
            image = with_length(image, kind, *length_in_mm(size, pixels.get(f"{name}Unit", "µm")))
    step = _positive(pixels.get("TimeIncrement"))
    if step is not None and "time" in image.kinds:
        seconds = seconds_in(step, pixels.get("TimeIncrementUnit", "s"))
        image = image.with_axis(image.kinds.index("time"), seconds=seconds)
    names = [channel.get("Name", "").strip() for channel in pixels.findall("{*}Channel")]
    if any(plane.get("PositionX") for plane in pixels.findall("{*}Plane")):
        text = "The position of the microscope's stage: OME does not say of which point of the picture it is"
        image = replace(image, notes=(*image.notes, Note(NoteKind.LOST, text, hint=f"{mention('origin')}")))
    return replace(image, channels=tuple(names) if all(names) else ())


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None
