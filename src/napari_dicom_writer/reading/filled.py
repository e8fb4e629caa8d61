"""Contours → labels on the grid of their image: the voxels whose centers they enclose, or run through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_dicom_writer.errors import Note, NoteKind, ReadError
from napari_dicom_writer.model.contours import CLOSED, ENCLOSING
from napari_dicom_writer.model.polygons import same_outline
from napari_dicom_writer.model.segments import Labels
from napari_dicom_writer.model.tracing import fill
from napari_dicom_writer.model.volume import SPATIAL, Volume
from napari_dicom_writer.reading.borders import touched
from napari_dicom_writer.reading.contour_data import counted
from napari_dicom_writer.reading.contours import ON_PLANE, places_on, said_of_space
from napari_dicom_writer.reading.overlaps import parted
from napari_dicom_writer.reading.plane_array import LazyPlanes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.reading.ground import Ground
    from napari_dicom_writer.reading.structure_set import Region, StructureSet

    _Mask = NDArray[np.bool_]

_SAME_BOX = 0.01  # of a voxel
_ACROSS = 0.5  # of the distance between planes; what spreads farther lies on none


class Patch(NamedTuple):
    """What a region encloses of one plane: its contours within the box around them, at (row, column)."""

    label: int
    corner: tuple[int, int]
    shape: tuple[int, int]
    rings: tuple[NDArray[np.float64], ...]

    @property
    def box(self) -> tuple[slice, slice]:
        """Where it is in its plane."""
        (row, column), (rows, columns) = self.corner, self.shape
        return slice(row, row + rows), slice(column, column + columns)

    def mask(self) -> NDArray[np.bool_]:
        """Voxels whose centers lie on a contour, or in an odd number of them, so that one in another is a hole."""
        mask: NDArray[np.bool_] = fill(self.rings, self.shape) | touched(self.rings, self.shape)
        return mask


class FilledArray(LazyPlanes):
    """Labels, 0 where nothing is; each plane is filled when it is asked for.

    Parameters
    ----------
    planes
        What each holds.
    size, dtype
        Of a plane: (rows, columns); of the labels.
    """

    def __init__(self, planes: Sequence[Sequence[Patch]], size: tuple[int, int], dtype: np.dtype[Any]) -> None:
        super().__init__((len(planes),), size, dtype)
        self._planes = tuple(map(tuple, planes))

    def _plane(self, number: int) -> NDArray[Any]:
        values = np.zeros(self._inner, self.dtype)
        for patch in self._planes[number]:
            values[patch.box][patch.mask()] = patch.label
        return values


def labels_of(structure: StructureSet, image: Ground | None) -> Iterator[tuple[str, Volume]]:
    """Fill contours.

    Parameters
    ----------
    structure
        The contours.
    image
        On whose grid they are filled.

    Yields
    ------
    str
        What a volume has for itself, in words; empty of the first.
    Volume
        Labels. Regions that share voxels are in several volumes.

    Raises
    ------
    ReadError
        If there is no image, or nothing is enclosed.
    """
    if image is None:
        remedy = "Put both into one folder, or open it as shapes"
        raise ReadError("Its contours are filled on the grid of their image, which is not there", remedy)
    notes = [*(fault.note() for fault in structure.faults), *said_of_space(structure, image)]
    patches = [patch for region in structure.regions for patch in _patches(region, image, notes)]
    if not patches:
        raise ReadError("It encloses nothing on the planes of its image", "Open it as shapes")
    planes: list[list[Patch]] = [[] for _ in range(image.shape[0])]
    for plane, patch in patches:
        planes[plane].append(patch)
    segments = {region.segment.label: region.segment for region in structure.regions}
    used = sorted({patch.label for _, patch in patches})
    for number, those in enumerate(parted(used, {pair for plane in planes for pair in _clashes(plane)}), 1):
        array = FilledArray(
            [[patch for patch in plane if patch.label in those] for plane in planes],
            image.shape[1:],
            np.min_scalar_type(max(those)),
        )
        shown = Labels(tuple(segments[label] for label in sorted(those)))
        volume = Volume(array, affine=image.affine, axes=SPATIAL, name=structure.name, notes=notes, labels=shown)
        yield f"overlapping {number}" if number > 1 else "", volume
        notes = []  # once for all


def _patches(region: Region, image: Ground, notes: list[Note]) -> list[tuple[int, Patch]]:
    """Lay the contours of a region on the planes of an image, and say what cannot be."""
    found = []
    inverse = np.linalg.inv(image.affine)[1:3]
    name = region.segment.name or f"number {region.number}"
    cut = overlapping = 0
    for plane, outlines in _by_plane(region, image, notes, name).items():
        rings = _once(outlines, [outline.points @ inverse[:, :3].T + inverse[:, 3] for outline in outlines])
        around = np.concatenate(rings)
        cut += bool((around < -0.5).any() or (around > np.array(image.shape[1:]) - 0.5).any())
        if (patch := _patch(region.segment.label, rings, image.shape[1:])) is None:
            continue
        overlapping += all(outline.kind == CLOSED for outline in outlines) and _share_in_part(patch)
        found.append((plane, patch))
    if cut:
        notes.append(Note(NoteKind.LOST, f"{name!r} reaches beyond its image on {counted(cut, 'plane')}: cut off"))
    if overlapping:
        text = f"Contours of {name!r} overlap in part on {counted(overlapping, 'plane')}"
        notes.append(Note(NoteKind.ASSUMED, f"{text}: what two share is taken as outside"))
    if found and not any(patch.mask().any() for _, patch in found):
        notes.append(Note(NoteKind.LOST, f"{name!r} encloses the center of no voxel, and is empty"))
    return found


def _by_plane(region: Region, image: Ground, notes: list[Note], name: str) -> dict[int, list[Outline]]:
    """Find the plane of each contour, and say how far it is moved, or why it has none."""
    outlines = [contour.outline for contour in region.contours if contour.outline.kind in ENCLOSING]
    lost = {"points or open, enclosing nothing": len(region.contours) - len(outlines)}
    found: dict[int, list[Outline]] = {}
    if outlines:
        places = places_on(outlines, image.affine)
        nearest = np.rint(places.center).astype(int)
        away = np.abs(places.center - nearest)
        across, outside = places.spread > _ACROSS, (nearest < 0) | (nearest >= image.shape[0])
        closest = np.full(image.shape[0], np.inf)
        good = ~(across | outside)
        np.minimum.at(closest, nearest[good], away[good])
        # Where contours are closer than planes, those that were drawn nearest to one are taken together.
        farther = good & (away > closest[np.clip(nearest, 0, image.shape[0] - 1)] + ON_PLANE)
        lost[f"across the planes of {image.name}"] = int(across.sum())
        lost[f"outside {image.name}"] = int((outside & ~across).sum())
        lost[f"between the planes of {image.name}, others nearer"] = int(farther.sum())
        for number in np.flatnonzero(good & ~farther):
            found.setdefault(int(nearest[number]), []).append(outlines[number])
        if (moved := good & ~farther & (away > ON_PLANE)).any():
            text = f"{counted(int(moved.sum()), 'contour')} of {name!r} between the planes of {image.name}"
            text += f", up to {away[moved].max():.2g} of a step off: filled on the nearest"
            notes.append(Note(NoteKind.ASSUMED, text))
    for reason, count in lost.items():
        if count:
            notes.append(Note(NoteKind.LOST, f"{counted(count, 'contour')} of {name!r} {reason}: left out"))
    return found


def _once(outlines: Sequence[Outline], rings: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
    """Leave out copies, wherever they begin and whichever way they go: they would undo each other.

    Those that are combined by exclusive or are meant to.
    """
    boxes = np.array([[*ring.min(axis=0), *ring.max(axis=0)] for ring in rings])
    kept: list[int] = []
    for number, outline in enumerate(outlines):
        near = np.flatnonzero((np.abs(boxes[kept] - boxes[number]) < _SAME_BOX).all(axis=1)) if kept else ()
        if outline.kind != CLOSED or not any(same_outline(rings[number], rings[kept[at]]) for at in near):
            kept.append(number)
    return [rings[number] for number in kept]


def _patch(label: int, rings: Sequence[NDArray[np.float64]], size: tuple[int, int]) -> Patch | None:
    """Put contours into the box around them; None if that lies outside of a plane of this size."""
    around = np.concatenate(rings)
    low = np.maximum(np.floor(around.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(around.max(axis=0)).astype(int) + 1, size)
    if not (low < high).all():
        return None
    (top, left), (bottom, right) = low.tolist(), high.tolist()
    return Patch(label, (top, left), (bottom - top, right - left), tuple(ring - low for ring in rings))


def _share_in_part(patch: Patch) -> bool:
    """Whether two contours share voxels, and neither lies in the other."""
    alone = [_patch(patch.label, [ring], patch.shape) for ring in patch.rings]
    pairs = _meeting(list(filter(None, alone)), lambda one: fill(one.rings, one.shape))
    return any(0 < shared < min(map(np.count_nonzero, masks)) for _, masks, shared in pairs)


def _clashes(plane: Sequence[Patch]) -> Iterator[frozenset[int]]:
    """Pairs of regions that share voxels of a plane."""
    for pair, _, shared in _meeting(plane, Patch.mask):
        if shared:
            yield frozenset(patch.label for patch in pair)


def _meeting(
    patches: Sequence[Patch], mask: Callable[[Patch], _Mask]
) -> Iterator[tuple[tuple[Patch, Patch], tuple[_Mask, _Mask], int]]:
    """Pairs whose boxes meet, their masks, each of which is made once, and how many voxels these share."""
    masks: dict[int, _Mask] = {}
    low = np.array([patch.corner for patch in patches])
    high = low + [patch.shape for patch in patches]
    for number, one in enumerate(patches):
        for at in np.flatnonzero(((low[:number] < high[number]) & (low[number] < high[:number])).all(axis=1)).tolist():
            top, bottom = np.maximum(low[number], low[at]), np.minimum(high[number], high[at])
            parts = []
            for which in (number, at):
                if which not in masks:
                    masks[which] = mask(patches[which])
                (first, left), (last, right) = top - low[which], bottom - low[which]
                parts.append(masks[which][first:last, left:right])
            yield (one, patches[at]), (masks[number], masks[at]), int(np.count_nonzero(parts[0] & parts[1]))
