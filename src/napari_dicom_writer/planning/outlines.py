"""On which plane of which image each outline lies: drawn on it, or refused by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import ExportError, GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.contours import CLOSED_XOR, ENCLOSING, LINES, OPEN_NONPLANAR, POINT
from napari_dicom_writer.model.planes import SET_Z
from napari_dicom_writer.model.polygons import crosses_itself, is_flat, share_area
from napari_dicom_writer.planning.contour_lengths import most_points
from napari_dicom_writer.planning.labels import LabelUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.planning.onto_image import Image

_BESIDE = 0.05  # of the distance between planes: what single precision and rounding make
_POINT_BESIDE = 0.5 + _BESIDE  # a point belongs to the nearest plane
_SAID = 1e-3  # mm; less is rounding
_HOLES = (
    f"Give one another region; or say in a column 'contour_type' of the features that both are {CLOSED_XOR}, "
    "where what is within is a hole; or paint the region as labels"
)
_OVERLAP = "Outlines of one region overlap, as was told: some readers unite them, others see holes"


ByPlane = dict[tuple[int, int], tuple["Outline", ...]]
"""(region, plane) → what is drawn there."""
_Placed = list[tuple["Outline", "NDArray[np.float64]"]]
"""Outlines with their (plane, row, column)."""


def lay(volume: Volume, images: Sequence[Image]) -> tuple[Volume, Image, LabelUse, ByPlane, list[Note]]:
    """Lay what is drawn on the planes of the first image that all of it lies on.

    Returns
    -------
    volume, image, use, by_plane, notes
        A volume of the image's size without values; which regions are on which planes.

    Raises
    ------
    LayerError
        If there is no image; an outline that crosses itself or encloses nothing, or two of a region that overlap.
    GeometryError
        An outline across planes, or beside them.
    """
    if not images:
        remedy = f"Export the image with it, or name its series with {mention('reference')}"
        raise LayerError("What is drawn lies on the planes of an image, and there is none", remedy)
    reasons = []
    for image in images:
        try:
            by_plane, beyond = _by_plane(volume, image)
        except ExportError as error:
            reasons.append(error)
            continue
        planes: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
        for region, plane in sorted(by_plane):
            planes[(), plane] = (*planes.get(((), plane), ()), region)
        laid = volume.over(np.broadcast_to(np.uint8(0), image.shape))
        laid.affine, laid.axes = image.grid.affine(), ("plane", "row", "column")
        note = Note(NoteKind.INFO, f"Drawn on {image.name}, whose planes are referenced")
        use = LabelUse(tuple(sorted({region for region, _ in by_plane})), planes, _has_long(volume, image))
        return laid, image, use, by_plane, [note, *beyond]
    raise reasons[0]


def _has_long(volume: Volume, image: Image) -> bool:
    """Whether an outline is too long for an element with an explicit VR."""
    outlines = [outline.points for outline in volume.drawn or ()]
    farthest = max(float(np.abs(points).max()) for points in outlines)
    return max(map(len, outlines)) > most_points(image.grid, image.shape, farthest)


def _by_plane(volume: Volume, image: Image) -> tuple[ByPlane, list[Note]]:
    if "plane" not in volume.axes and image.shape[0] > 1:
        what = f"It is flat, and {image.name} has {image.shape[0]:,} planes: on which it is drawn is not known"
        raise LayerError(what, "Say where its plane lies, or draw it in a layer of three dimensions", fix=SET_Z)
    inverse = np.linalg.inv(image.grid.affine())
    found: dict[tuple[int, int], _Placed] = {}
    for outline in volume.drawn or ():
        index = outline.points @ inverse[:3, :3].T + inverse[:3, 3]
        _check(outline, index, image)
        found.setdefault((outline.region, _plane_of(index, image)), []).append((outline, index))
    notes = [note for some in found.values() for note in _check_apart(some)]
    placed = [one for some in found.values() for one in some]
    notes += [*_beyond(placed, image), *_open(placed)]
    by_plane = {key: tuple(outline for outline, _ in some) for key, some in found.items()}
    return by_plane, list(dict.fromkeys(notes))


def _plane_of(index: NDArray[np.float64], image: Image) -> int:
    """Return the plane that it lies on, or of what lies in space is nearest to."""
    return min(max(round(float(index[:, 0].mean())), 0), image.shape[0] - 1)


def _check(outline: Outline, index: NDArray[np.float64], image: Image) -> None:
    """Refuse one outline, or point, that no plane holds, or that encloses nothing."""
    if outline.kind == OPEN_NONPLANAR:  # it lies in space
        return
    plane, point, closed = _plane_of(index, image), outline.kind == POINT, outline.kind in ENCLOSING
    beside = float(np.abs(index[:, 0] - plane).max())
    spread = float(np.ptp(index[:, 0]))
    if not point and spread > _BESIDE:
        what = f"Its {outline.name} lies across the planes of {image.name}, over {spread:.2g} of them"
        raise GeometryError(what, "Draw it on one plane of the image")
    outside = not -0.5 <= index[:, 0].mean() <= image.shape[0] - 0.5
    outside = outside or bool((_past_edges(index, image).min(axis=0) > 0).any())
    if outside or beside > (_POINT_BESIDE if point else _BESIDE):
        where = f"outside {image.name}" if outside else f"{beside:.2g} of a step beside a plane of {image.name}"
        raise GeometryError(f"Its {outline.name} lies {where}", "Draw it on a plane of the image")
    if closed and is_flat(index[:, 1:]):
        what = f"The corners of its {outline.name} lie on a line: it encloses nothing"
        raise LayerError(what, "Draw it again, or delete it")
    if closed and crosses_itself(index[:, 1:]):
        raise LayerError(f"Its {outline.name} crosses itself", "Draw it again, or split it where it crosses")


def _open(placed: _Placed) -> list[Note]:
    """Say that lines enclose nothing."""
    count = sum(outline.kind in LINES for outline, _ in placed)
    if not count:
        return []
    text = "1 of its contours is open" if count == 1 else f"{count:,} of its contours are open"
    text += f", as was told: programs that fill contours leave {'it' if count == 1 else 'them'} out"
    return [Note(NoteKind.INFO, text)]


def _past_edges(index: NDArray[np.float64], image: Image) -> NDArray[np.float64]:
    """How many voxels each point lies past the first and the last row, and the first and the last column."""
    past: NDArray[np.float64] = np.hstack([-0.5 - index[:, 1:], index[:, 1:] - np.array(image.shape[1:]) + 0.5])
    return past


def _check_apart(placed: _Placed) -> list[Note]:
    """Refuse outlines of one region and plane that share area: some readers unite them, others take holes.

    Whoever has told their kind knows: then it is a note.
    """
    closed = [(outline, index[:, 1:]) for outline, index in placed if outline.kind in ENCLOSING]
    if len(closed) < 2:
        return []
    low, high = (np.array([end(index, axis=0) for _, index in closed]) for end in (np.min, np.max))
    meet = ((low[:, np.newaxis] <= high) & (low <= high[:, np.newaxis])).all(axis=2)
    for first, second in zip(*np.nonzero(np.triu(meet, 1)), strict=True):
        (one, its), (other, others) = closed[first], closed[second]
        if not share_area(its, others):
            continue
        if not (one.told and other.told):
            what = f"Its {one.name} and {other.name}, of one region, overlap: some readers see a hole there"
            raise LayerError(what, _HOLES)
        if not one.kind == other.kind == CLOSED_XOR:
            return [Note(NoteKind.INFO, _OVERLAP)]
    return []


def _beyond(placed: _Placed, image: Image) -> list[Note]:
    """Say what reaches past the edges of its image."""
    steps = np.linalg.norm(image.grid.affine()[:3, 1:3], axis=0)
    reaches = [(one.name, (_past_edges(index, image).reshape(-1, 2, 2) * steps).max()) for one, index in placed]
    beyond = {name: float(reach) for name, reach in reaches if reach > _SAID}
    if not beyond:
        return []
    what = f"{len(beyond):,} of its outlines reach" if len(beyond) > 1 else f"Its {next(iter(beyond))} reaches"
    by = f"by up to {max(beyond.values()):.3g} mm"
    return [Note(NoteKind.INFO, f"{what} past the edges of {image.name}, {by}: viewers fill what lies on it")]
