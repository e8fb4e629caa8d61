"""A few runs of every kind of fault; all of them with NAPARI_DICOM_WRITER_FAULTS=all, or by scripts/faults.py."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.campaign import LONG, Campaign
from faults.disks import ext4_disk, small_disk
from faults.kinds import KINDS
from faults.lab import Lab

if not hasattr(os, "fork"):
    pytest.skip("a thousand runs are affordable only where processes fork", allow_module_level=True)

THOROUGH = os.environ.get("NAPARI_DICOM_WRITER_FAULTS") == "all"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with tempfile.TemporaryDirectory() as folder, Lab(Path(folder)) as found:
        yield found


@pytest.fixture(scope="module")
def small() -> Iterator[Path | None]:
    with small_disk() as found:
        yield found


@pytest.fixture(scope="module")
def ext4() -> Iterator[tuple[Path, Path] | None]:
    with ext4_disk() as found:
        yield found


@pytest.fixture
def campaign(lab, small, ext4) -> Campaign:
    return Campaign(lab, small, ext4, thorough=THOROUGH)


@pytest.mark.parametrize("kind", KINDS, ids="; ".join)
def test_a_whole_series_or_nothing(kind, campaign):
    outcomes = list(KINDS[kind](campaign))
    if not outcomes and kind[0].endswith(("ext4", "tmpfs")):
        pytest.skip("the tests may not mount a disk here")
    assert outcomes
    assert [(outcome.problems, outcome.answer) for outcome in outcomes if outcome.problems] == []


@pytest.mark.parametrize("overwrite", [False, True])
def test_without_flushing_a_power_cut_leaves_half_a_series(campaign, ext4, overwrite):
    """So the runs with power cuts show something: the very same, but for the flush."""
    if ext4 is None:
        pytest.skip("the tests may not mount a disk here")
    states = []
    # On a busy machine the system may have written everything by itself.
    while "half" not in states and len(states) < 10:
        outcome = campaign.power_cut(*ext4, overwrite=overwrite, source=LONG, unflushed=True)
        assert outcome.answer["error"] == ""
        states.append(outcome.state)
    assert "half" in states


def test_a_fault_is_noticed(lab):
    """So the runs show something: a series of other voxels is half of what was to be written."""
    target = lab.place(overwrite=True)
    outcome = lab.look(target, None, {}, {})
    assert outcome.state == "half"
    assert outcome.problems == ["half of the series is there"]
