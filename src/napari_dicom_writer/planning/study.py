"""The study of an export: what is known, and what is made anew."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from pydicom.datadict import dictionary_VR

from napari_dicom_writer.errors import Fix, Note, NoteKind
from napari_dicom_writer.iods.modules.study import UNPAIRED
from napari_dicom_writer.options.groups import Patient
from napari_dicom_writer.plan.plan import StudyPlan
from napari_dicom_writer.standard import text
from napari_dicom_writer.standard.uids import UIDSource

if TYPE_CHECKING:
    from napari_dicom_writer.options.export import ExportOptions


def laterality_note(options: ExportOptions) -> list[Note]:
    """Announce that the laterality of an unpaired body part is not written (PS3.3 C.7.3.1)."""
    series = options.series
    if not series.laterality or series.body_part not in UNPAIRED:
        return []
    what = f"Laterality {series.laterality} is not written: {series.body_part} is not a paired body part"
    return [Note(NoteKind.LOST, what)]


def plan_study(options: ExportOptions) -> StudyPlan:
    """Give the study its identity: what is not known of a new one is made anew, of an existing one left empty."""
    uids, created = UIDSource(), datetime.now().astimezone()
    new = not options.study.instance_uid
    uid = options.study.instance_uid or uids.study()
    anonymous = "ANON-" + hashlib.sha256(uid.encode()).hexdigest()[:12].upper()
    return StudyPlan(
        uid=uid,
        frame_of_reference_uid=options.study.frame_of_reference_uid or uids.frame_of_reference(),
        id=options.study.id or ("1" if new else ""),
        # Of a study that exists, nothing is made up: it may know its patient, or its date, by nothing.
        patient_name="" if not new and options.patient == Patient() else options.patient.name,
        patient_id=options.patient.id or (anonymous if new else ""),
        date=options.study.date or (created.strftime("%Y%m%d") if new else ""),
        time=options.study.time or (created.strftime("%H%M%S") if new else ""),
        created=created,
        timezone="" if _has_foreign_times(options) else text.offset_of(created),
    )


def _has_foreign_times(options: ExportOptions) -> bool:
    """Whether a date or a time was given, which the offset of this machine would place, too."""
    dated = any(dictionary_VR(keyword) in ("DA", "TM", "DT") for keyword in options.attributes)
    return dated or any(dictionary_VR(k) in ("DA", "TM", "DT") for k in options.said() - {"PatientBirthDate"})


def study_notes(options: ExportOptions) -> list[Note]:
    """Announce what is not known of a study that exists already."""
    if not options.study.instance_uid:
        return []
    notes = []
    if options.patient == Patient():
        what = "The study exists already, and whose it is is not said: Patient's Name and ID are left empty"
        notes.append(Note(NoteKind.ASSUMED, what, fix=Fix("patient.id", None, "Set patient…")))
    if not options.series.number:
        what = "Series number 1 in a study that exists already: whether it is free is not known"
        notes.append(Note(NoteKind.ASSUMED, what, fix=Fix("series.number", None, "Set number…")))
    return notes
