"""Whether volumes lie in one space, so that one Frame of Reference may be claimed for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import GeometryError
from napari_dicom_writer.model.geometry import corners
from napari_dicom_writer.plan.wording import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_dicom_writer.plan.grid import Grid


def check_shared_space(volumes: Sequence[tuple[str, Grid, tuple[int, int, int]]]) -> None:
    """Refuse volumes of one export that share nothing.

    One Frame of Reference says that positions in all series can be compared. Volumes whose bounding boxes form a
    connected group, tiles that touch included, plausibly share it; a volume far from all others hardly does, and most
    often its unit or translation is wrong.

    Parameters
    ----------
    volumes
        Name, grid and (planes, rows, columns) of each.

    Raises
    ------
    GeometryError
        Naming the volumes that lie apart.
    """
    boxes = [_box(grid, shape) for _, grid, shape in volumes]
    reached: set[int] = set()
    pending = [0] if boxes else []
    while pending:
        at = pending.pop()
        if at not in reached:
            reached.add(at)
            pending += [i for i, box in enumerate(boxes) if i not in reached and _touch(boxes[at], box)]
    apart = [volumes[i][0] for i in range(len(boxes)) if i not in reached]
    if apart:
        raise GeometryError(
            f"{listed([*apart, volumes[0][0]])} share no space: their extents in the patient lie apart",
            "Check units and translation, or give the Frame of Reference UID of the space they share",
        )


def _box(grid: Grid, shape: tuple[int, int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest LPS corner, voxel edges and one voxel of margin included."""
    affine = grid.affine()
    world = affine[:3, :3] @ corners(shape, margin=1) + affine[:3, 3:]
    return world.min(axis=1), world.max(axis=1)


def _touch(
    one: tuple[NDArray[np.float64], NDArray[np.float64]], other: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> bool:
    return bool((one[0] <= other[1]).all() and (other[0] <= one[1]).all())
