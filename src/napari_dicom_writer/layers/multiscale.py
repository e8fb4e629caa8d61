"""Images in several resolutions."""

from __future__ import annotations

from napari_dicom_writer.errors import Note, NoteKind


def full_resolution(levels: int) -> list[Note]:
    """Say which of the resolutions is written; nothing where there is one."""
    text = f"Multiscale: of its {levels} resolutions the full one is written"
    return [Note(NoteKind.INFO, text)] if levels > 1 else []
