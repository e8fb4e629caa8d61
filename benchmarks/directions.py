"""Planes across an array in memory: along its first axis, and sagittal and coronal ones of an axial array."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread

from benchmarks.measure import alternate
from benchmarks.raw import write_planes
from benchmarks.report import Table, duration, ratio
from napari_dicom_writer import ExportOptions, Modality, VerifyLevel, Volume, export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.measure import Settings

_RAW = "raw write"
_AXES = {
    "planes along axis 0": ("plane", "row", "column"),
    "planes along axis 1": ("row", "plane", "column"),
    "planes along axis 2": ("row", "column", "plane"),
    "planes along axis 2, rows along 1": ("column", "row", "plane"),
}


def tables(settings: Settings) -> list[Table]:
    """Measure a cube, so that all planes are of one size."""
    side = 128 if settings.quick else 512
    array = np.random.default_rng(0).integers(-1000, 3000, (side,) * 3, dtype=np.int16)
    volumes = {name: Volume(array, axes=axes, spacing=(1, 1, 1)) for name, axes in _AXES.items()}
    volumes["planes along axis 0, rows flipped"] = Volume(array[:, ::-1], spacing=(1, 1, 1))
    actions: dict[str, Callable[[Path], object]] = {_RAW: lambda folder: write_planes(folder, array)}
    actions |= {name: partial(_export, volume) for name, volume in volumes.items()}
    times = alternate(actions, settings, inspect=partial(_inspect, volumes))
    first = times["planes along axis 0"]
    rows = [[name, duration(t), ratio(t / times[_RAW]), ratio(t / first)] for name, t in times.items()]
    notes = [
        f"Not verified; medians of {settings.repeats()} turns. The second plane of each was read back: it is right."
    ]
    columns = ["", "time", "× raw write", "× axis 0"]
    return [Table(f"Planes across a {side}³ int16 array in memory", columns, rows, notes)]


def _export(volume: Volume, folder: Path) -> object:
    return export(volume, folder, ExportOptions(modality=Modality.CT, verify=VerifyLevel.OFF))


def _inspect(volumes: dict[str, Volume], name: str, folder: Path) -> None:
    if name in volumes:
        written = dcmread(sorted(folder.glob("*.dcm"))[1]).pixel_array
        axes = [volumes[name].axes.index(axis) for axis in ("plane", "row", "column")]
        if not np.array_equal(written, np.transpose(volumes[name].array, axes)[1]):
            raise ValueError(f"{name}: other pixels")
