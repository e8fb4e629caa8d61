"""Export mixed layers one after the other in one process, and see whether memory, open files or threads grow.

    python scripts/soak.py [EXPORTS]

Exports differ in type, IOD, transfer syntax, what holds the array, and how they end: written, refused, or cancelled.
Ends with an error where something grows by more than the bounds below.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import sys
import tempfile
import threading
import tracemalloc
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.sr  # noqa: F401 - before tracemalloc starts, which would take half a minute to follow its tables

from napari_dicom_writer import ExportCancelled, ExportError, ExportOptions, Patient, Volume, export
from napari_dicom_writer.codecs import open_codec
from napari_dicom_writer.errors import OptionsError
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

# Bytes an export, by the linear trend after warming up. An export of 8 planes holds 32 kB to 512 kB of pixels and 8
# headers of 2 kB: what is kept of them shows. Libraries keep a little: dask a pool for each thread that computes
# (2 kB), pylibjpeg-openjpeg 80 bytes for each frame it encodes.
RESIDENT_BOUND = 30_000
OBJECTS_BOUND = 5_000
_SHAPE = (8, 64, 64)
_DTYPES = ("?", "u1", "i2", ">u2", "i4", "u8", "f2", "f4", "f8")
_HOLDERS = ("numpy", "numpy", "dask", "zarr", "Fortran")
_WARM_UP = 0.2
_MODALITIES = tuple((row.modalities or ("OT",))[0] for row in IODS.rows if row.auto)


@dataclass
class Growth:
    """What was measured after each export.

    Attributes
    ----------
    ends : Counter
        How the exports ended.
    resident, objects : list of int
        Resident memory, and memory of Python's objects by tracemalloc, in bytes.
    files, threads : list of int
        Open file descriptors (where the system lists them), and threads.
    """

    ends: Counter[str] = field(default_factory=Counter)
    resident: list[int] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def look(self) -> None:
        """Measure."""
        gc.collect()
        self.resident.append(_resident())
        self.objects.append(tracemalloc.get_traced_memory()[0])
        descriptors = Path("/proc/self/fd")
        self.files.append(len(os.listdir(descriptors)) if descriptors.is_dir() else 0)  # noqa: PTH208
        self.threads.append(threading.active_count())

    def faults(self) -> list[str]:
        """Say what grew."""
        found = []
        for name, bound in (("resident", RESIDENT_BOUND), ("objects", OBJECTS_BOUND)):
            if (slope := trend(getattr(self, name))) > bound:
                found.append(f"{name} memory grows by {slope:,.0f} bytes an export; {bound:,} are allowed")
        for name in ("files", "threads"):
            counts = _warm(getattr(self, name))
            if max(counts[len(counts) // 2 :]) > max(counts[: len(counts) // 2]):
                found.append(f"{name} grow from {counts[0]} to {counts[-1]}")
        return found

    def __str__(self) -> str:
        warm = {name: _warm(getattr(self, name)) for name in ("resident", "objects")}
        lines = [f"{sum(self.ends.values())} exports: " + ", ".join(f"{n} {end}" for end, n in self.ends.most_common())]
        for name, values in warm.items():
            lines.append(
                f"{name:>9}: {values[0] / 1e6:.1f} MB after warming up, {values[-1] / 1e6:.1f} MB at the end, "
                f"trend {trend(getattr(self, name)):+,.0f} bytes an export"
            )
        counts = {"files": self.files, "threads": self.threads}
        lines += [f"{name:>9}: {_warm(values)[0]} → {values[-1]}" for name, values in counts.items()]
        return "\n".join(lines)


def _warm(values: list[int]) -> list[int]:
    return values[int(_WARM_UP * len(values)) :]


def trend(values: list[int]) -> float:
    """Growth from one export to the next, by a line through all after warming up."""
    warm = _warm(values)
    return float(np.polyfit(np.arange(len(warm)), warm, 1)[0])


def _resident() -> int:
    """Resident memory in bytes; elsewhere than on Linux, the highest so far."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def soak(exports: int, *, seed: int = 0) -> Growth:
    """Export, and measure after each export.

    Parameters
    ----------
    exports
        How many.
    seed
        Of what is exported.
    """
    rng = random.Random(seed)  # noqa: S311 - no secrets
    syntaxes = [syntax for syntax in TransferSyntax if _installed(syntax)]
    growth = Growth()
    gc.collect()
    gc.freeze()  # what was there before would be looked through after each export
    tracemalloc.start()
    try:
        with tempfile.TemporaryDirectory(prefix="soak-") as folder:
            for number in range(exports):
                # In turn, so that a short run has all of them, too.
                turn, which = divmod(number, len(syntaxes))
                modality, syntax = _MODALITIES[turn % len(_MODALITIES)], syntaxes[which]
                # Few names: Python keeps the patterns it matched names with, up to 512 of them.
                target = Path(folder, str(number % 20))
                growth.ends[_export(rng, str(modality), str(syntax), target)] += 1
                shutil.rmtree(target, ignore_errors=True)
                growth.look()
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    return growth


def _installed(syntax: TransferSyntax) -> bool:
    try:
        open_codec(syntax)
    except OptionsError:
        return False
    return True


def _export(rng: random.Random, modality: str, syntax: str, target: Path) -> str:
    """Export something, and say how it ended."""
    cancel_at = rng.choice([None] * 7 + [2])

    def progress(done: int, total: int) -> None:
        if cancel_at is not None and done >= cancel_at:
            raise ExportCancelled

    try:
        options: dict[str, Any] = {"modality": modality, "transfer_syntax": syntax, "nan": rng.choice([None, 0])}
        options |= {"workers": rng.choice([None, 1, 3]), "time": rng.choice(["one-series", "series-per-point"])}
        options["patient"] = Patient(name=rng.choice(["Soak^Test"] * 9 + ["back\\slash"]))
        export(_volume(rng), target, ExportOptions(**options), progress=progress)
    except ExportCancelled:
        return "cancelled"
    except ExportError:
        return "refused"
    return "written"


def _volume(rng: random.Random) -> Volume:
    points = rng.choice([1, 1, 2])
    values = np.random.default_rng(rng.randrange(2**32)).normal(scale=100, size=(points, *_SHAPE))
    if rng.random() < 0.1:
        values[..., 0] = np.nan
    dtype = np.dtype(rng.choice(_DTYPES))
    with np.errstate(invalid="ignore"):
        array: Any = (np.abs(values) if dtype.kind == "u" else values).astype(dtype)
    holder = rng.choice(_HOLDERS)
    if holder == "dask":
        import dask.array

        array = dask.array.from_array(array, chunks=(1, 3, 32, 64))
    elif holder == "zarr":
        import zarr

        array = zarr.array(array, chunks=(1, 3, 32, 64))
    elif holder == "Fortran":
        array = np.asfortranarray(array)
    shear = rng.choice([0.0] * 9 + [0.3])
    affine = np.array([[0, shear, 0.7, 0], [0, 0.7, 0, 0], [2.5, 0, 0, 0], [0, 0, 0, 1]])
    return Volume(array, affine=affine, axes=("time", "plane", "row", "column"), name="soak")


if __name__ == "__main__":
    grown = soak(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
    print(grown)  # noqa: T201
    if grown.faults():
        sys.exit("\n".join(grown.faults()))
