"""Peak memory over growing volumes: it must not grow with them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.chunked import sparse_store
from benchmarks.measure import RAM_DISK
from benchmarks.objects import organs
from benchmarks.report import Table, duration

if TYPE_CHECKING:
    from benchmarks.measure import Settings

_ROOT = Path(__file__).parents[1]
_ROWS = 512
_PLANE_BYTES = _ROWS * _ROWS * 2
_SIZES = (256 * 2**20, 2**30, 4 * 2**30, 8 * 2**30)
_OBJECTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "CT": ("image", "int16", {"object": "ct", "modality": "CT"}),
    "multi-frame": ("image", "int16", {"object": "multi-frame"}),
    "Parametric Map": ("image", "float32", {"object": "parametric-map"}),
    "label map": ("labels", "uint16", {"segmentation_type": "labelmap"}),
    "masks": ("labels", "uint16", {"segmentation_type": "binary"}),
}
"""Layer, dtype and options of each row."""


def tables(settings: Settings) -> list[Table]:
    """Export sparse zarr arrays, and labels in memory, each in a process of its own."""
    sizes = _SIZES[:1] if settings.quick else _SIZES
    rows = [_row(title, size, settings) for title in _OBJECTS for size in sizes]
    notes = [
        "int16 (float32) planes of 512², zarr in 64³ chunks that hold nothing; every voxel is verified. One run each.",
        "Peak: resident memory at its highest, less what the process had before, with all it needs imported.",
        f"A slab of {_PLANE_BYTES * 64 // 2**20} MiB (twice that) is what one row of chunks holds; one is read ahead.",
        "One file holds 4 GiB: larger objects of many frames are several files, a concatenation.",
    ]
    columns = ["object", "volume", "planes", "peak above the start", "time"]
    return [Table("Memory", columns, rows, notes), _labels_in_memory(settings)]


def _row(title: str, size: int, settings: Settings) -> list[str]:
    layer, dtype, options = _OBJECTS[title]
    planes = size // (_ROWS * _ROWS * np.dtype(dtype).itemsize)
    label = [title, f"{size / 2**30:g} GiB", str(planes)]
    many = options.get("object") != "ct"
    place = _place(size, settings)
    if place is None:
        return [*label, "no room for the files", ""]
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=place) as folder:
        store = Path(folder, "store")
        sparse_store(store, (planes, _ROWS, _ROWS), dtype)
        found = exported(store, f"{folder}/out", layer, options | {"concatenation": many and size >= 2**32})
    return [*label, f"{found['peak'] / 2**20:.0f} MiB", duration(found["seconds"])]


def exported(source: Path, out: str, layer: str, options: dict[str, Any]) -> dict[str, float]:
    """Export in a process of its own: what that took (see `memory_child`)."""
    command = [sys.executable, "-m", "benchmarks.memory_child", str(source), out, layer, json.dumps(options)]
    result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT)
    found: dict[str, float] = json.loads(result.stdout)
    return found


def _labels_in_memory(settings: Settings) -> Table:
    """Three planes and 20 MiB are allowed above the layer itself."""
    shape = (30, 256, 256) if settings.quick else (300, 512, 512)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=settings.scratch) as folder:
        source = Path(folder, "organs.npy")
        np.save(source, organs(shape))
        found = {
            kind: exported(source, f"{folder}/{kind}", "labels", {"segmentation_type": kind})
            for kind in ("labelmap", "binary")
        }
    rows = [[kind, f"{peak['peak'] / 2**20:.1f} MiB"] for kind, peak in found.items()]
    allowed = 3 * shape[1] * shape[2] / 2**20 + 20
    title = f"Memory of a segmentation: {'×'.join(map(str, shape))} uint8, 104 labels"
    return Table(title, ["", "peak above the layer"], rows, [f"At most {allowed:.1f} MiB: three planes and 20 MiB."])


def _place(size: int, settings: Settings) -> Path | None:
    """Where so many bytes fit: the scratch folder, unless that takes the memory, or else on disk."""
    in_memory = settings.scratch.is_relative_to(RAM_DISK)
    disk = Path(tempfile.gettempdir())
    if shutil.disk_usage(settings.scratch).free > 1.2 * size and (not in_memory or _available() > 2 * size):
        return settings.scratch
    return disk if shutil.disk_usage(disk).free > 1.2 * size else None


def _available() -> int:
    """Memory that can be used without swapping, where the system tells."""
    info = Path("/proc/meminfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), 0)
