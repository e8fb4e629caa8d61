"""How soon an export stops when it is told to, and how often it tells how far it is."""

from __future__ import annotations

import shutil
import statistics
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.chunked import sparse_store
from benchmarks.report import Table, duration
from napari_dicom_writer import ExportCancelled, ExportOptions, Modality, Volume, export

if TYPE_CHECKING:
    from benchmarks.measure import Settings


@dataclass
class _Watch:
    """A progress callback that notes when it is called, and cancels once asked to."""

    cancel: threading.Event = field(default_factory=threading.Event)
    asked: float = 0.0
    calls: list[float] = field(default_factory=list)

    def __call__(self, done: int, total: int) -> None:
        self.calls.append(time.perf_counter())
        if self.cancel.is_set():
            raise ExportCancelled

    def ask(self) -> None:
        self.asked = time.perf_counter()
        self.cancel.set()


def tables(settings: Settings) -> list[Table]:
    """Measure a volume in memory, one in chunks on disk, and one whose values must be scanned first."""
    planes = 40 if settings.quick else 400
    random = np.random.default_rng(0)
    store = sparse_store(settings.scratch / "store", (planes // 40 * 32, 1024, 1024))
    volumes = {
        f"{planes}×512×512 int16": random.integers(0, 4000, (planes, 512, 512), dtype=np.int16),
        f"{planes * 10}×64×64 uint8": random.integers(0, 255, (planes * 10, 64, 64), dtype=np.uint8),
        f"{planes // 2}×512×512 float32": random.random((planes // 2, 512, 512), np.float32),
        f"{store.shape[0]}×1024×1024 int16, zarr in 64³ chunks": store,
    }
    rows = [_row(name, Volume(array, spacing=(1, 1, 1)), settings) for name, array in volumes.items()]
    shutil.rmtree(settings.scratch / "store")
    columns = ["", "stops after (median)", "(longest)", "progress calls a second", "longest silence"]
    notes = ["Every voxel is verified. Cancelled from another thread at moments spread over the export."]
    return [Table("Cancelling and progress", columns, rows, notes)]


def _row(name: str, volume: Volume, settings: Settings) -> list[str]:
    _run(volume, settings, _Watch())
    watch = _Watch()
    start, end = _run(volume, settings, watch)
    silence = max(after - before for before, after in pairwise([start, *watch.calls, end]))
    count = settings.repeats(9)
    moments = [(end - start) * (number + 0.5) / (count + 1) for number in range(count)]
    waits = [wait for moment in moments if (wait := _cancel(volume, settings, moment)) is not None]
    rate = len(watch.calls) / (end - start)
    if not waits:
        return [name, "ended first", "ended first", f"{rate:,.0f}", duration(silence)]
    return [name, duration(statistics.median(waits)), duration(max(waits)), f"{rate:,.0f}", duration(silence)]


def _cancel(volume: Volume, settings: Settings, moment: float) -> float | None:
    """Seconds from asking to the end, or nothing if the export ended before."""
    watch = _Watch()
    timer = threading.Timer(moment, watch.ask)
    timer.start()
    _, end = _run(volume, settings, watch)
    timer.cancel()
    timer.join()
    return end - watch.asked if watch.asked and watch.asked < end else None


def _run(volume: Volume, settings: Settings, watch: _Watch) -> tuple[float, float]:
    """Export until the end or until cancelled, and give both moments."""
    folder, start = settings.scratch / "turn", time.perf_counter()
    try:
        export(volume, folder, ExportOptions(modality=Modality.CT), progress=watch)
    except ExportCancelled:
        if folder.exists():
            raise RuntimeError("A cancelled export left something behind") from None
    end = time.perf_counter()
    shutil.rmtree(folder, ignore_errors=True)
    return start, end
