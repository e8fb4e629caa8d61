"""On which plane of which image each outline lies: drawn on it, or refused by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.mention import mention
from napari_dicom_writer.model.contours import ENCLOSING, POINT, crosses_itself
from napari_dicom_writer.planning.labels import LabelUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.model.contours import Outline
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.planning.onto_image import Image

_BESIDE = 0.05  # of the distance between planes: what single precision and rounding make
_POINT_BESIDE = 0.5 + _BESIDE  # a point belongs to the nearest plane

ByPlane = dict[tuple[int, int], tuple["Outline", ...]]
"""(region, plane) → what is drawn there."""


def lay(volume: Volume, images: Sequence[Image]) -> tuple[Volume, Image, LabelUse, ByPlane, list[Note]]:
    """Lay what is drawn on the planes of the first image that all of it lies on.

    Returns
    -------
    volume, image, use, by_plane, notes
        A volume of the image's size without values; which regions are on which planes.

    Raises
    ------
    LayerError
        If there is no image; an outline that crosses itself.
    GeometryError
        An outline across planes, or beside them.
    """
    if not images:
        remedy = f"Export the image with it, or name its series with {mention('reference')}"
        raise LayerError("What is drawn lies on the planes of an image, and there is none", remedy)
    reasons = []
    for image in images:
        try:
            by_plane = _by_plane(volume.drawn or (), image)
        except GeometryError as error:
            reasons.append(error)
            continue
        planes: dict[tuple[tuple[int, ...], int], tuple[int, ...]] = {}
        for region, plane in sorted(by_plane):
            planes[(), plane] = (*planes.get(((), plane), ()), region)
        laid = volume.over(np.broadcast_to(np.uint8(0), image.shape))
        laid.affine, laid.axes = image.grid.affine(), ("plane", "row", "column")
        note = Note(NoteKind.INFO, f"Drawn on {image.name}: each contour references its plane")
        return laid, image, LabelUse(tuple(sorted({region for region, _ in by_plane})), planes), by_plane, [note]
    raise reasons[0]


def _by_plane(drawn: Sequence[Outline], image: Image) -> ByPlane:
    inverse = np.linalg.inv(image.grid.affine())
    found: dict[tuple[int, int], list[Outline]] = {}
    for outline in drawn:
        if outline.kind not in (*ENCLOSING, POINT):
            raise LayerError(f"Its {outline.name} is open", "Close it, or leave it out")
        index = outline.points @ inverse[:3, :3].T + inverse[:3, 3]
        plane = round(float(index[:, 0].mean()))
        beside = float(np.abs(index[:, 0] - plane).max())
        spread = float(np.ptp(index[:, 0]))
        if outline.kind in ENCLOSING and spread > _BESIDE:
            what = f"Its {outline.name} lies across the planes of {image.name}, over {spread:.2g} of them"
            raise GeometryError(what, "Draw it on one plane of the image")
        outside = not 0 <= plane < image.shape[0]
        if outside or beside > (_BESIDE if outline.kind in ENCLOSING else _POINT_BESIDE):
            where = f"outside {image.name}" if outside else f"{beside:.2g} of a step beside a plane of {image.name}"
            what = f"Its {outline.name} lies {where}"
            raise GeometryError(what, "Draw it on a plane of the image")
        if outline.kind in ENCLOSING and crosses_itself(index[:, 1:]):
            raise LayerError(f"Its {outline.name} crosses itself", "Draw it again, or split it where it crosses")
        found.setdefault((outline.region, plane), []).append(outline)
    return {key: tuple(outlines) for key, outlines in found.items()}
