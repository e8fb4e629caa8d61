"""RT Structure Set of many labels: CPU time, and memory above the layer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.memory import exported
from benchmarks.objects import organs
from benchmarks.report import Table, duration

if TYPE_CHECKING:
    from benchmarks.measure import Settings

_CPU, _MEMORY = 4, 50


def tables(settings: Settings) -> list[Table]:
    """Export the same labels without and with read-back, in a process each."""
    shape = (30, 256, 256) if settings.quick else (300, 512, 512)
    rows = []
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=settings.scratch) as folder:
        source = Path(folder, "organs.npy")
        np.save(source, organs(shape))
        for verify in ("off", "full"):
            out = f"{folder}/{verify}"
            found = exported(source, out, "labels", {"object": "rt-structure-set", "verify": verify})
            size = Path(f"{out}.dcm").stat().st_size
            rows.append([verify, f"{size / 2**20:.0f} MiB", duration(found["cpu"]), f"{found['peak'] / 2**20:.1f} MiB"])
    title = f"RT Structure Set: {'×'.join(map(str, shape))} uint8, 104 labels"
    notes = [
        f"At most {_CPU} s and {_MEMORY} MiB, with everything read back. One run each.",
        "Verify full fills every contour again and compares it with its label, then reads the whole file back.",
    ]
    return [Table(title, ["verify", "file", "CPU time", "peak above the layer"], rows, notes)]
