"""A plan in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.standard.text import single_line
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.plan.plan import ExportPlan, SeriesPlan

_MOST = 8  # series that are named
_LAYER = "layer "


def describe(series: SeriesPlan) -> str:
    """Say in one line what a series will be."""
    size = " × ".join(map(str, (series.planes, series.rows, series.columns)))
    between, row, column = series.spacing
    spacing = " × ".join(f"{s:.6g}" for s in (between, row, column) if s is not None)
    points = f", {series.time_points} time points" if series.time_points > 1 else ""
    compressed = series.options.transfer_syntax is not TransferSyntax.EXPLICIT_LE
    most = f"{series.options.transfer_syntax}, up to " if compressed else ""
    place = "" if series.projected else f", columns/rows/planes toward {series.directions}"
    color = "RGB" if series.stored.samples == 3 else f"{series.stored.bits}-bit" if series.stored.bits else "outlined"
    return (
        f"Series {series.number} '{series.description}': {series.modality}, {size} {color}{points}, "
        f"{spacing} mm{place}, {count(len(series.instances))}, "
        f"{most}{format_bytes(series.bytes)}"
    )


def count(instances: int) -> str:
    """Write a number of instances."""
    return f"{instances:,} instance{'' if instances == 1 else 's'}"


def count_series(plan: ExportPlan) -> str:
    """Write how many series and instances an export has."""
    series = "1 series" if len(plan.series) == 1 else f"{len(plan.series):,} series"
    return f"{series}, {count(plan.instances)}"


def leaving(plan: ExportPlan) -> list[str]:
    """Say what would leave this machine: whose it is, of which study and series, and how much; a few words each."""
    study, given = plan.study, plan.series[0].options.study
    lines = [
        f"Patient: {study.patient_name or 'no name'}, ID {study.patient_id or 'none'}",
        f"Study: {given.description or 'no description'}, {study.date or 'no date'}",
    ]
    shown = [
        f"Series {one.number}: {one.description or 'no description'} ({one.modality}, {count(len(one.instances))})"
        for one in plan.series[:_MOST]
    ]
    more = [f"and {len(plan.series) - _MOST:,} more series"] if len(plan.series) > _MOST else []
    return [*lines, *shown, *more, f"In all: {count_series(plan)}, {format_bytes(plan.bytes)}"]


def format_bytes(size: float) -> str:
    """Write a size as a person reads it.

    Examples
    --------
    >>> format_bytes(17_300_000)
    '17.3 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def where(index: int, name: str) -> str:
    """Say which layer a message is about."""
    short = single_line(name, 48)
    return f"layer {short + ('…' if len(name.strip()) > len(short) else '')!r}" if short else f"layer {index + 1}"


def listed(places: Sequence[str], most: int | None = None) -> str:
    """Say which layers a message is about, where it is about several.

    Parameters
    ----------
    places
        Each as `where` says it, once.
    most
        How many are named; the others are counted. By default all are named.

    Examples
    --------
    >>> listed(["layer 'a'", "layer 'b'", "layer 'c'", "layer 'd'"], most=2)
    "layers 'a', 'b' and 2 more"
    """
    if len(places) == 1:
        return places[0]
    names = [place.removeprefix(_LAYER) for place in places]
    most = len(names) if most is None or len(names) <= most else most
    last = f"{len(names) - most} more" if most < len(names) else names[most - 1]
    first = names[:most] if most < len(names) else names[: most - 1]
    return f"layers {', '.join(first)} and {last}"
