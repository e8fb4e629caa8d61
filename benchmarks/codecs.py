"""Compressed transfer syntaxes: how fast, how small, and whether the same comes back."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import dcmread

from benchmarks.measure import alternate
from benchmarks.report import Table
from napari_dicom_writer import ExportError, ExportOptions, Modality, TransferSyntax, VerifyLevel, Volume, export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.measure import Settings

_BROKEN = "UNREADABLE"
_HAS_WORKERS = any(field.name == "workers" for field in fields(ExportOptions))


def tables(settings: Settings) -> list[Table]:
    """Measure every transfer syntax but the uncompressed one."""
    planes = 6 if settings.quick else 40
    return [
        _table("a CT-like volume", ct_like(planes), Modality.CT, settings),
        _table("labels", labels(planes * 2), Modality.OT, settings),
    ]


def ct_like(planes: int) -> NDArray[np.int16]:
    """Ellipses of tissue in air, with the noise of a scanner, signed."""
    depth, rows, columns = np.ogrid[-1 : 1 : planes * 1j, -1:1:512j, -1:1:512j]
    body = (rows / 0.7) ** 2 + (columns / 0.9) ** 2 + (depth / 3) ** 2 < 1
    organ = (rows / 0.3) ** 2 + ((columns - 0.3) / 0.2) ** 2 + depth**2 < 1
    bone = ((rows - 0.45) / 0.1) ** 2 + (columns / 0.08) ** 2 < 1
    clean = np.where(body, 40, -1000) + 60 * organ + 700 * (bone & body)
    noise = np.random.default_rng(0).normal(0, 12, clean.shape)
    rounded: NDArray[np.int16] = (clean + noise).round().astype(np.int16)
    return rounded


def labels(planes: int) -> NDArray[np.uint8]:
    """Nested shells, each with its number."""
    depth, rows, columns = np.ogrid[-1 : 1 : planes * 1j, -1:1:256j, -1:1:256j]
    radius = np.sqrt(rows**2 + 1.3 * columns**2 + depth**2)
    return np.where(radius < 0.9, 1 + (10 * radius) % 9, 0).astype(np.uint8)


def _table(name: str, array: NDArray[Any], modality: Modality, settings: Settings) -> Table:
    title = f"Codecs: {name}, {'×'.join(map(str, array.shape))} {array.dtype}"
    workers = (1, 2) if _HAS_WORKERS else (None,)
    columns = ["", "ratio", *(f"MB/s, {n} thread{'s' * (n > 1)}" if n else "MB/s" for n in workers), "read back"]
    syntaxes = [syntax for syntax in TransferSyntax if syntax is not TransferSyntax.EXPLICIT_LE]
    rows = [_row(syntax, array, modality, workers, settings) for syntax in syntaxes]
    if not rows:
        return Table(title, columns, [], ["There is no compressed transfer syntax yet."])
    notes = [f"Medians of {settings.repeats()} turns of whole exports, not verified; ratio of pixels to whole files."]
    return Table(title, columns, rows, notes)


def _row(
    syntax: TransferSyntax,
    array: NDArray[Any],
    modality: Modality,
    workers: tuple[int | None, ...],
    settings: Settings,
) -> list[str]:
    volume, state = Volume(array, spacing=(1, 1, 1)), {"ratio": 0.0, "same": "no"}

    def inspect(_: str, folder: Path) -> None:
        files = sorted(folder.glob("*.dcm"))
        state["ratio"] = array.nbytes / sum(file.stat().st_size for file in files)
        state["same"] = _read_back(files[1], array[1])

    try:
        actions = {str(count): _action(volume, syntax, modality, count) for count in workers}
        times = alternate(actions, settings, inspect=inspect)
    except ExportError as error:
        return [str(syntax), *["n/a"] * (len(workers) + 1), str(error).splitlines()[0]]
    if state["same"] == _BROKEN:
        return [str(syntax), *["n/a"] * (len(workers) + 1), _BROKEN]
    speeds = [f"{array.nbytes / seconds / 1e6:.0f}" for seconds in times.values()]
    return [str(syntax), f"{state['ratio']:.3g}", *speeds, str(state["same"])]


def _action(
    volume: Volume, syntax: TransferSyntax, modality: Modality, workers: int | None
) -> Callable[[Path], object]:
    given: dict[str, Any] = {"modality": modality, "transfer_syntax": syntax, "verify": VerifyLevel.OFF}
    options = ExportOptions(**given | ({"workers": workers} if workers else {}))
    return partial(export, volume, options=options)


def _read_back(file: Path, plane: NDArray[Any]) -> str:
    """Say whether pydicom reads the same values, or how far off they are, with whichever decoder is there."""
    try:
        read = dcmread(file).pixel_array
    except (NotImplementedError, RuntimeError):
        return "no decoder"
    except Exception:  # noqa: BLE001 - whatever a decoder raises over a broken stream
        return _BROKEN
    error = int(np.abs(read.astype(np.int32) - plane).max())
    return f"up to {error} off" if error else "same"
