"""What importing the package costs, beyond numpy and pydicom."""

from __future__ import annotations

import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.report import Table, duration

if TYPE_CHECKING:
    from benchmarks.measure import Settings

_GOAL = 0.15  # seconds, median
_CODE = """
from time import perf_counter
times = [perf_counter()]
for line in ("import numpy", "import pydicom", "import napari_dicom_writer", "from napari_dicom_writer import export"):
    exec(line)
    times.append(perf_counter())
print(*(after - before for before, after in zip(times, times[1:])))
"""


def tables(settings: Settings) -> list[Table]:
    """Measure in new processes, one after the other."""
    runs = [_run() for _ in range(settings.repeats(9) + 1)][1:]
    names = {
        "numpy": "",
        "pydicom, after numpy": "",
        "this package, after both": duration(_GOAL),
        "what an export needs, after that": "",
    }
    rows = []
    for place, (name, goal) in enumerate(names.items()):
        times = [run[place] for run in runs]
        rows.append([name, duration(statistics.median(times)), duration(min(times)), goal])
    return [
        Table("Importing", ["", "median", "least", "at most"], rows, [f"{len(runs)} processes, after one to warm up."])
    ]


def _run() -> list[float]:
    result = subprocess.run([sys.executable, "-c", _CODE], check=True, capture_output=True, text=True)
    return [float(word) for word in result.stdout.split()]
