"""What it costs that a series is on the disk before it is published, and what other ways of flushing would cost."""

from __future__ import annotations

import os
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np

from benchmarks.measure import Settings, alternate, once
from benchmarks.raw import write_planes
from benchmarks.report import Table, duration, ratio
from napari_dicom_writer import ExportOptions, Modality, Volume, export
from napari_dicom_writer.destinations.folder import durable, staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


def tables(settings: Settings) -> list[Table]:
    """Measure few and many, small and large planes, on the disk that holds this file and where the others write."""
    few = 4 if settings.quick else 1
    random = np.random.default_rng(0)
    arrays = {
        "1×512×512 int16": random.integers(0, 4000, (1, 512, 512), dtype=np.int16),
        f"{400 // few}×512×512 int16": random.integers(0, 4000, (400 // few, 512, 512), dtype=np.int16),
        f"{4000 // few}×128×128 int16": random.integers(0, 4000, (4000 // few, 128, 128), dtype=np.int16),
    }
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as folder:
        disk = Settings(settings.quick, Path(folder))
        return [_exports(arrays, disk, settings), _ways(arrays, disk)]


def _exports(arrays: dict[str, NDArray[np.int16]], disk: Settings, memory: Settings) -> Table:
    rows = []
    for name, array in arrays.items():
        volume = Volume(array, spacing=(1, 1, 1))
        for place, settings in (("disk", disk), ("RAM disk", memory)):
            times = alternate(
                {"flushed": lambda folder, v=volume: _export(v, folder), "not": lambda f, v=volume: _unflushed(v, f)},
                settings,
            )
            cost = times["flushed"] - times["not"]
            more = ratio(times["flushed"] / times["not"])
            rows.append([f"{name}, {place}", duration(times["not"]), duration(times["flushed"]), _cost(cost), more])
    columns = ["", "export, not flushed", "export", "flushing", "ratio"]
    notes = ["Every voxel is verified. Nobody else writes meanwhile."]
    return Table("What durability costs", columns, rows, notes)


def _ways(arrays: dict[str, NDArray[np.int16]], disk: Settings) -> Table:
    ways: dict[str, Callable[[Path], None]] = {
        "fsync, one by one": _one_by_one,
        "fsync in 4 threads": lambda folder: _threads(folder, 4),
        "fsync in 16 threads": lambda folder: _threads(folder, 16),
        "syncfs": _syncfs,
    }
    rows = [[way, *(_cost(_time_way(flush, array, disk)) for array in arrays.values())] for way, flush in ways.items()]
    notes = ["Median time to flush what raw writes have just written."]
    return Table("Ways to flush, on disk", ["", *arrays], rows, notes)


def _time_way(flush: Callable[[Path], None], array: NDArray[np.int16], disk: Settings) -> float:
    times = []
    for _ in range(disk.repeats() + 1):
        with tempfile.TemporaryDirectory(dir=disk.scratch) as folder:
            os.sync()
            write_planes(Path(folder), array)
            times.append(once(flush, Path(folder)))
    return statistics.median(times[1:])


def _cost(seconds: float) -> str:
    return duration(seconds) if seconds > 1e-4 else "under 100 µs"


def _export(volume: Volume, folder: Path) -> None:
    export(volume, folder / "out", ExportOptions(modality=Modality.CT))


def _unflushed(volume: Volume, folder: Path) -> None:
    with _not_flushing():
        _export(volume, folder)


@contextmanager
def _not_flushing() -> Iterator[None]:
    with (
        mock.patch.object(durable.Flusher, "flush"),
        mock.patch.object(staging, "flush_folder"),
    ):
        yield


def _one_by_one(folder: Path) -> None:
    for path in folder.iterdir():
        durable.flush_file(path)
    durable.flush_folder(folder)


def _threads(folder: Path, count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(durable.flush_file, folder.iterdir()))
    durable.flush_folder(folder)


def _syncfs(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    durable.syncfs(descriptor)
    os.close(descriptor)
