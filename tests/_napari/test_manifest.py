"""The manifest: valid, its Python names importable, and the same file where a reader looks for it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import yaml

import napari_dicom_writer

ROOT = Path(__file__).parents[2]
MANIFEST = Path(napari_dicom_writer.__file__).with_name("napari.yaml")


def test_npe2_validates_it_with_its_imports():
    npe2 = Path(sys.executable).with_name("npe2")
    done = subprocess.run([npe2, "validate", MANIFEST, "--imports"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout


def test_the_link_at_the_top_is_the_real_file():
    assert (ROOT / "napari.yaml").is_symlink()
    assert (ROOT / "napari.yaml").resolve() == (ROOT / "src" / "napari_dicom_writer" / "napari.yaml").resolve()


def test_napari_finds_it_and_the_hub_sees_a_writer():
    (entry,) = (e for e in entry_points(group="napari.manifest") if e.name == "napari-dicom-writer")
    assert entry.value == "napari_dicom_writer:napari.yaml"
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    for writer in manifest["contributions"]["writers"]:
        assert writer["filename_extensions"] == [".dcm"]
    assert manifest["categories"][0] == "IO"
