"""How long an export will take yet."""

from __future__ import annotations

import math

import numpy as np

from napari_dicom_writer._napari.dock.work.pace import Pace


def test_pace_is_steady_though_slabs_come_in_bursts():
    pace = Pace(0.0)
    times = np.arange(0.05, 60, 0.05)
    done = np.minimum(1000, (times // 2).astype(int) * 40)  # 40 instances every two seconds
    lefts = [pace.judge(t, int(n), 2000)[1] for t, n in zip(times, done, strict=True)]
    assert all(math.isnan(left) for t, left in zip(times, lefts, strict=True) if t < 2)
    late = [(t, left) for t, left in zip(times, lefts, strict=True) if 10 < t < 50]
    assert all(abs(left - (100 - t)) < 0.35 * (100 - t) for t, left in late)


def test_no_pace_in_the_first_half_second():
    assert all(math.isnan(value) for value in Pace(0.0).judge(0.4, 100, 1000))
