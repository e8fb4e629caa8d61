"""The README is true: its Python runs, its commands exist, its files are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pydicom
import tifffile

from napari_dicom_writer.cli.main import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (napari-dicom-writer .*)$", README, flags=re.MULTILINE)


def test_python_blocks_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(blocks) == 2
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(block, namespace)  # noqa: S102
    planes = sorted((tmp_path / "out").glob("*.dcm"))
    stored = np.stack([pydicom.dcmread(p).pixel_array for p in planes])
    np.testing.assert_array_equal(stored, namespace["array"])
    printed = capsys.readouterr().out
    assert "every voxel and every header read back" in printed
    assert "largest error" in printed


def test_commands_run_line_by_line_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tifffile.imwrite("scan.tif", np.arange(4 * 32 * 32, dtype=np.uint16).reshape(4, 32, 32), photometric="minisblack")
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        assert main(shlex.split(command)[1:]) == 0, command
        assert capsys.readouterr().out


def test_nothing_is_promised_that_an_index_of_packages_does_not_have():
    """Until the package is there, it is installed from a clone."""
    installs = re.findall(r"^    pip install (.*)$", README, flags=re.MULTILINE)
    assert installs
    assert all(target.strip('"').startswith(".") for target in installs)


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"^    make (\w+)$", README, flags=re.MULTILINE)) <= targets


def test_linked_files_are_there():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]
