"""Tables of results, for the terminal and as Markdown."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table as RichTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PACKAGES = ("napari-dicom-writer", "numpy", "pydicom", "SimpleITK", "itk", "dicomsdl", "zarr", "imagecodecs")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of results.

    Attributes
    ----------
    title : str
    columns : sequence of str
    rows : sequence of sequence of str
        The first cell of each names what was measured.
    notes : sequence of str
        What a reader must know to read it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


def ratio(value: float | None) -> str:
    """Write a ratio with three digits.

    Examples
    --------
    >>> ratio(1.1849), ratio(118.5), ratio(None)
    ('1.18', '118', 'n/a')
    """
    if value is None:
        return "n/a"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def duration(seconds: float) -> str:
    """Write a time in the unit that suits it.

    Examples
    --------
    >>> duration(0.0000271), duration(0.29), duration(13.2)
    ('27.1 µs', '290 ms', '13.2 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def show(tables: Iterable[Table]) -> None:
    """Print tables to the terminal."""
    console = Console()
    if not console.is_terminal:
        console.width = 150
    for table in tables:
        drawn = RichTable(title=table.title, title_justify="left", box=box.SIMPLE_HEAD, title_style="bold")
        for number, column in enumerate(table.columns):
            drawn.add_column(column, justify="right" if number else "left")
        for row in table.rows:
            drawn.add_row(*row)
        console.print(drawn)
        for note in table.notes:
            console.print(f"  {note}", style="dim")


def markdown(tables: Iterable[Table], place: str) -> str:
    """Write tables as a page of Markdown that says when, and on what machine."""
    lines = ["# Benchmarks", "", "Made by `make bench`.", "", *machine(place)]
    for table in tables:
        lines += [
            "",
            f"## {table.title}",
            "",
            _line(table.columns),
            _line(["---"] + ["---:"] * (len(table.columns) - 1)),
        ]
        lines += [_line(row) for row in table.rows]
        if table.notes:
            lines += ["", *(f"- {note}" for note in table.notes)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine(place: str) -> list[str]:
    """Describe the machine, without its name or its folders."""
    packages = ", ".join(f"{name} {found}" for name in _PACKAGES if (found := _version(name)))
    return [
        f"- {datetime.now(UTC):%Y-%m-%d}",
        f"- {_processor()}, {os.cpu_count()} cores, {_memory() / 2**30:.0f} GiB of memory",
        f"- files on {place}",
        f"- {platform.system()}, Python {platform.python_version()}, {packages}",
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
