"""Where an export goes; a new destination is one file here and one row in `open_destination`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.folder.target import FolderDestination

if TYPE_CHECKING:
    import os

    from napari_dicom_writer.destinations._base import Destination
    from napari_dicom_writer.plan.plan import ExportPlan


def open_destination(path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool) -> Destination:
    """Return the destination a path names, checked: see `FolderDestination`."""
    return FolderDestination(path, plan, overwrite=overwrite)
