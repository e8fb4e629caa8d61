"""Export an array in this process, and print what memory that took: ``memory_child SOURCE OUT LAYER OPTIONS``.

A source is a zarr store, or a file of NumPy, which is loaded before; options are JSON.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from napari_dicom_writer import ExportOptions, export

_STATUS = Path("/proc/self/status")


def main() -> None:
    """Export a corner first, so that everything is imported; then all of it."""
    source, out, layer, given = sys.argv[1:]
    array: Any = np.load(source) if source.endswith(".npy") else zarr.open_array(source, mode="r")
    options = ExportOptions(**json.loads(given))
    where = {"scale": (1, 1, 1), "units": ("mm",) * 3}
    corner = np.array(array[:2, :64, :64])
    corner[0, 0, 0] = 1
    export((corner, where, layer), f"{out}-corner", options)
    gc.collect()
    _forget_peak()
    before, start, computed = _memory("VmRSS"), time.perf_counter(), time.process_time()
    export((array, where, layer), out, options)
    found = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - computed}
    print(json.dumps(found | {"peak": _memory("VmHWM") - before}))


def _forget_peak() -> None:
    """Let Linux count the peak from here."""
    with suppress(OSError):
        _STATUS.with_name("clear_refs").write_text("5", encoding="ascii")


def _memory(field: str) -> int:
    """Resident memory in bytes; elsewhere than on Linux, always the highest so far."""
    if not _STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main()
