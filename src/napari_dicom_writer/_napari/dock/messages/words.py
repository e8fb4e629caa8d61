"""What plans and reports are called in the dock widget: a few words each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_dicom_writer._napari.dock.messages.preflight import Message, plan_messages
from napari_dicom_writer._napari.dock.parts.plain import shown_name
from napari_dicom_writer._napari.spelling import in_form, in_preferences
from napari_dicom_writer.errors import Fix, NoteKind
from napari_dicom_writer.options.choices import Modality
from napari_dicom_writer.plan.segments import StoredContours
from napari_dicom_writer.plan.wording import count, describe, format_bytes, where

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.layers import Layer

    from napari_dicom_writer.errors import Refusal
    from napari_dicom_writer.plan.plan import ExportPlan
    from napari_dicom_writer.plan.report import ExportReport
    from napari_dicom_writer.plan.sent import Sent

_NOTHING = "Check or select a layer to export"


def becomes(plan: ExportPlan, volume_index: int) -> str:
    """Say what one of the exported layers becomes."""
    series = plan.of_layer(volume_index)
    parts = [series[0].title]
    parts += [f"{len(series)} series"] if len(series) > 1 else []
    contours = isinstance(series[0].stored, StoredContours)
    if found := len({segment.label for one in series for segment in one.segments}):
        parts.append(f"{found:,} {'region' if contours else 'segment'}{'' if found == 1 else 's'}")
    planes = series[0].planes
    points = f" × {series[0].time_points} time points" if series[0].time_points > 1 else ""
    parts += [f"{planes:,} plane{'' if planes == 1 else 's'}{points}"] if not contours else []
    parts.append(format_bytes(sum(s.bytes for s in series)))
    return " · ".join(parts)


def series_count(plan: ExportPlan) -> str:
    """Write how many series there are."""
    return f"{len(plan.series)} series"


def ready(plan: ExportPlan, left_out: int = 0) -> tuple[str, str]:
    """Say that it can be exported, and how much is left out, assumed or lost; with the gravest kind there is."""
    kinds = Counter(note.kind for note in plan.notes)
    lost, assumed = kinds[NoteKind.LOST], kinds[NoteKind.ASSUMED]
    parts = [f"{left_out} layer{'s' if left_out > 1 else ''} left out"] if left_out else []
    parts += [f"{lost} loss{'es' if lost > 1 else ''}"] if lost else []
    parts += [f"{assumed} assumption{'s' if assumed > 1 else ''}"] if assumed else []
    parts += [series_count(plan), count(plan.instances), format_bytes(plan.bytes)]
    kind = NoteKind.LOST if lost or left_out else NoteKind.ASSUMED if assumed else "done"
    return kind, f"Ready: {' · '.join(parts)}"


def own_messages(
    bad_preferences: Sequence[Refusal], left_out: Mapping[Layer, Refusal], source: str, chosen: Modality
) -> list[Message]:
    """Say which preferences and layers are left out, and offer the modality of the file the patient was copied from."""
    refused = (refusal.spelled(in_preferences) for refusal in bad_preferences)
    bad = [Message(NoteKind.ASSUMED, f"Not used: {refusal}") for refusal in refused]
    return [*bad, *left_out_messages(left_out), *modality_messages(source, chosen)]


def why_nothing(gone: Sequence[Layer]) -> str:
    """Say why there is nothing to export, when these layers were removed."""
    names = ", ".join(f"“{shown_name(layer.name)}”" for layer in gone)
    return f"{names} {'was' if len(gone) == 1 else 'were'} removed. {_NOTHING}" if names else _NOTHING


def left_out_messages(left_out: Mapping[Layer, Refusal]) -> list[Message]:
    """Say which layers are not exported though they are checked or selected."""
    return [
        Message(NoteKind.LOST, f"{where(0, layer.name)} is left out: {reason.what}. {reason.remedy}.")
        for layer, reason in left_out.items()
    ]


def modality_messages(source: str, chosen: Modality) -> list[Message]:
    """Offer the modality of the file that patient and study were copied from, where another is chosen."""
    if source not in set(Modality) or source == chosen:
        return []
    text = f"Patient and study were copied from a {source}; this is written as {chosen}"
    return [Message(NoteKind.INFO, text, fix=Fix("modality", Modality(source), f"Write as {source}"))]


def answer_messages(sent: Sent) -> list[Message]:
    """Say what a peer answered: how many instances of each answer, and which in the long form."""
    said = [Message(NoteKind.INFO, line) for line in (*sent.reasons, *sent.notes)]
    each = "\n".join(f"{answer.uid}: {answer.state}{answer.words and f', {answer.words}'}" for answer in sent.answers)
    return [Message("done", f"The peer's answers: {sent.counts}", each), *said]


def report_messages(report: ExportReport) -> list[Message]:
    """Say what was written, what was checked, and what was assumed and lost."""
    plan = report.plan
    done = "Sent" if report.sent else "Wrote"
    written = f"{done} {series_count(plan)}, {count(plan.instances)}, {format_bytes(report.bytes)}, to {report.place}"
    messages = [
        Message("done", written, report.told(in_form)),
        Message("done", f"{report.checked[0].upper()}{report.checked[1:]}"),
    ]
    messages += answer_messages(report.sent) if report.sent else []
    messages += [Message(NoteKind.INFO, describe(series)) for series in plan.series]
    # Without buttons: what is done is done.
    return messages + [Message(m.kind, m.text, m.details) for m in plan_messages(plan)]
