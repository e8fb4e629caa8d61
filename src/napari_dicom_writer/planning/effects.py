"""Options that change nothing in an export: each is noted, so that nobody believes it was heard."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.mention import mention

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions


def of_other_objects(options: ExportOptions, written: Sequence[IOD]) -> list[Note]:
    """Say what was given and is written in other objects only."""
    honored = frozenset().union(*(iod.honors for iod in written))
    special = frozenset().union(*(iod.honors for iod in IODS.values())) - honored
    notes = []
    for name in sorted(special):
        if value := attrgetter(name)(options):
            takes = " or ".join(sorted(IODS.row(iod.key).title for iod in IODS.values() if name in iod.honors))
            text = f"{mention(name, value)} is not written: it belongs to {takes}"
            notes.append(Note(NoteKind.LOST, text))
    return notes
