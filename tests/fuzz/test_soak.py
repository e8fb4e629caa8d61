"""Exports of every kind in one process leave neither memory nor open files nor threads behind.

`scripts/soak.py` runs longer.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from judges.scripts import script

_SCRIPTS = Path(__file__).parents[2] / "scripts"
# Resident memory tells of so few exports nothing that tracemalloc does not.
_PROGRAM = """
from soak import soak

soak(16)  # what is imported or cached once
growth = soak(20)
growth.resident = [0] * len(growth.resident)
print(sorted(growth.ends), growth.faults())
"""


def test_exports_leave_nothing_behind():
    """In a process of its own: threads of other tests open files when they like."""
    command = [sys.executable, "-c", _PROGRAM]
    answer = subprocess.run(command, cwd=_SCRIPTS, capture_output=True, encoding="utf-8", check=True)
    assert answer.stdout.strip() == "['cancelled', 'refused', 'written'] []", answer.stderr


def test_what_is_kept_is_found(monkeypatch):
    """The measurement itself: one array an export."""
    program = script("soak")
    kept, export = [], program.export

    def careless(volume, *args, **kwargs):
        kept.append(bytes(volume.array.nbytes))
        return export(volume, *args, **kwargs)

    monkeypatch.setattr(program, "export", careless)
    assert any("objects memory grows" in fault for fault in program.soak(12).faults())
