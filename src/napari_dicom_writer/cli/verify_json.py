"""What `verify` found, as one JSON object; docs/verify.md says what its keys mean."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from napari_dicom_writer.cli.arguments import on_command_line
from napari_dicom_writer.cli.json_text import dumped, surveyed

if TYPE_CHECKING:
    from napari_dicom_writer.checking.check import SeriesVerdict
    from napari_dicom_writer.checking.source.comparison import Comparison
    from napari_dicom_writer.cli.verify_report import Judgment


def as_json(found: Judgment) -> str:
    """Write everything that was found."""
    conformance = found.conformance
    return dumped(
        {
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
    )


def _series(verdict: SeriesVerdict) -> dict[str, Any]:
    return {
        "uid": verdict.uid,
        "status": "good" if verdict.good else "errors",
        **(surveyed(verdict.survey) if verdict.survey else {}),
        "lossy": verdict.lossy,
        "findings": [{**asdict(finding), "severity": str(finding.severity)} for finding in verdict.findings],
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {"same": comparison.same, **asdict(comparison)}
