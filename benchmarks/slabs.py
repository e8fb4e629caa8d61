"""Exporting a zarr array, as times reading it by slabs and writing the bytes."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import dcmread

from benchmarks.chunked import copy_by_slabs, full_store
from benchmarks.measure import alternate
from benchmarks.report import Table, duration, ratio
from napari_dicom_writer import ExportOptions, Modality, VerifyLevel, Volume, export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measure import Settings

_COPY = "read by slabs, write the bytes"


def tables(settings: Settings) -> list[Table]:
    """Measure a store with and without compression."""
    shape = (128, 512, 512) if settings.quick else (384, 1024, 1024)
    columns = {}
    for name, compressed in (("plain chunks", False), ("zstd chunks", True)):
        folder = settings.scratch / "store"
        columns[name] = _measure(full_store(folder, shape, compressed=compressed), settings)
        shutil.rmtree(folder)
    rows = [
        [name, *(duration(t[name]) if name == _COPY else ratio(t[name] / t[_COPY]) for t in columns.values())]
        for name in next(iter(columns.values()))
    ]
    title = f"zarr to a series: {'×'.join(map(str, shape))} int16 in 64³ chunks"
    note = f"Times the first row; medians of {settings.repeats()} turns. The last plane was read back: it is right."
    return [Table(title, ["", *columns], rows, [note])]


def _measure(store: Any, settings: Settings) -> dict[str, float]:
    def write(verify: VerifyLevel, folder: Path) -> None:
        export(Volume(store, spacing=(1, 1, 1)), folder, ExportOptions(modality=Modality.CT, verify=verify))

    def inspect(name: str, folder: Path) -> None:
        if name != _COPY:
            last = dcmread(max(folder.glob("*.dcm"))).pixel_array
            if not np.array_equal(last, store[-1]):
                raise ValueError(f"{name}: other pixels")

    actions: dict[str, Callable[[Path], object]] = {_COPY: partial(copy_by_slabs, store)}
    actions |= {f"this package, verify {level}": partial(write, level) for level in (VerifyLevel.OFF, VerifyLevel.FULL)}
    return alternate(actions, settings, inspect=inspect)
