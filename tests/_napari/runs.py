"""Runs of an export that tests start, watch and hold up."""

from __future__ import annotations

import threading

import numpy as np

from judges.readers import read as read_files
from napari_dicom_writer import exporting

SHAPE = (40, 24, 30)


def scan():
    return np.random.default_rng(5).integers(0, 999, SHAPE, dtype=np.int16)


def layer(data, name="brain"):
    return (data, {"name": name, "scale": (2.0, 0.5, 0.5), "units": ("mm",) * 3}, "image")


def written(path):
    return np.stack([d.pixel_array for d in read_files(path)])


class Watch:
    """Keeps all that a run tells, and checks that it does so in the main thread."""

    def __init__(self, run):
        self.told = []
        for name in ("progressed", "staged", "finished", "failed", "cancelled"):
            getattr(run, name).connect(lambda *values, name=name: self.take(name, values))

    def take(self, name, values):
        assert threading.current_thread() is threading.main_thread()
        self.told.append((name, values))

    def of(self, name):
        return [values for told, values in self.told if told == name]

    @property
    def end(self):
        ends = [told for told, _ in self.told if told in ("finished", "failed", "cancelled")]
        assert len(ends) <= 1
        return ends[0] if ends else None


class Pause:
    """Stops the export's thread when so many instances are done, until it is let go."""

    def __init__(self, monkeypatch, at):
        self.reached, self.go = threading.Event(), threading.Event()
        real = exporting.export

        def export(*arguments, progress):
            def paused(done, total):
                if done == at and not self.reached.is_set():
                    self.reached.set()
                    assert self.go.wait(60)
                progress(done, total)

            return real(*arguments, progress=paused)

        monkeypatch.setattr(exporting, "export", export)


def no_threads():
    return not any(thread.name == "napari-dicom-writer" for thread in threading.enumerate())
