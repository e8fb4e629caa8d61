"""Exports of every kind in one process leave neither memory nor open files nor threads behind.

`scripts/soak.py` runs longer.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "soak.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("soak", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["soak"]


def test_exports_leave_nothing_behind(script):
    script.soak(16)  # what is imported or cached once
    growth = script.soak(20)
    assert set(growth.ends) == {"written", "refused", "cancelled"}
    # Resident memory tells of so few exports nothing that tracemalloc does not.
    growth.resident = [0] * len(growth.resident)
    assert growth.faults() == []


def test_what_is_kept_is_found(script, monkeypatch):
    """The measurement itself: one array an export."""
    kept, export = [], script.export

    def careless(volume, *args, **kwargs):
        kept.append(bytes(volume.array.nbytes))
        return export(volume, *args, **kwargs)

    monkeypatch.setattr(script, "export", careless)
    assert any("objects memory grows" in fault for fault in script.soak(12).faults())
