"""What lies under a target's name: an earlier export that nobody has touched, or something that is not replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.destinations.folder.ours import begins_like_ours
from napari_dicom_writer.destinations.folder.seal import seal_of, touched_since
from napari_dicom_writer.errors import DestinationError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dicom_writer.destinations.folder.listing import Listing

_REMEDY = "Choose another name, or remove it yourself once you need nothing in it"


def check_replaceable(target: Path, files: Listing) -> None:
    """Refuse to replace what is not one earlier export, exactly as it was published.

    Parameters
    ----------
    target
        A folder or a file.
    files
        Its listing.

    Raises
    ------
    DestinationError
        Naming what is in the way.
    OSError
        If the system does not let it look.
    """
    made = seal_of(target)
    if made is None:
        raise DestinationError(f"{target} is not replaced, because {_why_unknown(target, files)}", _REMEDY)
    if touched := touched_since(target, files, made):
        raise DestinationError(f"{target} is not replaced, because {touched} since it was exported", _REMEDY)


def _why_unknown(target: Path, files: Listing) -> str:
    for entry in files:
        path = target / entry.path
        if not entry.path.endswith("/") and not (entry.is_file and begins_like_ours(path)):
            return f"{path.name} is not from an earlier export"
    return "nothing shows that it is one earlier export, as it was written"
