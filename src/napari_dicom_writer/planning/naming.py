"""What a series is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.standard.text import multi_line, single_line

if TYPE_CHECKING:
    from napari_dicom_writer.options.export import ExportOptions


_LO = 64  # characters in a Series Description


def describe_series(
    name: str, suffix: str, options: ExportOptions, home: tuple[str, int], *, several: bool
) -> tuple[str, str, list[Note]]:
    """Series Description, a comment with the full name where it did not fit, and the note that says so.

    `home` is where the comment goes, and how many characters it may have.
    """
    base, name = options.series.description, name.strip()
    full = (f"{base} {name}".strip() if several else base) if base else name
    description = single_line(single_line(full, _LO - len(suffix)) + suffix, _LO)
    if description == (full + suffix).strip():
        return description, "", []
    comment = multi_line(full + suffix, home[1])
    whole = f", {'whole' if comment == (full + suffix).strip() else 'with what DICOM allows'} in {home[0]}"
    text = f"The name of its series does not fit a Series Description: written as {description!r}" + (
        whole if comment else ""
    )
    return description, comment, [Note(NoteKind.LOST if comment != (full + suffix).strip() else NoteKind.INFO, text)]
