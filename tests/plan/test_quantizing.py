"""Rounding to steps, in single and in double precision: as near as announced, 0 exactly 0, never wrapped."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from napari_dicom_writer import ExportOptions
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.model.value_range import ValueRange
from napari_dicom_writer.plan.stored_values import Method, StoredValues
from napari_dicom_writer.planning.value_policy import plan_values

DTYPES = ["f2", "f4", ">f4", "f8", "i4", "u8"]


def planned(values, iod="ct", **options) -> StoredValues:
    """How the policy stores these values."""
    found = ValueRange()
    found.add(values)
    stored, _ = plan_values(values.dtype, found, IODS[iod].rules, ExportOptions(**options), samples=1)
    return stored


def noise(low, high, dtype="f4", shape=(40, 50), seed=0) -> np.ndarray:
    """Seeded values from `low` to `high`, both among them."""
    values = np.random.default_rng(seed).random(shape) * (high - low) + low
    values.flat[:2] = low, high
    return values.astype(dtype)


def exact_errors(stored, codes, values) -> list[Fraction]:
    """How far each value is from its own, without any rounding: the numbers are those a reader parses."""
    slope, intercept = Fraction(stored.slope), Fraction(stored.intercept)
    return [
        abs(int(c) * slope + intercept - Fraction(v))
        for c, v in zip(codes.ravel().tolist(), values.ravel().tolist(), strict=True)
    ]


@settings(max_examples=150, deadline=None)
@given(
    low=st.floats(-1e30, 1e30),
    span=st.floats(1e-30, 1e30),
    dtype=st.sampled_from(["f2", "f4", ">f4", "f8"]),
    iod=st.sampled_from(["ct", "mr", "pet"]),
    seed=st.integers(0, 2**32 - 1),
)
@example(low=1e6, span=1.0, dtype="f4", iod="ct", seed=0)
@example(low=-1.0, span=1.0, dtype="f4", iod="ct", seed=0)
@example(low=-1e-6, span=1e6, dtype="f4", iod="ct", seed=0)
@example(low=16777216.0, span=300.0, dtype="f4", iod="pet", seed=0)
def test_values_are_as_near_as_announced_for_any_range(low, span, dtype, iod, seed):
    with np.errstate(over="ignore"):
        values = noise(low, low + span, dtype, shape=(10, 10), seed=seed)
    values[~np.isfinite(values)] = 0
    stored = planned(values, iod)
    codes = stored.encode(values)
    assert codes.dtype == stored.dtype
    assert max(exact_errors(stored, codes, values)) <= Fraction(stored.largest_error)
    assert stored.matches(codes, values)


@settings(max_examples=100, deadline=None)
@given(
    low=st.floats(-1e30, 0),
    high=st.floats(0, 1e30),
    dtype=st.sampled_from(["f4", "f8"]),
    iod=st.sampled_from(["ct", "mr", "pet"]),
)
def test_zero_stays_exactly_zero(low, high, dtype, iod):
    values = noise(low, high, dtype, shape=(4, 4))
    values[1:] = 0
    values[2] = -0.0
    stored = planned(values, iod)
    codes = stored.encode(values)[1:]
    assert (stored.decode(codes) == 0).all()
    assert set(exact_errors(stored, codes, values[1:])) == {0}


@pytest.mark.parametrize("dtype", ["f2", "f4"])
@pytest.mark.parametrize(("low", "high"), [(0, 1), (-1, 1), (-1, 0), (-0.5, 1.5), (-1000, 3000.5)])
@pytest.mark.parametrize("iod", ["ct", "mr", "pet"])
def test_single_precision_is_within_a_hundredth_of_a_step_of_double(low, high, dtype, iod):
    values = noise(low, high, dtype, shape=(200, 500))
    stored = planned(values, iod)
    assert stored.single_error is not None
    step = float(stored.slope)
    assert stored.largest_error <= 0.508 * step
    codes = stored.encode(values)
    apart = np.abs(stored.decode(codes) - values.astype("f8")).max()
    assert 0.45 * step < apart <= stored.largest_error


@pytest.mark.parametrize(
    ("low", "high", "dtype"), [(1e6, 1e6 + 1, "f4"), (0.1, 1, "f4"), (0, 1e-36, "f4"), (0, 1e36, "f4"), (0, 1, "f8")]
)
def test_double_precision_is_used_where_single_loses_digits(low, high, dtype):
    stored = planned(noise(low, high, dtype))
    assert (stored.method, stored.single_error) == (Method.QUANTIZE, None)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("iod", ["ct", "pet"])
def test_a_step_more_or_less_is_found_wherever_it_is(dtype, iod):
    values = noise(-60000 if dtype != "u8" else 0, 60000, dtype, shape=(10, 30))
    if values.dtype.kind in "iu":
        values *= 1000
    stored = planned(values, iod)
    codes = stored.encode(values)
    middle = int(np.median(codes))
    for place in range(0, codes.size, 29):
        for wrong in (int(codes.flat[place]) + 1, int(codes.flat[place]) - 1, middle):
            changed = codes.copy()
            changed.flat[place] = np.clip(wrong, *(np.iinfo(codes.dtype).min, np.iinfo(codes.dtype).max))
            within = max(exact_errors(stored, changed, values)) <= Fraction(stored.largest_error)
            assert stored.matches(changed, values) == within


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("iod", ["ct", "mr", "pet"])
def test_values_that_changed_after_the_scan_are_clipped_and_noticed(dtype, iod):
    values = noise(-1, 1, dtype)
    stored = planned(values, iod)
    changed = values.copy()
    changed.flat[7], changed.flat[8] = 1e9, -1e9
    codes = stored.encode(changed)
    assert stored.decode(codes).flat[7] >= 1
    assert stored.decode(codes).flat[8] <= -1
    assert not stored.matches(codes, changed)
    changed.flat[7:9] = values.flat[7:9]
    changed.flat[9] = np.nan
    assert not stored.matches(stored.encode(changed), changed)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("fill", [0, -2000.5, 1e6])
def test_a_fill_is_stored_as_near_as_any_value(dtype, fill):
    values = noise(-1000, 1000.5, dtype)
    values[3:20, 4] = np.nan
    values[5, 5], values[6, 6] = np.inf, -np.inf
    stored = planned(values, nan=fill)
    codes = stored.encode(values)
    filled = np.where(np.isfinite(values), values.astype("f8"), fill)
    assert np.abs(stored.decode(codes) - filled).max() <= stored.largest_error
    assert stored.matches(codes, values)
    codes[5, 5] += 1
    assert not stored.matches(codes, values)


@pytest.mark.parametrize("shape", [(1, 1), (1, 70000), (70000, 1), (300, 513)])
@pytest.mark.parametrize("view", [np.s_[:], np.s_[::-1], np.s_[:, ::-1]])
def test_blocks_cover_planes_of_any_shape_and_order(shape, view):
    values = noise(-1, 1, shape=shape)[view] if shape != (1, 1) else np.full(shape, 0.1, "f4")
    stored = planned(values)
    codes = stored.encode(values)
    assert codes.flags.c_contiguous
    assert np.abs(stored.decode(codes) - values.astype("f8")).max() <= stored.largest_error
    assert stored.matches(codes, values)
    codes[-1, -1] = 0 if codes[-1, -1] > 40000 else 60000
    assert not stored.matches(codes, values)
