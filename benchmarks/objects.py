"""Segmentation, Parametric Map and multi-frame: one file each, in CPU time beside the raw write."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import dcmread

from benchmarks import object_peers
from benchmarks.measure import alternate
from benchmarks.report import Table, duration, ratio
from benchmarks.workloads import SPACING
from napari_dicom_writer import ExportOptions, VerifyLevel, Volume, export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.measure import Settings

_SHAPE, _QUICK = (300, 512, 512), (30, 256, 256)
_ORGANS = 104
_RAW, _OFF, _FULL = "raw write", "this package, verify off", "this package, verify full"


@dataclass(frozen=True, slots=True)
class Row:
    """One object.

    Attributes
    ----------
    title : str
    make : callable
        Makes the pixels of a shape.
    options : dict
        Of the export.
    goals : (float, float)
        At most how many times the raw write it may take, not verified and verified.
    peer : callable or None
        How highdicom writes the same: called with pixels and a path.
    layer : str
        What napari calls it.
    """

    title: str
    make: Callable[[tuple[int, ...]], NDArray[Any]]
    options: dict[str, Any]
    goals: tuple[float, float]
    peer: Callable[[NDArray[Any], Path], object] | None = None
    layer: str = "image"

    def source(self, array: NDArray[Any]) -> Any:
        """What is exported."""
        if self.layer == "labels":
            return (array, {"scale": SPACING, "units": ("mm",) * 3, "name": "organs"}, "labels")
        return Volume(array, spacing=SPACING, name="scan")


def organs(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Draw ellipsoids of many sizes, one over the other, as labels 1 to 104: about as full as a CT of a trunk."""
    random = np.random.default_rng(0)
    labels, size = np.zeros(shape, np.uint8), np.array(shape)
    for label in range(1, _ORGANS + 1):
        center, radius = size * random.uniform(0.12, 0.88, 3), size * random.uniform((0.05, 0.024, 0.024), (0.14,) * 3)
        low = np.maximum(np.floor(center - radius).astype(int), 0)
        high = np.minimum(np.ceil(center + radius).astype(int) + 1, size)
        box = tuple(map(slice, low, high))
        squares = [((axis - c) / r) ** 2 for axis, c, r in zip(np.ogrid[box], center, radius, strict=True)]
        labels[box][squares[0] + squares[1] + squares[2] <= 1] = label
    return labels


def floats(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Fill an array with noise, so that every page of it is in memory."""
    return np.random.default_rng(0).random(shape, np.float32)


def words(shape: tuple[int, ...]) -> NDArray[np.uint16]:
    """Fill an array with noise of 12 bits."""
    return np.random.default_rng(0).integers(0, 4000, shape, dtype=np.uint16)


ROWS = (
    Row(
        *("Segmentation, label map", organs, {"segmentation_type": "labelmap"}, (3, 6)),
        *(partial(object_peers.segmentation, kind="LABELMAP"), "labels"),
    ),
    Row(
        *("Segmentation, masks", organs, {"segmentation_type": "binary"}, (5, 10)),
        *(partial(object_peers.segmentation, kind="BINARY"), "labels"),
    ),
    Row("Parametric Map, float32", floats, {"object": "parametric-map"}, (1.3, 2.5), object_peers.parametric_map),
    Row("Multi-frame, uint16", words, {"object": "multi-frame"}, (1.3, 2.5)),
)


def tables(settings: Settings) -> list[Table]:
    """Measure all of them."""
    shape = _QUICK if settings.quick else _SHAPE
    titles = ["", "MiB", "raw write", "verify off", "at most", "verify full", "at most", "highdicom"]
    notes = [
        f"CPU time of the whole process as times the raw write; medians of {settings.repeats()} turns.",
        f"Labels: {_ORGANS} ellipsoids. The raw write writes the bytes of the same file, a plane's worth at once.",
        "Verify full reads every frame back and compares all of it; highdicom reads nothing back.",
        "The file was read by pydicom: the first, the middle and the last plane are right.",
    ]
    rows = [_measure(row, shape, settings) for row in ROWS]
    return [Table(f"Objects of many frames: {'×'.join(map(str, shape))}", titles, rows, notes)]


def _measure(row: Row, shape: tuple[int, ...], settings: Settings) -> list[str]:
    array = row.make(shape)

    def write(verify: VerifyLevel, folder: Path) -> None:
        export(row.source(array), folder.with_suffix(".dcm"), ExportOptions(verify=verify, **row.options))

    file = settings.scratch / "turn.dcm"
    file.unlink(missing_ok=True)
    write(VerifyLevel.OFF, file)
    _check(file, array)
    content = file.read_bytes()
    actions: dict[str, Callable[[Path], object]] = {
        _RAW: partial(_raw, content, array[0].nbytes),
        _OFF: partial(write, VerifyLevel.OFF),
        _FULL: partial(write, VerifyLevel.FULL),
    }
    times = alternate(_removing(actions, file), settings, clock=time.process_time)
    if row.peer:
        peer = {"highdicom": partial(row.peer, array)}
        times |= alternate(_removing(peer, file), settings, repeats=1, clock=time.process_time)
    raw = times[_RAW]
    cells = [ratio(times[name] / raw) if name in times else "n/a" for name in (_OFF, _FULL, "highdicom")]
    limits = [f"{goal:g}" for goal in row.goals]
    return [row.title, f"{len(content) / 2**20:.0f}", duration(raw), cells[0], limits[0], cells[1], limits[1], cells[2]]


def _removing(actions: dict[str, Callable[[Path], object]], file: Path) -> dict[str, Callable[[Path], object]]:
    """Let each write the file anew."""

    def anew(action: Callable[[Path], object], folder: Path) -> None:
        file.unlink(missing_ok=True)
        action(folder)

    return {name: partial(anew, action) for name, action in actions.items()}


def _raw(content: bytes, step: int, folder: Path) -> None:
    descriptor = os.open(folder.with_suffix(".dcm"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    view = memoryview(content)
    for start in range(0, len(content), step):
        os.write(descriptor, view[start : start + step])
    os.close(descriptor)


def _check(file: Path, array: NDArray[Any]) -> None:
    dataset = dcmread(file)
    for plane in (0, len(array) // 2, len(array) - 1):
        if not np.array_equal(object_peers.plane_of(dataset, plane), array[plane]):
            raise ValueError(f"{file}: other pixels on plane {plane + 1}")
