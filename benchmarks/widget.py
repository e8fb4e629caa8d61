"""Whether the viewer stays alive: stalls of its thread during an export, opening the widget, drawing the preview.

Windows open on the screen there is, or on a virtual one. All is measured in a process of its own:
``python -m benchmarks.widget {full|quick} FOLDER``.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.report import Table, duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.measure import Settings

# Nothing of the package is imported up here: opening the widget for the first time takes that long, too.
_ROOT = Path(__file__).parents[1]
_FIRST = "open the widget, for the first time"
_GOALS = {_FIRST: "300 ms"}
_TICK = 1  # ms
_LONG = 0.05  # seconds that nobody notices
_TURNS = 5
_SETTLE = 2.0  # seconds until a new viewer has drawn everything
_PATIENCE = 120.0  # seconds


def tables(settings: Settings) -> list[Table]:
    """Measure in a new process; without a screen, say so."""
    command = [sys.executable, "-m", "benchmarks.widget", "quick" if settings.quick else "full", str(settings.scratch)]
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        virtual = shutil.which("xvfb-run")
        if virtual is None:
            return [Table("The viewer during an export", ["", ""], [["not measured", "no screen, no xvfb-run"]])]
        command = [virtual, "-a", "-s", "-screen 0 1400x1000x24", *command]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        environment = os.environ | {"NAPARI_CONFIG": f"{folder}/settings.yaml"}
        result = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT, env=environment)
    found = json.loads(result.stdout.splitlines()[-1])
    rows = [
        [name, duration(w["time"]), str(w["ticks"]), duration(w["longest"]), str(w["long"])]
        for name, w in found["stalls"].items()
    ]
    columns = ["", "time", "ticks", "longest stall", f"over {_LONG * 1e3:.0f} ms"]
    notes = [
        f"A timer ticks every {_TICK} ms in the viewer's thread; a stall is the time between two ticks.",
        f"{found['planes']:,} instances of 128×128 int16 from memory, activity dock open; the worst of {_TURNS} turns.",
        "A viewer's first progress bar is slow to appear, with an export or without one: that is napari's own part.",
    ]
    times = [[name, duration(seconds), _GOALS.get(name, "")] for name, seconds in found["times"].items()]
    settled = [f"Napari is up. Medians of {_TURNS} turns, but for the first."]
    return [
        Table("The viewer during an export", columns, rows, notes),
        Table("The dock widget", ["", "time", "at most"], times, settled),
    ]


@dataclass
class Gaps:
    """The times between the ticks of a timer in this thread."""

    ticks: list[float] = field(default_factory=list)

    def tick(self) -> None:
        """Called by the timer."""
        self.ticks.append(time.perf_counter())

    def summary(self) -> dict[str, float]:
        """Say how long it ticked, and how evenly."""
        gaps = np.diff(self.ticks)
        return {
            "time": self.ticks[-1] - self.ticks[0],
            "ticks": len(self.ticks),
            "longest": float(gaps.max()),
            "long": int((gaps > _LONG).sum()),
        }


def main() -> None:
    """Measure everything, and print it as JSON."""
    quick, scratch = sys.argv[1] == "quick", Path(sys.argv[2])
    import napari

    viewer = napari.Viewer()
    _idle(_SETTLE)
    planes, side = (200, 128) if quick else (2000, 512)
    # First of all, as it is when a user opens it: all that it needs is yet to be imported.
    opened, planned = _open(viewer)
    times = {"open the widget, for the first time": opened, "… until the plan is there": planned}
    again = [_open(viewer) for _ in range(_TURNS)]
    times |= {
        "open the widget again": statistics.median(opened for opened, _ in again),
        "… until the plan is there, again": statistics.median(planned for _, planned in again),
    }
    times[f"preview of {side}³, dask"] = _preview(side)
    found = {"planes": planes, "times": times, "stalls": _stalls(viewer, planes, scratch)}
    viewer.close()
    print(json.dumps(found))


def _stalls(viewer: Any, planes: int, scratch: Path) -> dict[str, dict[str, float]]:
    """Idle, and during exports with and without verification; turn by turn, and the worst turn of each.

    The layer is planned first, as the widget does.
    """
    image = viewer.add_image(
        np.random.default_rng(0).integers(0, 4000, (planes, 128, 128), dtype=np.int16), units=("mm",) * 3
    )
    viewer.window._qt_window._activity_dialog.show()
    from napari_dicom_writer import VerifyLevel, plan_export

    plan_export([image.as_layer_data_tuple()])
    _idle(_SETTLE)
    found = {"the first progress bar, no export": [_watch(_show_bar)]}
    for _ in range(_TURNS):
        for level in (VerifyLevel.OFF, VerifyLevel.FULL):
            exported = _export(image, scratch / "turn", level)
            found.setdefault(f"exporting, verify {level}", []).append(exported)
            found.setdefault(f"idle for as long as that, verify {level}", []).append(_idle(exported["time"]))
    viewer.layers.clear()
    return {name: max(turns, key=lambda turn: turn["longest"]) for name, turns in found.items()}


def _show_bar(done: Callable[[], None]) -> None:
    from napari.utils import cancelable_progress
    from qtpy.QtCore import QTimer

    bar = cancelable_progress(total=1, desc="bar")
    QTimer.singleShot(500, bar.close)
    QTimer.singleShot(600, done)


def _export(image: Any, folder: Path, level: str) -> dict[str, float]:
    from napari_dicom_writer import ExportOptions
    from napari_dicom_writer._napari.dock.work.running import ExportRun

    run = ExportRun()

    def begin(done: Callable[[], None]) -> None:
        run.finished.connect(done)
        run.start([image.as_layer_data_tuple()], folder, ExportOptions(verify=level), size=1)

    watched = _watch(begin)
    if len(list(folder.iterdir())) != len(image.data):
        raise RuntimeError("Not all was exported")
    shutil.rmtree(folder)
    return watched


def _idle(seconds: float) -> dict[str, float]:
    from qtpy.QtCore import QTimer

    return _watch(lambda done: QTimer.singleShot(int(seconds * 1000), done))


def _watch(begin: Callable[[Callable[[], None]], None]) -> dict[str, float]:
    """Run the event loop until what is begun says that it is done, and keep the time."""
    from qtpy.QtCore import QEventLoop, Qt, QTimer

    loop, gaps, timer = QEventLoop(), Gaps(), QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(_TICK)
    timer.timeout.connect(gaps.tick)
    gaps.tick()
    timer.start()
    begin(loop.quit)
    loop.exec()
    gaps.tick()
    timer.stop()
    return gaps.summary()


def _median(action: Callable[[], float]) -> float:
    return statistics.median(action() for _ in range(_TURNS))


def _open(viewer: Any) -> tuple[float, float]:
    """From asking for the widget to its picture on the screen, with a layer to export; and until that is planned.

    The plan takes 0.15 s more than its own time: it waits for the user's next edit.
    """
    from qtpy.QtWidgets import QApplication

    viewer.add_image(np.zeros((64, 256, 256), np.int16), units=("mm",) * 3)
    QApplication.processEvents()
    start = time.perf_counter()
    from napari_dicom_writer._napari.widget import ExportWidget

    widget = ExportWidget(viewer)
    dock = viewer.window.add_dock_widget(widget, name="Export to DICOM")
    QApplication.processEvents()
    seconds = time.perf_counter() - start
    while widget.panel.plan is None and time.perf_counter() - start < _PATIENCE:
        QApplication.processEvents()
    planned = time.perf_counter() - start
    dock.destroyOnClose()
    widget.deleteLater()
    viewer.layers.clear()
    QApplication.processEvents()
    return seconds, planned


def _preview(side: int) -> float:
    """From a new volume to all three cuts drawn."""
    import dask.array as da
    from qtpy.QtWidgets import QApplication

    from napari_dicom_writer import Volume
    from napari_dicom_writer._napari.dock.preview.preview import PreviewWidget
    from napari_dicom_writer._napari.dock.preview.view import View
    from napari_dicom_writer.plan.grid import make_grid

    values = np.random.default_rng(0).integers(0, 4000, (side,) * 3, dtype=np.int16)
    preview = PreviewWidget()
    preview.resize(340, 260)
    preview.show()

    def refresh() -> float:
        volume = Volume(da.from_array(values, chunks=(64,) * 3), spacing=(1, 1, 1))
        grid = make_grid(volume.affine, volume.shape, thickness_known=True)
        preview.clear()
        QApplication.processEvents()
        start = time.perf_counter()
        preview.show_view(View(volume, grid))
        while len(preview.pixels) < 3:
            QApplication.processEvents()
            if time.perf_counter() - start > _PATIENCE:
                raise RuntimeError("The preview never came")
        QApplication.processEvents()
        return time.perf_counter() - start

    refresh()
    seconds = _median(refresh)
    preview.close()
    return seconds


if __name__ == "__main__":
    main()
