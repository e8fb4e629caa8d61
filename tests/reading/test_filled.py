"""Contours of one region that overlap, or lie in each other: found where their boxes meet, and nowhere else."""

from __future__ import annotations

import tracemalloc

import numpy as np

from napari_dicom_writer.model.tracing import fill
from napari_dicom_writer.reading.filled import Patch, _share_in_part

SQUARE = np.array([(0.0, 0.0), (0.0, 4.5), (4.5, 4.5), (4.5, 0.0)])


def test_many_islands_cost_no_more_than_their_boxes():
    places = np.stack(np.meshgrid(np.arange(15), np.arange(15)), axis=-1).reshape(-1, 2) * 32 + 0.2
    patch = Patch(1, (0, 0), (512, 512), tuple(SQUARE + place for place in places))
    tracemalloc.start()
    try:
        assert not _share_in_part(patch)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**21


def test_overlaps_are_those_of_the_whole_plane():
    rng = np.random.default_rng(0)
    answers = set()
    for _ in range(60):
        rings = tuple(SQUARE * rng.uniform(0.3, 1.5) + rng.uniform(-3, 14, 2) for _ in range(3))
        masks = [fill([ring], (16, 16)) for ring in rings]
        pairs = [(masks[a], masks[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
        wanted = any((a & b).any() and (a & ~b).any() and (b & ~a).any() for a, b in pairs)
        assert _share_in_part(Patch(1, (0, 0), (16, 16), rings)) == wanted
        answers.add(wanted)
    assert answers == {True, False}
