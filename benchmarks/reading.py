"""How soon a series is seen, and what it costs to keep it open: this package beside other readers."""

from __future__ import annotations

import importlib.util
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import alternate
from benchmarks.report import Table, duration
from napari_dicom_writer import ExportOptions, Volume, export, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.measure import Settings

_PLANES, _SIZE = 500, 512
_MANY = 10_000
_GOAL = 0.5  # seconds to the first plane


def tables(settings: Settings) -> list[Table]:
    """Time readers of one series, and count what a file costs."""
    series, planes = settings.scratch / "opened", 50 if settings.quick else _PLANES
    _write(series, planes, _SIZE)
    clocks: tuple[Callable[[], float], ...] = (time.perf_counter, time.process_time)
    passed, worked = (alternate(_readers(series), settings, clock=clock) for clock in clocks)
    rows = [[name, duration(passed[name]), duration(worked[name]), _goal(name)] for name in passed]
    many, files = settings.scratch / "many", 500 if settings.quick else _MANY
    _write(many, files, 8)
    held, seconds = _held(many)
    return [
        Table(f"Opening {planes}×{_SIZE}×{_SIZE} int16, a file a plane", ["", "time", "CPU", "at most"], rows, [_NOTE]),
        Table(
            f"Keeping {files:,} files open",
            ["", "headers", "held, a file"],
            [["this package", duration(seconds), f"{held / 1024:.1f} KiB"]],
            ["Pixels are not held; memory is what Python allocates."],
        ),
    ]


_NOTE = (
    "To the first plane: this package and napari's own reader read the others when they are looked at, SimpleITK and "
    "napari-itk-io read all. napari's own reader places nothing in the patient. Imports are not counted."
)


def _goal(name: str) -> str:
    return duration(_GOAL) if name == _OURS else ""


_OURS = "this package"


def _write(folder: Path, planes: int, size: int) -> None:
    values = np.random.default_rng(0).integers(0, 3000, (size, size)).astype(np.int16)
    array = np.broadcast_to(values, (planes, size, size))
    export(Volume(array, spacing=(1, 1, 1), name="scan"), folder, ExportOptions(modality="CT", verify="off"))


def _readers(series: Path) -> Mapping[str, Callable[[Path], object]]:
    files = sorted(map(str, series.rglob("*.dcm")))
    found: dict[str, Callable[[Path], object]] = {
        _OURS: lambda _: _first_plane(read(series)[0][0]),
        "pydicom, these headers only": lambda _: _headers(files),
        "SimpleITK, all planes": lambda _: _simpleitk(series),
    }
    if importlib.util.find_spec("imageio"):
        found["napari's own reader"] = lambda _: _first_plane(_napari(files))
    if importlib.util.find_spec("napari_itk_io"):
        found["napari-itk-io, all planes"] = lambda _: _itk_io(str(series))
    return found


def _first_plane(array: Any) -> Any:
    return np.asarray(array[0])


def _headers(files: list[str]) -> None:
    import pydicom

    wanted = "SeriesInstanceUID ImagePositionPatient ImageOrientationPatient PixelSpacing Rows Columns".split()
    for file in files:
        pydicom.dcmread(file, stop_before_pixels=True, specific_tags=wanted)


def _simpleitk(series: Path) -> Any:
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series)))
    return sitk.GetArrayViewFromImage(reader.Execute())


def _napari(files: list[str]) -> Any:
    from napari_builtins.io import magic_imread

    return magic_imread(files, stack=True)


def _itk_io(series: str) -> Any:
    reader = importlib.import_module("napari_itk_io")
    return reader.napari_get_reader(series)(series)


def _held(folder: Path) -> tuple[float, float]:
    """Return bytes a file that stay allocated, and the seconds of CPU it took without counting them."""
    start = time.process_time()
    layers = read(folder)
    seconds = time.process_time() - start
    del layers
    tracemalloc.start()
    layers = read(folder)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held / layers[0][0].shape[0], seconds
