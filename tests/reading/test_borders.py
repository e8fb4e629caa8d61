"""Voxels on a contour, however far the contour reaches."""

from __future__ import annotations

import tracemalloc

import numpy as np

from napari_dicom_writer.reading.borders import touched


def test_a_contour_far_beyond_its_image_costs_no_more_than_the_image():
    there_and_back = [(1e6 * (-1) ** number, number % 8) for number in range(40)]
    ring = np.array([(-1e6, 3.0), (1e6, 3.0), *there_and_back])
    tracemalloc.start()
    try:
        found = touched([ring], (8, 8))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found[:, 3].all()
    assert peak < 2**20
