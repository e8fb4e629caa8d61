"""What a layer that was opened from DICOM remembers of it, in its `metadata`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.model.origin import Origin
from napari_dicom_writer.model.volume import SPATIAL

if TYPE_CHECKING:
    from collections.abc import Iterable

METADATA_KEY = "napari-dicom-writer"
"""Where in a layer's `metadata` it is kept what the layer was read from: ``path``, ``modality``, the UIDs ``study``,
``series`` and ``frame_of_reference``; ``instances``, those of its planes in the order of its data, empty where one is
missing; of multi-frame instances also ``frames``, the numbers of their frames from 1, 0 where one is missing;
``notes``, pairs of kind and text: what was lost or assumed in opening it; ``lossy``, method and ratio of each lossy
compression before, if there was one; and ``axes``, which of its last three axes are planes, rows and columns, where
they are in another order. Nothing of the patient."""

_KINDS = {str(kind): kind for kind in (NoteKind.LOST, NoteKind.ASSUMED)}


def remembered(notes: Iterable[Note]) -> list[tuple[str, str]]:
    """Return what has to be said again when the layer is saved, as plain text."""
    return [(str(note.kind), note.text) for note in notes if str(note.kind) in _KINDS]


def _source(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = attributes.get("metadata")
    source = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    return source if isinstance(source, Mapping) else {}


def order_of_opening(attributes: Mapping[str, Any]) -> tuple[int, int, int] | None:
    """Say which of a layer's last three axes are planes, rows and columns, as for `renamed`; None if nothing does."""
    named = _source(attributes).get("axes")
    if not isinstance(named, list | tuple) or sorted(map(str, named)) != sorted(SPATIAL):
        return None
    plane, row, column = (list(named).index(name) for name in SPATIAL)
    return plane, row, column


def notes_of_opening(attributes: Mapping[str, Any]) -> list[Note]:
    """Say what was lost or assumed when a layer was opened: that planes are blank, nobody sees in the array.

    Parameters
    ----------
    attributes
        Of the layer; its metadata may be anybody's.
    """
    said = _source(attributes).get("notes")
    pairs = [one for one in (said if isinstance(said, list | tuple) else ()) if isinstance(one, list | tuple)]
    kinds = [(_KINDS.get(str(one[0])), str(one[1])) for one in pairs if len(one) == 2]
    return [Note(kind, f"When it was opened: {text}") for kind, text in kinds if kind]


def lossy_of(attributes: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Return what lossy compression a layer remembers, as a `Volume` holds it; its metadata may be anybody's."""
    said = _source(attributes).get("lossy")
    pairs = [one for one in (said if isinstance(said, list | tuple) else ()) if isinstance(one, list | tuple)]
    numbers = [one for one in pairs if len(one) == 2 and isinstance(one[1], int | float) and one[1] >= 0]
    return tuple((str(method), float(ratio)) for method, ratio in numbers)


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
    source = _source(attributes)
    path, study, series, space, modality = (
        value if isinstance(value := source.get(key), str) else ""
        for key in ("path", "study", "series", "frame_of_reference", "modality")
    )
    instances, frames = (
        tuple(value) if isinstance(value := source.get(key), list | tuple) else () for key in ("instances", "frames")
    )
    if not path or not study or not series or not all(isinstance(number, int) for number in frames):
        return None
    return Origin(path, study, series, space, tuple(map(str, instances)), frames, modality)
