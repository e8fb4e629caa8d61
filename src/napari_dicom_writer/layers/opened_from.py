"""What a layer that was opened from DICOM remembers of it, in its `metadata`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.model.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable

METADATA_KEY = "napari-dicom-writer"
"""Where in a layer's `metadata` it is kept what the layer was read from: ``path``, the UIDs ``study``, ``series`` and
``frame_of_reference``; ``instances``, those of its planes in the order of its data, empty where one is missing; of
multi-frame instances also ``frames``, the numbers of their frames from 1, 0 where one is missing; and ``notes``, pairs
of kind and text: what was lost or assumed in opening it. Nothing of the patient."""

_KINDS = {str(kind): kind for kind in (NoteKind.LOST, NoteKind.ASSUMED)}


def remembered(notes: Iterable[Note]) -> list[tuple[str, str]]:
    """Return what has to be said again when the layer is saved, as plain text."""
    return [(str(note.kind), note.text) for note in notes if str(note.kind) in _KINDS]


def notes_of_opening(attributes: Mapping[str, Any]) -> list[Note]:
    """Say what was lost or assumed when a layer was opened: that planes are blank, nobody sees in the array.

    Parameters
    ----------
    attributes
        Of the layer; its metadata may be anybody's.
    """
    metadata = attributes.get("metadata")
    source = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    said = source.get("notes") if isinstance(source, Mapping) else None
    pairs = [one for one in (said if isinstance(said, list | tuple) else ()) if isinstance(one, list | tuple)]
    kinds = [(_KINDS.get(str(one[0])), str(one[1])) for one in pairs if len(one) == 2]
    return [Note(kind, f"When it was opened: {text}") for kind, text in kinds if kind]


def origin_of(attributes: Mapping[str, Any]) -> Origin | None:
    """Read what a layer remembers.

    Parameters
    ----------
    attributes
        Of its layer tuple; its metadata may be anybody's.

    Returns
    -------
    Origin or None
        None where it remembers no path and no UIDs.
    """
    metadata = attributes.get("metadata")
    source = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    if not isinstance(source, Mapping):
        return None
    path, study, series, space = (
        value if isinstance(value := source.get(key), str) else ""
        for key in ("path", "study", "series", "frame_of_reference")
    )
    instances, frames = (
        tuple(value) if isinstance(value := source.get(key), list | tuple) else () for key in ("instances", "frames")
    )
    if not path or not study or not series or not all(isinstance(number, int) for number in frames):
        return None
    return Origin(path, study, series, space, tuple(map(str, instances)), frames)
