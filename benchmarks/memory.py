"""Peak memory over growing volumes: it must not grow with them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.chunked import sparse_store
from benchmarks.measure import RAM_DISK
from benchmarks.report import Table, duration

if TYPE_CHECKING:
    from benchmarks.measure import Settings

_ROOT = Path(__file__).parents[1]
_ROWS = 1024
_PLANE_BYTES = _ROWS * _ROWS * 2
_SIZES = (256 * 2**20, 2**30, 4 * 2**30, 8 * 2**30)


def tables(settings: Settings) -> list[Table]:
    """Export sparse zarr arrays, each in a process of its own."""
    rows = [_row(size, settings) for size in (_SIZES[:1] if settings.quick else _SIZES)]
    notes = [
        "int16 planes of 1024², zarr in 64³ chunks that hold nothing; every voxel is verified. One run each.",
        "Peak: resident memory at its highest, less what the process had before, with all it needs imported.",
        f"A slab of {_PLANE_BYTES * 64 // 2**20} MiB is what one row of chunks holds.",
    ]
    return [Table("Memory", ["volume", "planes", "peak above the start", "time"], rows, notes)]


def _row(size: int, settings: Settings) -> list[str]:
    planes = size // _PLANE_BYTES
    label = [f"{size / 2**30:g} GiB", str(planes)]
    place = _place(size, settings)
    if place is None:
        return [*label, "no room for the files", ""]
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=place) as folder:
        store = Path(folder, "store")
        sparse_store(store, (planes, _ROWS, _ROWS))
        command = [sys.executable, "-m", "benchmarks.memory_child", str(store), f"{folder}/out"]
        result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT)
    found = json.loads(result.stdout)
    return [*label, f"{found['peak'] / 2**20:.0f} MiB", duration(found["seconds"])]


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
