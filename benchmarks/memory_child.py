"""Export a zarr array in this process, and print what memory that took: ``memory_child STORE OUT``."""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

import zarr

from napari_dicom_writer import ExportOptions, Modality, Volume, export

_STATUS = Path("/proc/self/status")


def main() -> None:
    """Export a corner first, so that everything is imported; then all of it."""
    store, out = zarr.open_array(sys.argv[1], mode="r"), Path(sys.argv[2])
    options = ExportOptions(modality=Modality.CT)
    export(Volume(store[:2, :64, :64], spacing=(1, 1, 1)), out.with_name("corner"), options)
    gc.collect()
    _forget_peak()
    before, start = _memory("VmRSS"), time.perf_counter()
    export(Volume(store, spacing=(1, 1, 1)), out, options)
    seconds = time.perf_counter() - start
    print(json.dumps({"peak": _memory("VmHWM") - before, "seconds": seconds}))


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
