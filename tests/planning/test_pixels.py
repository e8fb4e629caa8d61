"""What is stored for which values, at the edges of every range; read back by pydicom."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from judges.readers import read_series, real_values
from judges.tables import MODALITIES
from napari_dicom_writer import ExportOptions, PixelError, Volume, export, plan_export

SHAPE = (2, 3, 4)


def spread(values, dtype) -> np.ndarray:
    """A volume that holds all of `values`, the rest filled up by repeating them."""
    return np.resize(np.array(values, dtype), SHAPE)


def stored_of(array, **options):
    (series,) = plan_export(Volume(array, spacing=(1, 1, 1)), ExportOptions(**options)).series
    return series.stored


def written(array, path, **options) -> tuple[np.ndarray, float]:
    """Real values as read back, and the largest error the plan announced."""
    report = export(Volume(array, spacing=(1, 1, 1)), path / "out", ExportOptions(**options))
    (series,) = report.plan.series
    lost = [note.text for note in series.notes if "largest error" in note.text]
    assert bool(lost) == (series.stored.largest_error > 0)
    (instances,) = read_series(report.path)
    return np.stack([real_values(instance) for instance in instances]), series.stored.largest_error


def check_written(array, path, **options) -> float:
    """Read values are the layer's, or as near as the plan announced, which is no more than a 16-bit step."""
    found, error = written(array, path, **options)
    if not error:
        assert all(int(f) == int(a) for f, a in zip(found.flat, array.flat, strict=True))
        return error
    wide = array.astype(np.longdouble)
    assert np.abs(found - wide).max() <= error
    largest = np.abs(wide).max()
    span = 2 * largest if options["modality"] == "PT" else np.ptp(wide)
    # A DS holds an intercept to ten digits.
    assert error <= 0.51 * span / 65534 + 1e-9 * largest, "the announced error is far over half a step"
    return error


INTEGERS = {
    "full int16": spread([-32768, -1, 0, 1, 32767], "i2"),
    "full uint16": spread([0, 1, 32768, 65535], "u2"),
    "full int8": spread([-128, 0, 127], "i1"),
    "int32 that fits": spread([-32768, 32767], "i4"),
    "uint32 that fits": spread([0, 65535], "u4"),
    "int64 offset": spread([10**9, 10**9 + 65535], "i8"),
    "negative offset": spread([-(10**9), -(10**9) + 65535], "i4"),
    "lowest int32": spread([-(2**31), -(2**31) + 65535], "i4"),
    "highest uint32": spread([2**32 - 65536, 2**32 - 1], "u4"),
    "int64 constant 7": spread([7], "i8"),
    "int64 constant 10**9": spread([10**9], "i8"),
    "negative only": spread([-3, -2], "i8"),
    "float with whole numbers": spread([-5, 0, 300], "f8"),
    "float offset": spread([70000, 70001, 100000], "f4"),
    "float16 with whole numbers": spread([0, 1, 2048], "f2"),
}
INEXACT = {
    "int32": spread([-(2**31), 0, 2**31 - 1], "i4"),
    "uint32": spread([0, 1, 2**32 - 1], "u4"),
    "int64 near 2**62": spread([2**62, 2**62 + 1, 2**62 + 65535], "i8"),
    "int64 constant 2**62": spread([2**62], "i8"),
    "full int64": spread([-(2**63), 0, 2**63 - 1], "i8"),
    "full uint64": spread([0, 2**64 - 1], "u8"),
    "float32": np.random.default_rng(0).normal(size=SHAPE).astype("f4"),
    "float far from 0": 1e6 + np.random.default_rng(0).random(SHAPE),
    "negative floats": -1 - np.random.default_rng(0).random(SHAPE),
    "float constant": spread([0.1], "f8"),
    "float constant 1/3 negative": spread([-1 / 3], "f4"),
    "float16": spread([0.1, 0.2, 3.5, -65504], "f2"),
    "1e300": spread([-9e299, 0.5, 9e299], "f8"),
    "float32 at its ends": spread([-3.4e38, 0, 3.4e38], "f4"),
    "tiny": spread([1e-90, 2e-90, 5e-90], "f8"),
    "longdouble": spread([0.1, 0.2, 1e10], np.longdouble),
}
UNEQUAL_TO_PET = ("int64 offset", "negative offset", "lowest int32", "highest uint32", "float offset")


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("name", INTEGERS)
def test_whole_numbers_that_fit_16_bits_are_exact(tmp_path, name, modality):
    inexact = modality == "PT" and (name in UNEQUAL_TO_PET or name == "int64 constant 10**9")
    error = check_written(INTEGERS[name], tmp_path, modality=modality)
    assert (error > 0) == inexact, "PET has no intercept; all others keep whole numbers"


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("name", INEXACT)
def test_other_values_are_as_near_as_announced(tmp_path, name, modality):
    check_written(INEXACT[name], tmp_path, modality=modality)


@pytest.mark.parametrize("modality", MODALITIES)
def test_denormals_become_0_within_the_announced_error(tmp_path, modality):
    found, error = written(spread([5e-324, 1e-310, 2e-308], "f8"), tmp_path, modality=modality)
    assert np.abs(found).max() <= error < 1e-98


@pytest.mark.parametrize("modality", ["OT", "MR", "PT"])
@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308], [0, 2e307], [1.7e308]])
def test_values_at_the_end_of_double_precision_are_refused(values, modality):
    with pytest.raises(PixelError, match="Scale"):
        stored_of(spread(values, "f8"), modality=modality)


@pytest.mark.skipif(np.finfo(np.longdouble).max <= np.finfo(float).max, reason="longdouble is double here")
@pytest.mark.parametrize("values", [["1e4000"], ["0", "1e4000"], ["-1e4000", "1e4000"]])
def test_longdouble_past_double_is_refused(values):
    array = spread([np.longdouble(value) for value in values], np.longdouble)
    with pytest.raises(PixelError):
        plan_export(Volume(array, spacing=(1, 1, 1)))


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 1)])
@pytest.mark.parametrize("value", [5, -1.5, 200])
@pytest.mark.parametrize("modality", MODALITIES)
def test_one_voxel(tmp_path, shape, value, modality):
    array = np.full(shape, value)
    found, error = written(array, tmp_path, modality=modality)
    assert found.shape == (1, 1, 1)
    assert abs(found.item() - value) <= error


def test_a_background_of_0_stays_exactly_0(tmp_path):
    """Readers compute in double precision; a mask of ``image > 0`` must not take in the background."""
    rng = np.random.default_rng(1)
    for number in range(10):
        array = rng.normal(scale=10.0 ** rng.integers(-8, 8), size=SHAPE)
        array[0] = 0
        found, _ = written(array, tmp_path / str(number))
        assert (found[0] == 0).all()


def test_time_points_of_a_channel_share_one_slope():
    array = np.random.default_rng(0).normal(size=(3, 2, *SHAPE)) * np.array([1, 100])[:, None, None, None][None]
    volume = Volume(array, spacing=(1, 1, 1), axes=("time", "channel", "plane", "row", "column"))
    first, second = plan_export(volume, ExportOptions(modality="CT")).series
    assert float(second.stored.slope) > 50 * float(first.stored.slope)


# --- values that are not finite ---------------------------------------------------------------------------------------

NOT_FINITE = {
    "NaN": ([np.nan, 1.5, 2.5], "8 NaN values"),
    "infinite": ([np.inf, -np.inf, 2.5], "16 infinite values"),
    "both": ([np.nan, np.inf, 0], "8 NaN and 8 infinite values"),
    "nothing else": ([np.nan], "24 NaN values"),
}


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
@pytest.mark.parametrize("name", NOT_FINITE)
def test_nan_and_infinity_are_refused_and_counted(name, dtype):
    values, message = NOT_FINITE[name]
    with pytest.raises(PixelError, match=f"{message}.*nan=0"):
        stored_of(spread(values, dtype))


@pytest.mark.parametrize("fill", [0, -1000, 0.25, 65535, 1e6, 70001])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", np.longdouble])
@pytest.mark.parametrize("name", NOT_FINITE)
def test_a_fill_value_replaces_them(tmp_path, name, dtype, fill):
    array = spread(NOT_FINITE[name][0], dtype)
    found, error = written(array, tmp_path, nan=fill)
    expected = np.where(np.isfinite(array), array.astype(float), fill)
    assert np.abs(found - expected).max() <= error


@pytest.mark.parametrize("fill", [4097, 65535])
def test_a_fill_that_float16_cannot_hold_is_exact(tmp_path, fill):
    found, error = written(spread([np.nan, 1, 2], "f2"), tmp_path, nan=fill)
    assert (found.flat[0], error) == (fill, 0)


def test_a_fill_value_without_nan_changes_nothing():
    array = spread([1.5, 2.5], "f4")
    assert stored_of(array, nan=-1e9) == stored_of(array)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["c8", "O", "U3", "M8[s]"])
def test_values_that_are_no_numbers_are_refused(dtype):
    with pytest.raises(PixelError):
        plan_export(Volume(np.zeros(SHAPE, dtype), spacing=(1, 1, 1)))


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4), (2, 3, 0)])
def test_an_empty_array_is_refused(shape):
    with pytest.raises(PixelError, match="empty"):
        plan_export(Volume(np.zeros(shape), spacing=(1, 1, 1)))


def test_a_mask_is_refused():
    with pytest.raises(PixelError, match="masked"):
        plan_export(Volume(np.ma.masked_less(spread([1, 2], "i2"), 2), spacing=(1, 1, 1)))


@pytest.mark.parametrize("shape", [(1, 65536, 1), (1, 1, 65536)])
def test_more_than_16_bits_of_rows_are_refused(shape):
    with pytest.raises(PixelError, match="65,536"):
        plan_export(Volume(np.zeros(shape, "u1"), spacing=(1, 1, 1)))


def test_a_plane_past_4_gib_is_refused():
    huge = np.broadcast_to(np.uint16(0), (1, 65535, 65535))
    with pytest.raises(PixelError, match="4 GiB"):
        plan_export(Volume(huge, spacing=(1, 1, 1)))


def test_exact_refuses_what_fit_would_round():
    assert stored_of(INTEGERS["int64 offset"], values="exact").largest_error == 0
    for inexact in (INEXACT["float32"], INEXACT["full int64"]):
        with pytest.raises(PixelError, match="exactly"):
            stored_of(inexact, values="exact")
    with pytest.raises(PixelError, match="exactly"):
        stored_of(spread([np.nan, 1], "f4"), values="exact", nan=0)


def test_planning_raises_no_warnings_for_any_bits(tmp_path):
    rng = np.random.default_rng(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for dtype in ("f2", "f4", "f8"):
            raw = rng.integers(0, 256, np.prod(SHAPE) * np.dtype(dtype).itemsize, "u1")
            array = raw.view(dtype).reshape(SHAPE)
            array = np.where(np.abs(array.astype("f8")) < 1e299, array, np.nan).astype(dtype)
            found, error = written(array, tmp_path / dtype, nan=0)
            assert np.abs(found - np.nan_to_num(array.astype("f8"), posinf=0, neginf=0)).max() <= error
