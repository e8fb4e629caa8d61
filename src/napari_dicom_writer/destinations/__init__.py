"""Where an export goes: one file and one row a destination, and nothing else; choices and tests follow the table."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.dicomdir.target import NAME, DicomdirDestination
from napari_dicom_writer.destinations.folder.target import FolderDestination
from napari_dicom_writer.destinations.network.c_store import CStoreDestination
from napari_dicom_writer.destinations.network.stow_rs import StowDestination
from napari_dicom_writer.destinations.paths import absolute
from napari_dicom_writer.destinations.zipped import ZipDestination
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.destinations._base import Destination
    from napari_dicom_writer.plan.plan import ExportPlan

DESTINATIONS: dict[str, type[Destination]] = {
    "zip": ZipDestination,
    "dicomdir": DicomdirDestination,
    "folder": FolderDestination,
    "c-store": CStoreDestination,
    "stow-rs": StowDestination,
}
"""By the word that asks for them. Without one, the first takes it that suits the target's name."""


def suited(name: str) -> str:
    """Return the key of the destination that takes a target of this name when nobody says more."""
    return next(key for key, kind in DESTINATIONS.items() if kind.suits(name))


def open_destination(
    path: str | os.PathLike[str], plan: ExportPlan | None, *, overwrite: bool, to: str | None = None
) -> Destination:
    """Return the destination of an export, checked.

    Parameters
    ----------
    path
        Its name; see each destination.
    plan
        What will be written; None checks only what does not depend on it.
    overwrite
        Replace an earlier export, exactly as it was published.
    to
        A key of `DESTINATIONS`; None goes by the name.

    Raises
    ------
    DestinationError
        What is known before writing to hinder it.
    """
    return _kind(path, to)(path, plan, overwrite=overwrite)


def place_on_disk(path: str | os.PathLike[str], to: str | None = None) -> Path | None:
    """Return where on this disk an export goes; None where it goes elsewhere, or its name is refused anyway."""
    try:
        kind = _kind(path, to)
        place = None if kind.remote else absolute(path)
    except DestinationError:
        return None
    return place.parent if place and place.name.upper() == NAME else place


def _kind(path: str | os.PathLike[str], to: str | None) -> type[Destination]:
    if to is None:
        name = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        return DESTINATIONS[suited(str(name))]
    if to not in DESTINATIONS:
        raise DestinationError(f"There is no destination {to!r}", f"Choose from: {', '.join(DESTINATIONS)}")
    return DESTINATIONS[to]
