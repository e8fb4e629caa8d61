"""Fixtures for all tests."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import config

from judges.volumes import oblique_volume

if TYPE_CHECKING:
    from napari_dicom_writer import Volume

WINDOWS = Path(__file__).parent / "_napari"

# Programs of their own, which make faults as POSIX has them: Windows cannot even import them.
collect_ignore = [] if hasattr(os, "fork") else ["faults/child.py", "faults/elsewhere.py"]

# Each test process has napari settings of its own, away from the user's; napari reads this when it is imported.
_SETTINGS = tempfile.TemporaryDirectory(prefix="napari-settings-")
os.environ["NAPARI_CONFIG"] = str(Path(_SETTINGS.name) / "settings.yaml")

# A hundred processes that tests start would else compile the package, which takes longer than what they do.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let digests of files be recorded anew; see tests/whole/test_same_bytes.py."""
    parser.addoption("--record", action="store_true", help="record the digests of files anew")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all that opens windows in one process: on one screen, two would take the keyboard from each other."""
    for item in items:
        if WINDOWS in item.path.parents or "qapp" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("screen"))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to go on where pytest-xdist tears groups of tests apart without a word."""
    marked = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if getattr(session.config.option, "loadgroup", False) and any("@" not in item.nodeid for item in marked):
        raise pytest.UsageError("pytest-xdist does not see groups of tests with this pytest: take pytest<9.2")
    _freeze()


def _freeze() -> None:
    """Let the garbage collector leave alone what is there before the first test: napari has it run for each viewer.

    Of all tests, these are more than half a million objects, and half a second of each test with a viewer (measured).
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def strict_pydicom(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt keyword, or a value its VR does not allow, is an error wherever pydicom sees it."""
    monkeypatch.setattr(config, "INVALID_KEYWORD_BEHAVIOR", "RAISE")
    monkeypatch.setattr(config.settings, "writing_validation_mode", config.RAISE)


@pytest.fixture
def indexed_volume() -> Volume:
    """An oblique, anisotropic volume whose voxels hold their own index."""
    return oblique_volume()
