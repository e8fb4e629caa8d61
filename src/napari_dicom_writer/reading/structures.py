"""The structure sets of a series as volumes: outlines together or apart, or labels, each on the planes of its image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import ReadError
from napari_dicom_writer.reading.contours import drawings_of, image_of
from napari_dicom_writer.reading.filled import labels_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.reading.ground import Ground
    from napari_dicom_writer.reading.pictures import Series
    from napari_dicom_writer.reading.structure_set import StructureSet

STRUCTURES = ("together", "apart", "labels")
"""Ways to open a structure set: its regions in one volume, in one each, or filled."""


def structures_of(
    series: Series, images: Sequence[Ground], folder: Path | None = None, as_: str = "together"
) -> Iterator[tuple[str, StructureSet, Volume]]:
    """Make volumes of the structure sets of a series.

    Parameters
    ----------
    series
        That has structure sets.
    images
        Those that are known.
    folder
        Where the image may lie as well, or beside it; None looks nowhere.
    as_
        One of `STRUCTURES`.

    Yields
    ------
    str
        What a volume has for itself, in words; empty where it is all.
    StructureSet
        What it is of.
    Volume
        Outlines (`Volume.drawn`), or labels.

    Raises
    ------
    ReadError
        If there is no contour, or they cannot be filled.
    """
    for number, structure in enumerate(series.structures, 1):
        part = f"part {number}" if len(series.structures) > 1 else ""
        if not structure.regions:
            what = "; ".join(fault.note().text for fault in structure.faults) or "It holds no contours"
            raise ReadError(what, "Open another structure set")
        image = image_of(structure, images, folder)
        found = labels_of(structure, image) if as_ == "labels" else drawings_of(structure, image, apart=as_ == "apart")
        for label, volume in found:
            yield ", ".join(filter(None, (part, label))), structure, volume
