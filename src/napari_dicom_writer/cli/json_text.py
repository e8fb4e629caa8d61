"""Plans, reports and surveys as one JSON object; docs/command-line.md says what its keys mean."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.cli.arguments import on_command_line

if TYPE_CHECKING:
    from napari_dicom_writer.errors import ExportError, Note
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
    from napari_dicom_writer.plan.report import ExportReport
    from napari_dicom_writer.reading.surveyed import SeriesSurvey, Survey

FORMAT = 1  # rises when a key changes its meaning, or is gone


def dumped(found: dict[str, Any]) -> str:
    """Write an object, with null for numbers that JSON has no word for."""
    return json.dumps({"format": FORMAT, **_finite(found)}, indent=2, ensure_ascii=True, allow_nan=False)


def plan_json(plan: ExportPlan, in_the_way: ExportError | None) -> str:
    """Write what an export would do, and why it would be refused."""
    return dumped({"status": "planned", **_planned(plan), "refusals": _refusals(in_the_way)})


def report_json(report: ExportReport) -> str:
    """Write what an export did."""
    return dumped(
        {
            "status": "written",
            "path": report.place,
            "verified": str(report.verified),
            "seconds": report.seconds,
            **_planned(report.plan),
            "bytes": report.bytes,
            "sent": report.sent and asdict(report.sent),
        }
    )


def refusals_json(error: ExportError) -> str:
    """Write why nothing was done."""
    return dumped({"status": "refused", "refusals": _refusals(error)})


def survey_json(found: Survey) -> str:
    """Write what a folder holds."""
    return dumped({"status": "shown", "series": [surveyed(one) for one in found.series], "foreign": found.foreign})


def surveyed(series: SeriesSurvey) -> dict[str, Any]:
    """Return the facts of one series."""
    return {**asdict(series), "folder": str(series.folder)}


def _refusals(error: ExportError | None) -> list[dict[str, str]]:
    refusals = error.refusals if error else ()
    spelled = [one.spelled(on_command_line) for one in refusals]
    return [{"what": one.what, "remedy": one.remedy, "where": one.where} for one in spelled]


def _planned(plan: ExportPlan) -> dict[str, Any]:
    return {
        "instances": plan.instances,
        "bytes": plan.bytes,
        "series": [_series(series) for series in plan.series],
        "notes": [_note(note.spelled(on_command_line)) for note in plan.notes],
    }


def _note(note: Note) -> dict[str, str]:
    return {"kind": str(note.kind), "text": note.text, "hint": note.hint, "where": note.where}


def _series(series: SeriesPlan) -> dict[str, Any]:
    stored, window = series.stored, series.window
    return {
        "number": series.number,
        "description": series.description,
        "object": series.title,
        "modality": series.modality,
        "uid": series.uid,
        "layer": series.layer,
        "axes": series.axes,
        "size": [series.planes, series.rows, series.columns],
        "time_points": series.time_points,
        "spacing": list(series.spacing),
        "directions": series.directions,
        "position": [float(value) for value in series.instances[0].frames[0].position],
        "stored": {
            "bits": stored.bits,
            "signed": stored.signed,
            "samples": stored.samples,
            "slope": float(stored.slope),
            "intercept": float(stored.intercept),
        },
        "window": [float(window.center), float(window.width)] if window else None,
        "encoding": series.encoding.name,
        "instances": len(series.instances),
        "bytes": series.bytes,
        "opens_in": [asdict(verdict) for verdict in series.opens_in],
    }


def _finite(value: Any) -> Any:
    """Replace what JSON has no word for by null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
