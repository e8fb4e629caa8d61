"""The widget is on the screen before anything heavy is imported."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = """
import gc
import os
import sys
import numpy as np
from qtpy.QtWidgets import QApplication
application = QApplication([])
from napari.components import ViewerModel
from napari_dicom_writer._napari.widget import ExportWidget
viewer = ViewerModel()
viewer.add_image(np.zeros((4, 5, 6), np.int16))
collected = []
gc.callbacks.append(lambda phase, info: collected.append((info["generation"], gc.get_freeze_count())))
widget = ExportWidget(viewer)
assert any(frozen > 1000 for _, frozen in collected), "nothing was left alone"
assert all(frozen > 1000 for generation, frozen in collected if generation == 2), "it collected all of napari"
gc.callbacks.clear()
widget.show()
widget.grab()
print(*sorted({"pydicom", "pint", "napari_dicom_writer.exporting"} & sys.modules.keys()))
while not widget.panel.preview.preview.cuts:
    application.processEvents()
assert gc.isenabled() and gc.get_freeze_count() < 1000
print("drawn", flush=True)
os._exit(0)  # a widget that nobody closed may crash Qt when Python takes everything apart
"""


def test_it_opens_without_what_exporting_needs_and_then_goes_on(tmp_path):
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "NAPARI_CONFIG": str(tmp_path / "settings.yaml")}
    ran = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, encoding="utf-8", timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    early, drawn = ran.stdout.splitlines()
    assert set(early.split()) <= {"pint"}, "napari itself imports pint"
    assert drawn == "drawn"
