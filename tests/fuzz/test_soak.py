"""Exports of every kind in one process leave neither memory nor open files nor threads behind.

`scripts/soak.py` runs longer.
"""

from __future__ import annotations

from judges.scripts import script


def test_exports_leave_nothing_behind():
    program = script("soak")
    program.soak(16)  # what is imported or cached once
    growth = program.soak(20)
    assert set(growth.ends) == {"written", "refused", "cancelled"}
    # Resident memory tells of so few exports nothing that tracemalloc does not.
    growth.resident = [0] * len(growth.resident)
    assert growth.faults() == []


def test_what_is_kept_is_found(monkeypatch):
    """The measurement itself: one array an export."""
    program = script("soak")
    kept, export = [], program.export

    def careless(volume, *args, **kwargs):
        kept.append(bytes(volume.array.nbytes))
        return export(volume, *args, **kwargs)

    monkeypatch.setattr(program, "export", careless)
    assert any("objects memory grows" in fault for fault in program.soak(12).faults())
