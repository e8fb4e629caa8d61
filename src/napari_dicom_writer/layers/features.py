"""What a layer's features say that is written nowhere: measurements, mostly. Imports no napari."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.listed import listed
from napari_dicom_writer.model.segments import is_missing, is_understood, unknown_category

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_NAMED = 5  # columns that a note lists
_WORDS = {"type", "laterality"}  # for people, beside their codes


def not_written(rows: Sequence[Mapping[str, Any]], taken: Collection[str] = ()) -> list[Note]:
    """Say which columns are lost, and a category that is none of the standard's.

    Parameters
    ----------
    rows
        One a label, shape or point: values by the names of their columns.
    taken
        Columns that the layer's type uses in its own way.
    """
    if not rows:
        return []
    notes = []
    if word := unknown_category(rows):
        text = f"{word!r} in the column 'category' of its features is no category of the standard: not written"
        notes.append(Note(NoteKind.LOST, text, hint="such as 'Anatomical Structure'"))
    words = _WORDS if any("code" in name.lower() for name in rows[0]) else ()
    columns = [
        name
        for name in rows[0]
        if name not in taken and name.lower() not in words and not is_understood(name)
        if not all(is_missing(row[name]) for row in rows)
    ]
    if columns:
        text = f"Of its features, {listed(columns, _NAMED, repr)} {'is' if len(columns) == 1 else 'are'} not written"
        notes.append(Note(NoteKind.LOST, text))
    return notes
