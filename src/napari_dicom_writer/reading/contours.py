"""Structure sets → volumes of outlines, on the planes of the image that they were drawn on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.listed import listed
from napari_dicom_writer.model.contours import POINT
from napari_dicom_writer.model.segments import Labels
from napari_dicom_writer.model.volume import SPATIAL, Volume
from napari_dicom_writer.reading.derived_planes import planes_from
from napari_dicom_writer.reading.ground import grounds_of, series_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.reading.ground import Ground
    from napari_dicom_writer.reading.structure_set import Region, StructureSet

_NAMED = 5  # regions that a note lists
_LOOKED_AT = 5_000  # files beside a structure set that is opened alone; somebody waits
ON_PLANE = 0.05  # of the distance between planes: what single precision and rounding make


class Places(NamedTuple):
    """Where outlines lie along the planes of an image, in planes.

    Attributes
    ----------
    center, spread : numpy.ndarray
        Mean of the points of each, and how far they are apart.
    """

    center: NDArray[np.float64]
    spread: NDArray[np.float64]

    def on_planes(self, count: int) -> NDArray[np.bool_]:
        """Whether each lies on one of so many planes."""
        nearest = np.rint(self.center)
        inside = (nearest >= 0) & (nearest < count)
        found: NDArray[np.bool_] = inside & (np.abs(self.center - nearest) + self.spread / 2 <= ON_PLANE)
        return found


def places_on(outlines: Sequence[Outline], affine: NDArray[np.float64]) -> Places:
    """Find where outlines lie along planes."""
    along = np.linalg.inv(affine)[0]
    heights = [outline.points @ along[:3] + along[3] for outline in outlines]
    return Places(np.array([each.mean() for each in heights]), np.array([np.ptp(each) for each in heights]))


def image_of(structure: StructureSet, images: Sequence[Ground], folder: Path | None = None) -> Ground | None:
    """Find the image that contours were drawn on: the one they reference, else one of their space that they lie on.

    Of contours that name neither, it is one that they lie on.

    Parameters
    ----------
    structure
        The contours.
    images
        Those that are known.
    folder
        Where the referenced one may lie as well, or beside it; None looks nowhere.
    """
    outlines = [contour.outline for contour in structure.contours]

    def fits(image: Ground) -> int:
        return int(places_on(outlines, image.affine).on_planes(image.shape[0]).sum())

    referenced = [image for image in images if image.series in structure.series]
    if folder and not referenced:
        beside = filter(None, (series_beside(folder, uid, _LOOKED_AT) for uid in structure.series))
        referenced = [image for series in beside for image in grounds_of(series)]
    if referenced:
        own = [image for image in referenced if image.space in structure.spaces]
        return max(own or referenced, key=fits)
    unsaid = not structure.series and not structure.spaces
    of_space = [image for image in images if (unsaid or image.space in structure.spaces) and fits(image)]
    return max(of_space, key=fits, default=None)


def drawings_of(structure: StructureSet, image: Ground | None, *, apart: bool) -> Iterator[tuple[str, Volume]]:
    """Make volumes of outlines.

    Parameters
    ----------
    structure
        The contours.
    image
        On whose planes they lie; None derives planes from them.
    apart
        Whether each region is a volume of its own.

    Yields
    ------
    str
        What a volume has for itself, in words; empty where it is all.
    Volume
        `Volume.drawn` are its outlines, and `Volume.labels` says what their regions are.
    """
    if not structure.regions:
        return
    notes = [fault.note() for fault in structure.faults]
    outlines = [contour.outline for contour in structure.contours]
    if image is None:
        affine, note = planes_from(outlines)
        notes.append(note)
    else:
        affine = image.affine
        notes += _said(structure, outlines, image)
    groups = [[region] for region in structure.regions] if apart else [list(structure.regions)]
    for regions in groups:
        label = (regions[0].segment.name or f"region {regions[0].number}") if apart else ""
        yield label, _volume(regions, affine, structure.name, notes)
        notes = []  # once for all


def _said(structure: StructureSet, outlines: Sequence[Outline], image: Ground) -> Iterator[Note]:
    on_planes = places_on(outlines, image.affine).on_planes(image.shape[0])
    drawn = np.array([outline.kind != POINT for outline in outlines])
    if off := int((drawn & ~on_planes).sum()):
        text = f"Contours on no plane of {image.name}, which stay where they are: {off:,} of {drawn.sum():,}"
        yield Note(NoteKind.INFO, text)
    yield from said_of_space(structure, image)


def said_of_space(structure: StructureSet, image: Ground) -> Iterator[Note]:
    """Say where the coordinates of contours are not said to be those of the image."""
    if not structure.series and not structure.spaces:
        yield Note(NoteKind.ASSUMED, f"It names no image: taken as drawn on {image.name}, on whose planes it lies")
    others = [one for one in structure.regions if one.contours and one.space and one.space != image.space]
    if image.space and others:
        names = listed(
            others, _NAMED, lambda one: repr(one.segment.name) if one.segment.name else f"region {one.number}"
        )
        whose = f"Coordinates of {names}" if len(others) < len(structure.regions) else "Its coordinates"
        text = f"{whose} are of another frame of reference than those of {image.name}: taken as the same"
        yield Note(NoteKind.ASSUMED, text)


def _volume(regions: Sequence[Region], affine: NDArray[np.float64], name: str, notes: Sequence[Note]) -> Volume:
    labels = Labels(tuple(region.segment for region in regions))
    nothing = np.broadcast_to(np.uint8(0), (1, 1, 1))
    volume = Volume(nothing, affine=affine, axes=SPATIAL, name=name, notes=notes, labels=labels)
    volume.drawn = tuple(contour.outline for region in regions for contour in region.contours)
    return volume
