"""Pictures without a place in the patient: whose distances are measured at a detector, or on a film."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Fix, Note, NoteKind, OptionsError
from napari_dicom_writer.mention import mention
from napari_dicom_writer.options.choices import SpacingAt

if TYPE_CHECKING:
    from napari_dicom_writer.iods._base import IOD
    from napari_dicom_writer.options.export import ExportOptions

_PROJECTIONS = {"CR", "DX", "MG", "XA", "RF", "RG", "IO", "PX"}
"""Modalities whose pictures are projections, so that distances in the patient are not those at the detector."""


def check_projection(iod: IOD, options: ExportOptions, planes: int, time_points: int) -> list[Note]:
    """Refuse what cannot be a projection; say what becomes of one, and where it is not known to be none.

    Raises
    ------
    OptionsError
        Planes that follow each other in space; an object whose pictures all have a place.
    """
    at = options.spacing_at
    if at is SpacingAt.PATIENT:
        if options.modality not in _PROJECTIONS or planes > 1 or not iod.projections:
            return []
        text = "Distances are taken as those in the patient (Pixel Spacing)"
        fix = Fix("spacing_at", SpacingAt.DETECTOR, "At the detector")
        return [Note(NoteKind.ASSUMED, text, fix=fix)]
    fix = Fix("spacing_at", SpacingAt.PATIENT, "In the patient")
    if not iod.projections or (iod.multiframe and time_points == 1):
        remedy = f"Choose {mention('spacing_at', SpacingAt.PATIENT)}, or {mention('object', 'sc')}"
        raise OptionsError(f"{iod.rules.name} has its pixel spacing in the patient", remedy, fix=fix)
    if planes > 1:
        what = f"Its {planes:,} planes lie behind each other, and a projection has no place"
        remedy = f"Choose {mention('spacing_at', SpacingAt.PATIENT)}, or name their axis time or channel"
        raise OptionsError(what, remedy, fix=fix)
    return [Note(NoteKind.LOST, "A projection keeps its pixel spacing, but not its place in the patient")]
