"""Time an instance from a hundred instances to a hundred thousand: it must not grow."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measure import alternate, once
from benchmarks.raw import write_planes
from benchmarks.report import Table
from napari_dicom_writer import ExportOptions, VerifyLevel, Volume, export, plan_export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measure import Settings

_SIZES = (100, 1_000, 10_000, 100_000)
_QUICK_SIZES = _SIZES[:2]
# Where a full verification is timed once only.
_LARGE = 100_000


def tables(settings: Settings) -> list[Table]:
    """Measure planning, exporting and verifying of tiny planes, where only the instance costs."""
    sizes = _QUICK_SIZES if settings.quick else _SIZES
    found = {instances: _measure(instances, settings) for instances in sizes}
    rows = [
        [f"{instances:,}", *(f"{1e6 * seconds / instances:.1f}" for seconds in times.values())]
        for instances, times in found.items()
    ]
    columns = ["instances", *(f"{name}, µs" for name in found[sizes[0]])]
    turns = f"Medians of {settings.repeats()} turns; of {_LARGE:,}, 3 turns, and verify full once."
    notes = ["Time an instance of 16×16 uint8; an export plans, too.", turns]
    return [Table("Instances", columns, rows, notes)]


def _measure(instances: int, settings: Settings) -> dict[str, float]:
    array = np.random.default_rng(0).integers(0, 255, (instances, 16, 16), dtype=np.uint8)
    volume = Volume(array, spacing=(1, 1, 1))

    def write(verify: VerifyLevel, folder: Path) -> object:
        return export(volume, folder, ExportOptions(verify=verify))

    actions: dict[str, Callable[[Path], object]] = {
        "raw write": lambda folder: write_planes(folder, array),
        "plan_export": lambda _: plan_export(volume),
        "export, verify off": partial(write, VerifyLevel.OFF),
        "export, verify full": partial(write, VerifyLevel.FULL),
    }
    if instances < _LARGE:
        return alternate(actions, settings)
    full = once(actions.pop("export, verify full"), settings.scratch / "full")
    shutil.rmtree(settings.scratch / "full")
    return alternate(actions, settings, repeats=3) | {"export, verify full": full}
