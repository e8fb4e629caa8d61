"""What `verify` found, as one JSON object; docs/verify.md says what its keys mean."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.cli.arguments import on_command_line

if TYPE_CHECKING:
    from napari_dicom_writer.checking.check import SeriesVerdict
    from napari_dicom_writer.checking.source.comparison import Comparison
    from napari_dicom_writer.cli.verify_report import Judgment

FORMAT = 1  # rises when a key changes its meaning, or is gone


def as_json(found: Judgment) -> str:
    """Write everything that was found."""
    conformance = found.conformance
    return json.dumps(
        _finite(
            {
                "format": FORMAT,
                "folder": str(found.folder),
                "status": "good" if found.good else "errors",
                "errors": found.errors,
                "warnings": found.warnings,
                "series": [_series(verdict) for verdict in found.verdicts],
                "against": None
                if found.comparisons is None
                else {
                    "comparisons": [_comparison(comparison) for comparison in found.comparisons],
                    "left_out": list(found.left_out),
                    "assumed": [str(note.spelled(on_command_line)) for note in found.notes],
                },
                "dciodvfy": asdict(conformance) if conformance else None,
            }
        ),
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )


def _series(verdict: SeriesVerdict) -> dict[str, Any]:
    survey = verdict.survey
    facts: dict[str, Any] = {}
    if survey:
        facts = asdict(survey)
        facts["folder"] = str(survey.folder)
    return {
        "uid": verdict.uid,
        "status": "good" if verdict.good else "errors",
        **facts,
        "lossy": verdict.lossy,
        "findings": [{**asdict(finding), "severity": str(finding.severity)} for finding in verdict.findings],
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {"same": comparison.same, **asdict(comparison)}


def _finite(value: Any) -> Any:
    """Replace what JSON has no word for by null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
