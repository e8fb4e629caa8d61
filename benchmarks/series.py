"""Writing a series: this package beside its peers, as times the raw write of the same bytes."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.case import find_fault, prepare
from benchmarks.contenders import CONTENDERS, FULL, OFF
from benchmarks.measure import alternate
from benchmarks.report import Table, duration, ratio
from benchmarks.workloads import QUICK_WORKLOADS, WORKLOADS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.case import Case
    from benchmarks.measure import Settings
    from benchmarks.workloads import Workload

# Slow contenders write this many instances of a longer series, and their time is scaled.
_PART = 200


def tables(settings: Settings) -> list[Table]:
    """Measure all workloads."""
    known = QUICK_WORKLOADS if settings.quick else WORKLOADS
    workloads = [work for work in known if not settings.workloads or work.name in settings.workloads]
    columns, faults = [], []
    elements = 0
    for workload in workloads:
        case = prepare(workload, settings.scratch / "prepared")
        shutil.rmtree(settings.scratch / "prepared")
        elements = max(elements, len(case.first))
        times, found = _measure(case, settings)
        columns.append(times)
        faults += [f"{workload}: {fault}" for fault in found]
    rows = [[name, *_cells(name, columns, workloads)] for name in columns[0]]
    notes = [
        f"Times the raw write; medians of {settings.repeats()} turns. Up to {elements} elements a file.",
        "The raw write opens, writes and closes the same files with the same bytes: its row is the time a file.",
        f"Of series longer than {_PART} planes, SimpleITK and pydicom write {_PART}, and their time is scaled.",
        "ITK's Python binding cannot give each plane its Instance Number. Peers leave out the one nested sequence.",
        "Floats: peers are given the slope and intercept, which this package finds by scanning the range.",
        *(faults or ["First, middle and last file of every contender were read back: the pixels are right."]),
    ]
    return [Table("Writing a series", ["", *map(str, workloads)], rows, notes), _goals(columns, workloads)]


def _goals(columns: Sequence[Mapping[str, float]], workloads: Sequence[Workload]) -> Table:
    """Hold both ways of exporting against what they may take, and the default one against every peer."""
    rows = []
    for times, work in zip(columns, workloads, strict=True):
        off, full = (times[name] / times[CONTENDERS[0].name] for name in (OFF, FULL))
        peers = {c.name: times[c.name] / times[CONTENDERS[0].name] for c in CONTENDERS if c.peer and c.name in times}
        best = min(peers, key=lambda name: peers[name])
        goals = work.goals or ()
        limits = [f"{goal:.2f}" for goal in goals] or ["", ""]
        reached = all(found <= goal for found, goal in zip((off, full), goals, strict=False))
        rows.append(
            [
                str(work),
                *(ratio(off), limits[0], ratio(full), limits[1]),
                _yes(reached) if goals else "",
                f"{best}, {ratio(peers[best])}",
                _yes(full < peers[best]),
            ]
        )
    titles = ["", "verify off", "at most", "verify full", "at most", "reached", "quickest peer", "default is quicker"]
    notes = [
        "Times the raw write. The default export (verify full) reads every file back and compares all of it.",
        "No peer reads anything back.",
    ]
    return Table("Goals, and the default export beside its quickest peer", titles, rows, notes)


def _yes(found: bool) -> str:
    return "yes" if found else "no"


def _cells(name: str, columns: list[dict[str, float]], workloads: Sequence[Workload]) -> list[str]:
    if name == CONTENDERS[0].name:
        return [duration(times[name] / work.instances) for times, work in zip(columns, workloads, strict=True)]
    return [ratio(times[name] / times[CONTENDERS[0].name]) if name in times else "n/a" for times in columns]


def _measure(case: Case, settings: Settings) -> tuple[dict[str, float], list[str]]:
    """Median seconds of each contender, and what is wrong with the files of any."""
    cases = {c.name: case.part(_PART) if c.slow and case.workload.instances > _PART else case for c in CONTENDERS}
    faults: list[str] = []

    def inspect(name: str, folder: Path) -> None:
        if fault := find_fault(cases[name], folder):
            faults.append(f"{name}: {fault}")

    actions: dict[str, Callable[[Path], object]] = {c.name: partial(c.write, cases[c.name]) for c in CONTENDERS}
    times = alternate(actions, settings, inspect=inspect)
    scaled = {name: case.workload.instances / cases[name].workload.instances for name in times}
    return {name: seconds * scaled[name] for name, seconds in times.items()}, faults
