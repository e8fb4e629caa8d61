"""The study of an export: what is known, and what is made anew."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.iods.modules.study import UNPAIRED
from napari_dicom_writer.options.groups import Patient
from napari_dicom_writer.plan.plan import StudyPlan
from napari_dicom_writer.standard.uids import UIDSource

if TYPE_CHECKING:
    from napari_dicom_writer.options.export import ExportOptions


def laterality_note(options: ExportOptions) -> list[Note]:
    """Announce that the laterality of an unpaired body part is not written (PS3.3 C.7.3.1)."""
    series = options.series
    if not series.laterality or series.body_part not in UNPAIRED:
        return []
    text = f"Laterality {series.laterality} is not written: {series.body_part} is not a paired body part"
    return [Note(NoteKind.LOST, text)]


def plan_study(options: ExportOptions) -> StudyPlan:
    """Give the study its identity: what is not known of a new one is made anew, of an existing one left empty."""
    uids, created = UIDSource(), datetime.now().astimezone()
    new = not options.study.instance_uid
    uid = options.study.instance_uid or uids.study()
    anonymous = "ANON-" + hashlib.sha256(uid.encode()).hexdigest()[:12].upper()
    # Of a study that exists, nothing is made up: it may know its patient, or its date, by nothing.
    made_up_id = anonymous if new or options.patient == Patient() else ""
    return StudyPlan(
        uid=uid,
        frame_of_reference_uid=options.study.frame_of_reference_uid or uids.frame_of_reference(),
        id=options.study.id or ("1" if new else ""),
        patient_id=options.patient.id or made_up_id,
        date=options.study.date or (created.strftime("%Y%m%d") if new else ""),
        time=options.study.time or (created.strftime("%H%M%S") if new else ""),
        created=created,
    )
