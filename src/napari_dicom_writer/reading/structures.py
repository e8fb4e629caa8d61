"""The structure sets of a series as volumes: outlines together or apart, or labels, each on the planes of its image."""

from __future__ import annotations

from dataclasses import replace
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
    from napari_dicom_writer.reading.structure_set import Region, StructureSet

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
    drawn = [part for structure in series.structures if structure.regions for part in _by_space(structure, images)]
    for part, structure, image in _named(drawn, [image_of(structure, images, folder) for structure in drawn]):
        found = labels_of(structure, image) if as_ == "labels" else drawings_of(structure, image, apart=as_ == "apart")
        for label, volume in found:
            yield ", ".join(filter(None, (part, label))), structure, volume
    for structure in series.structures:  # what is refused comes last, so that the others are there
        if not structure.regions:
            what = "; ".join(fault.note().text for fault in structure.faults) or "It holds no contours"
            raise ReadError(what, "Open another structure set")


def _by_space(structure: StructureSet, images: Sequence[Ground]) -> list[StructureSet]:
    """Part a set whose regions lie in the spaces of several images, which need not lie one on the other."""
    known = [image.space for image in images if image.space in structure.spaces]
    if len(set(known)) < 2:
        return [structure]
    found: dict[str, list[Region]] = {}
    for region in structure.regions:
        found.setdefault(region.space if region.space in known else known[0], []).append(region)
    first, *others = (replace(structure, regions=tuple(regions)) for regions in found.values())
    return [first, *(replace(other, faults=()) for other in others)]  # which are told once


def _named(
    structures: Sequence[StructureSet], images: Sequence[Ground | None]
) -> list[tuple[str, StructureSet, Ground | None]]:
    """Name each of several for what tells all apart: the time point of their image, the image, or their own names."""
    if len(structures) < 2:
        return [("", *each) for each in zip(structures, images, strict=True)]
    points = [_point(structure, image) for structure, image in zip(structures, images, strict=True)]
    order = sorted(range(len(points)), key=points.__getitem__) if all(points) else list(range(len(points)))
    for names in (
        [f"time point {point}" if point else "" for point in points],
        [f"on {image.name}" if image else "" for image in images],
        [structure.name for structure in structures],
    ):
        if len(set(names) - {""}) == len(structures):
            return [(names[i], structures[i], images[i]) for i in order]
    return [(f"part {number}", structures[i], images[i]) for number, i in enumerate(order, 1)]


def _point(structure: StructureSet, image: Ground | None) -> int:
    """Return the time point of the image that a set is of; 0 where it is of several, or none is known."""
    named = {uid for contour in structure.contours for uid, _ in contour.images}
    named = named or {uid for uids in structure.series.values() for uid in uids}
    points = {image.points.get(uid, 0) for uid in named} if image else set()
    return points.pop() if len(points) == 1 else 0
