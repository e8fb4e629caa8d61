"""Ctrl-C, wherever it hits: one line, 130, and nothing left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_dicom_writer import Volume, export

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a single process")

# Each begins to interrupt the process itself at a moment of its own.
PRESS = """
import os, signal, sys

def press():
    os.kill(os.getpid(), signal.SIGINT)
"""
IN_AN_IMPORT = """
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "napari_dicom_writer.cli.export":
            exec("press()", globals())

sys.meta_path.insert(0, Finder())
"""
SWALLOWED = """
import napari_dicom_writer.inputs.numpy_file as numpy_file
read = numpy_file.read

def swallowing(path):
    try:
        press()
    except KeyboardInterrupt:
        pass
    return read(path)

numpy_file.read = swallowing
"""
IN_A_SCAN = """
from napari_dicom_writer.model.value_range import ValueRange
add = ValueRange.add

def pressed(self, plane):
    press()
    add(self, plane)

ValueRange.add = pressed
"""
IN_A_HEADER = """
import napari_dicom_writer.reading.catalogue as catalogue
read = catalogue.read_header

def pressed(path, *tags):
    if path.name == "00003.dcm":
        press()
    return read(path, *tags)

catalogue.read_header = pressed
"""
IN_A_JUDGMENT = """
import napari_dicom_writer.checking.check as check
add = check._add

def pressed(path, *rest):
    if path.name == "00003.dcm":
        press()
    add(path, *rest)

check._add = pressed
"""
RUN = """
from napari_dicom_writer.cli.main import program
program()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import zarr

    folder = tmp_path_factory.mktemp("folder")
    floats = np.random.default_rng(0).random((4, 5, 6), np.float32)
    np.save(folder / "floats.npy", floats)
    zarr.save_array(folder / "floats.zarr", floats)
    export(Volume(floats, spacing=(1, 1, 1)), folder / "dicom")
    return folder


@pytest.mark.parametrize(
    ("when", "arguments"),
    [
        (IN_AN_IMPORT, "export floats.npy out"),
        (SWALLOWED, "export floats.npy out"),
        (IN_A_SCAN, "export floats.npy out"),
        (IN_A_SCAN, "export floats.zarr out --axes ZYX --dry-run"),
        (IN_A_HEADER, "show dicom"),
        (IN_A_JUDGMENT, "verify dicom"),
    ],
    ids=["import", "swallowed", "memory map", "zarr, dry run", "show", "verify"],
)
def test_it_ends_the_program_and_leaves_nothing(folder: Path, when: str, arguments: str) -> None:
    before = sorted(folder.rglob("*"))
    command = [sys.executable, "-c", PRESS + when + RUN, *arguments.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "cancelled, nothing was written\n")
    assert sorted(folder.rglob("*")) == before
