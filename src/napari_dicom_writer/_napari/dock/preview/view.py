"""What a preview shows: an image, what lies on it, and where both are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dicom_writer._napari.dock.preview.overlay import Overlay
    from napari_dicom_writer.model.volume import Volume
    from napari_dicom_writer.plan.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a preview shows.

    Attributes
    ----------
    volume : Volume
        The image; black where labels or outlines lie on none of this export.
    grid : Grid
        Where it lies.
    overlays : tuple of Overlay
        What lies on it.
    through : (int, int, int)
        Plane, row and column that the cuts go through.
    """

    volume: Volume
    grid: Grid
    overlays: tuple[Overlay, ...] = ()
    through: tuple[int, int, int] | None = None
