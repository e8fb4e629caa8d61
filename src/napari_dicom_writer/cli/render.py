"""Plans, reports and surveys as text for a terminal, from 80 columns up."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from napari_dicom_writer.cli.arguments import on_command_line
from napari_dicom_writer.errors import Note, NoteKind
from napari_dicom_writer.model.verdict import summary
from napari_dicom_writer.plan.wording import count_series, format_bytes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Sequence

    from napari_dicom_writer.errors import ExportError
    from napari_dicom_writer.model.segments import Segment
    from napari_dicom_writer.model.verdict import Verdict
    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan
    from napari_dicom_writer.plan.report import ExportReport
    from napari_dicom_writer.reading.surveyed import SeriesSurvey, Survey

T = TypeVar("T")
Facts = dict[str, "str | tuple[Verdict, ...]"]
"""What to say of a series, in order; what is empty is left out."""

_MANY = 3  # series with the same table that are told once
_SEGMENTS = 12  # that are listed; all of them with --json

_STYLES = {NoteKind.LOST: "red", NoteKind.ASSUMED: "yellow", NoteKind.INFO: "cyan"}


def print_plan(plan: ExportPlan, in_the_way: ExportError | None = None, *, viewers: bool = False) -> None:
    """Show what would be written, and what is in its way; with `viewers`, what each program makes of it."""
    console = Console(highlight=False)
    _print_series(console, plan, viewers=viewers)
    if in_the_way:
        text = f"The export would be refused: {in_the_way.spelled(on_command_line)}"
        print_notes(console, [Note(NoteKind.INFO, text)])
    _say(console, f"{count_series(plan)}, about {format_bytes(plan.bytes)}. Dry run: nothing was written.")


def print_report(report: ExportReport, *, viewers: bool = False) -> None:
    """Show what was written, with its path last and whole."""
    console = Console(highlight=False)
    _print_series(console, report.plan, viewers=viewers)
    rate = f"{count_series(report.plan)}, {format_bytes(report.bytes)}, in {report.seconds:.2g} s."
    _say(console, f"{rate} {report.checked[0].upper()}{report.checked[1:]}.")
    if report.sent:
        _say(console, str(report.sent))
    # Not wrapped, so that it can be copied.
    console.print(Text(report.place, "bold"), soft_wrap=True)


def _say(console: Console, text: str) -> None:
    console.print(Text(text))


def _print_series(console: Console, plan: ExportPlan, *, viewers: bool) -> None:
    for group in alike(plan.series, lambda series: (series.modality, _facts(series, viewers=viewers))):
        title = heading(*_joined((series.number, series.description) for series in group), group[0].modality)
        print_facts(console, title, _facts(group[0], viewers=viewers))
    print_notes(console, plan.notes)


def _facts(series: SeriesPlan, *, viewers: bool) -> Facts:
    stored, window = series.stored, series.window
    kind = "RGB" if stored.samples == 3 else f"{stored.bits}-bit {'signed' if stored.signed else 'unsigned'}"
    kind = kind if stored.bits else "contours"
    intercept = float(stored.intercept)
    mapping = f", value = stored × {stored.slope} {'−' if intercept < 0 else '+'} {abs(intercept):.12g}"
    return {
        "Axes of data": series.axes,
        "Size": size(series.planes, series.rows, series.columns, series.time_points),
        "Spacing": spacing(series.spacing),
        "Directions": "" if series.projected else directions(series.directions),
        "First voxel": "" if series.projected or not stored.bits else position(series.instances[0].frames[0].position),
        "Stored as": kind if stored.is_identity else kind + mapping,
        "Encoding": series.encoding.name,
        "Window": f"center {window.center}, width {window.width}" if window else "",
        "Opens in": "" if not stored.bits else series.opens_in if viewers else summary(series.opens_in),
    }


def alike(items: Iterable[T], key: Callable[[T], object]) -> list[list[T]]:
    """Put neighbors together whose keys are the same, where there are many of them."""
    groups = [list(group) for _, group in groupby(items, key)]
    return [part for group in groups for part in ([group] if len(group) >= _MANY else [[one] for one in group])]


def _joined(names: Iterable[tuple[int | str, str]]) -> tuple[str, str]:
    """Number and description of one series, or of the first and the last of several."""
    (first, one), *_, (last, other) = [*names] * 2
    if first == last and one == other:
        return str(first), one
    return f"{first} to {last}, all alike", one if one == other else f"{one} … {other}"


def heading(number: int | str, description: str, modality: str) -> str:
    """Name a series."""
    return " · ".join(part for part in (f"Series {number}".strip(), description, modality) if part)


def print_facts(console: Console, title: str, facts: Facts) -> None:
    """Print one series as a table of its facts, without the empty ones."""
    console.print(Text(title, "bold"))
    table = Table(box=box.ROUNDED, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in facts.items():
        if value:
            table.add_row(key, Text(value) if isinstance(value, str) else _verdicts(value))
    console.print(table)


def print_notes(console: Console, notes: Iterable[Note]) -> None:
    """Print notes with a hanging indent, what is lost first, and what is the same of several layers once."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    alike: dict[Note, list[str]] = {}
    for note in notes:
        alike.setdefault(replace(note, where=""), []).append(note.where)
    for note in sorted(alike, key=lambda n: list(NoteKind).index(n.kind)):
        told = replace(note, where=_together(alike[note])).spelled(on_command_line)
        table.add_row(Text(note.kind, _STYLES[note.kind]), Text(str(told)))
    if table.row_count:
        console.print(table)


def _together(layers: Sequence[str]) -> str:
    """Name several layers as one says it: ``layers 'a', 'b'``."""
    first, *others = dict.fromkeys(layers)
    return f"layers {', '.join(name.removeprefix('layer ') for name in (first, *others))}" if others else first


def size(planes: int, rows: int, columns: int, time_points: int, planes_are: str = "planes") -> str:
    """Write the size of a volume."""
    what = f"{planes_are} × rows × columns"
    text = f"{planes} × {rows} × {columns}"
    return f"{text} × {time_points} ({what} × time points)" if time_points > 1 else f"{text} ({what})"


def spacing(values: Sequence[float | None]) -> str:
    """Write distances between planes, rows and columns."""
    what = ("planes", "rows", "columns")
    if not any(values):
        return ""
    known = [(f"{value:.6g}", name) for value, name in zip(values, what, strict=True) if value is not None]
    numbers, names = (" × ".join(part) for part in zip(*known, strict=True))
    return f"{numbers} mm ({names})"


def segments(found: Sequence[Segment]) -> str:
    """Write what a segmentation shows: number, name, and the code where it says something else; the first of many."""
    lines = []
    for segment in found[:_SEGMENTS]:
        structure = segment.structure
        side = f"{structure.laterality.meaning.lower()} " if structure and structure.laterality else ""
        region = f", {structure.region.meaning}" if structure and structure.region else ""
        meaning = f"{side}{structure.type.meaning}{region}" if structure else "no code"
        lines.append(f"{segment.label} {segment.name or 'without a name'}: {meaning}")
    return _first_of(lines, len(found) - len(lines))


def _first_of(lines: list[str], more: int = 0) -> str:
    """Write the first of many lines, and how many more there are, besides those left out already."""
    more += max(0, len(lines) - _SEGMENTS)
    return "\n".join([*lines[:_SEGMENTS], f"and {more:,} more"] if more else lines)


def directions(letters: str) -> str:
    """Write where columns, rows and planes run, from patient letters."""
    columns, rows, planes = letters.split(", ")
    return f"columns toward {columns}, rows toward {rows}, planes toward {planes}"


def position(values: Iterable[float | str]) -> str:
    """Write a point."""
    x, y, z = (f"{float(v):.6g}" for v in values)
    return f"({x}, {y}, {z}) mm, LPS"


def add_viewers(parser: argparse.ArgumentParser) -> None:
    """Declare ``--viewers``."""
    parser.add_argument("--viewers", action="store_true", help="say what each program makes of a series, and why")


def _verdicts(found: Iterable[Verdict]) -> Table:
    """List which software opens a series as a volume, programs with the same verdict together."""
    alike: dict[tuple[bool, str], list[str]] = {}
    for verdict in found:
        alike.setdefault((verdict.opens, verdict.why), []).append(verdict.software)
    table = Table.grid(padding=(0, 1, 0, 0))
    for (opens, why), software in alike.items():
        answer = Text("yes", "green") if opens else Text("no", "red")
        table.add_row(answer, Text(", ".join(software) + (f" ({why})" if why else "")))
    return table


def print_survey(found: Survey, *, viewers: bool = False) -> None:
    """Show every series of a folder; with `viewers`, what each program makes of it."""
    console = Console(highlight=False)
    folders = {series.folder for series in found.series}
    root = os.path.commonpath(folders)
    for group in alike(found.series, lambda series: (series.modality, surveyed(series, "", viewers=viewers))):
        print_surveyed(console, group, root if len(folders) > 1 else None, viewers=viewers)
    if found.foreign:
        _say(console, f"{found.foreign} other file{'s are' if found.foreign > 1 else ' is'} no part of a DICOM series.")
    for passed in found.passed:
        _say(console, f"{passed.name} was not looked at: it is {passed.what}.")


def print_surveyed(console: Console, alike: Sequence[SeriesSurvey], root: str | None, *, viewers: bool = False) -> None:
    """Print the table of one series, or of several that are alike but for their names; folders below `root`."""
    first, last = alike[0], alike[-1]
    folder = ""
    if root is not None:
        names = dict.fromkeys(str(series.folder.relative_to(root)) for series in (first, last))
        folder = " … ".join(names)
    title = heading(*_joined((series.number, series.description) for series in alike), first.modality)
    print_facts(console, title, surveyed(first, folder, viewers=viewers))


def surveyed(series: SeriesSurvey, folder: str, *, viewers: bool = False) -> Facts:
    """Say what there is to know of a series; `folder` is empty where there is only one."""
    planes, rows, columns = series.size
    kind = "planes" if series.directions else "pictures"
    return {
        "Folder": folder,
        "Kind": series.kind,
        "Encoding": series.encoding,
        "Instances": f"{series.instances:,}"
        + (f" ({series.frames:,} frames)" if series.frames > series.instances else ""),
        "Size": size(planes, rows, columns, series.time_points, kind) if planes else "",
        "Spacing": spacing(series.spacing),
        "Directions": directions(series.directions) if series.directions else "",
        "First voxel": position(series.position) if series.position else "",
        "Values": f"{series.values[0]:.7g} to {series.values[1]:.7g} {series.unit}".strip() if series.values else "",
        "Segments": segments(series.segments),
        "Regions": _first_of(list(map(str, series.regions))),
        "Window": "center {:g}, width {:g}".format(*series.window) if series.window else "",
        "Opens in": series.opens_in if viewers or not series.opens_in else summary(series.opens_in),
        "Remark": "\n".join(series.remarks),
    }
