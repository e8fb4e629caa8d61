"""Which of its axes a volume's planes, rows and columns are: another choice moves no voxel."""

from __future__ import annotations

from copy import copy
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from napari_dicom_writer.errors import Fix, GeometryError, LayerError, Note, NoteKind
from napari_dicom_writer.model.volume import SPATIAL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.model.volume import Volume

# Along which axis of the patient (0 left-right, 1 front-back, 2 head-foot) planes follow each other, rows follow each
# other (down a picture), and columns (across it), as pictures are hung.
ALONG = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}
SET_Z = Fix("z", None, "Set z…")
PLANE_UNKNOWN = "It is 2-D: say where its plane lies, or give it a plane axis"
_SLANTED = 35.0  # degrees; at 45 two directions are as near


def lies_anywhere(volume: Volume) -> bool:
    """Whether a volume is of a 2-D layer, which says itself only where its rows and columns are."""
    return "plane" not in volume.axes and not volume.affine[:2, 0].any() and not volume.affine[2, 1:3].any()


def renamed(volume: Volume, order: Sequence[int]) -> Volume:
    """Return the volume with other names for its axes.

    Parameters
    ----------
    volume
        With planes, rows and columns.
    order
        For planes, rows and columns of the result, which of those of the volume they are: 0, 1 or 2.
    """
    names = {SPATIAL[old]: SPATIAL[new] for new, old in enumerate(order)}
    result = copy(volume)
    result.axes = tuple(names.get(axis, axis) for axis in volume.axes)
    result.affine = volume.affine.copy()
    result.affine[:, :3] = volume.affine[:, list(order)]
    return result


def turned(volume: Volume, wanted: str) -> tuple[Volume, list[Note]]:
    """Take those axes for planes, rows and columns that lie nearest to a direction of the patient.

    No value is computed and no axis reversed: the same voxels, in other planes, read as lazily as before.

    Parameters
    ----------
    volume
        With a plane axis, unless its only plane lies as wanted.
    wanted
        A key of `ALONG`.

    Returns
    -------
    Volume, list of Note
        And how far its planes are from the wanted direction, where they are slanted.

    Raises
    ------
    LayerError
        If its only plane lies otherwise.
    GeometryError
        If its axes have no directions.
    """
    with np.errstate(all="ignore"):
        directions = volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0)
    if not np.isfinite(directions).all():
        raise GeometryError("Its axes have no directions", "Give it a finite scale, none of zero")
    nearness = np.abs(directions)[list(ALONG[wanted])]  # (plane, row, column) as wanted × as they are
    order = max(permutations(range(3)), key=lambda chosen: (nearness[0, chosen[0]], nearness[range(3), chosen].sum()))
    if order != (0, 1, 2) and "plane" not in volume.axes:
        if order[0] != 0:
            raise LayerError(f"Its only plane is not {wanted}", "Leave its planes as they lie")
        order = (0, 1, 2)
    result = renamed(volume, order)
    normal = np.cross(result.affine[:3, 2], result.affine[:3, 1])
    cosine = abs(normal[ALONG[wanted][0]]) / np.linalg.norm(normal)
    angle = float(np.degrees(np.arccos(min(1.0, cosine))))
    if angle <= _SLANTED:
        return result, []
    text = f"Its planes nearest to {wanted} are {angle:.0f}° off: nothing is interpolated"
    return result, [Note(NoteKind.ASSUMED, text)]
