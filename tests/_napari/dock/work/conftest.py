"""Runs of an export that nobody hurries."""

from __future__ import annotations

import time

import pytest
from qtpy.QtWidgets import QWidget

from napari_dicom_writer import exporting
from napari_dicom_writer._napari.dock.work.running import ExportRun


@pytest.fixture
def run(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    yield ExportRun(parent)
    parent.isVisible()  # it is alive until here: qtbot does not hold it


@pytest.fixture
def slowly(monkeypatch):
    """Every instance takes a while."""
    real = exporting.export

    def export(*arguments, progress):
        def slow(done, total):
            time.sleep(0.02)
            progress(done, total)

        return real(*arguments, progress=slow)

    monkeypatch.setattr(exporting, "export", export)
