"""What napari displays is what the window says, by the formulas of PS3.3 C.11.2.1, in every object."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from pydicom.pixels import apply_voi_lut

from judges.readers import read_series, real_values
from judges.tables import MODALITIES
from napari_dicom_writer import ExportOptions, NoteKind, Volume, export, plan_export

RAMP = np.arange(24).reshape(2, 3, 4)
EVERY_MODALITY = pytest.mark.parametrize("modality", MODALITIES)


def first_instance(array, limits, path, modality):
    report = export(Volume(array, spacing=(1, 1, 1), window=limits), path / "out", ExportOptions(modality=modality))
    return read_series(report.path)[0][0]


def is_shown(instance, low, high):
    """Whether the window is LINEAR from `low` to `high` (C.11.2.1.2.1), and leaves its function unsaid."""
    center, width = float(instance.WindowCenter), float(instance.WindowWidth)
    lowest, highest = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
    close = pytest.approx((low, high), abs=1e-9 * max(1, abs(low), abs(high)))
    return "VOILUTFunction" not in instance and width >= 1 and (lowest, highest) == close


@EVERY_MODALITY
@pytest.mark.parametrize("limits", [(0, 255), (-1024, 3071), (5, 6), (3, 3), (np.int64(2), np.int64(9))])
def test_integers_have_a_linear_window(tmp_path, modality, limits):
    assert is_shown(first_instance(RAMP.astype("i2"), limits, tmp_path, modality), *limits)


@pytest.mark.parametrize("modality", ["OT", "CT", "PT"])
@pytest.mark.parametrize("limits", [(0.25, 0.75), (-1e-6, 1e-6), (-3e4, 5e5)])
def test_floats_have_a_linear_window_of_real_values(tmp_path, modality, limits):
    assert is_shown(first_instance(RAMP / 23, limits, tmp_path, modality), *limits)


@EVERY_MODALITY
@pytest.mark.parametrize("low", [0.25, -37.0, 1e4])
@pytest.mark.parametrize("array", [RAMP.astype("i2"), RAMP / 23, RAMP.astype("u1")], ids=["i2", "f8", "u1"])
def test_every_gray_series_has_a_window_the_range_of_the_data_where_nothing_is_said(tmp_path, modality, array, low):
    array = array + array.dtype.type(low) if array.dtype.kind != "u" else array
    instance = first_instance(array, None, tmp_path, modality)
    low, high = (array.min(), array.max())
    if modality == "MR" and array.dtype.kind == "f":  # the window applies to stored values
        mapping = instance.RealWorldValueMappingSequence[0]
        low, high = ((v - mapping.RealWorldValueIntercept) / mapping.RealWorldValueSlope for v in (low, high))
    assert is_shown(instance, low, high)


@EVERY_MODALITY
@pytest.mark.parametrize(
    "array", [RAMP.astype("i2"), RAMP / 23 - 0.5, 1000 * RAMP + 10**5], ids=["int", "float", "offset"]
)
def test_limits_are_black_and_white(tmp_path, modality, array):
    """pydicom shows real values up to the low limit black, from the high one on white, and the rest rising between."""
    low, high = (float(limit) for limit in np.quantile(array[0], [0.25, 0.75], method="nearest"))
    instance = first_instance(array, (low, high), tmp_path, modality)
    real = real_values(instance).ravel()
    # In MR the window applies to stored values: there is no Modality LUT to come before it.
    stored = instance.pixel_array if modality == "MR" else real_values(instance)
    shown = apply_voi_lut(stored, instance).astype(float).ravel()
    noise = 1e-9 * max(1, high - low)
    black, white = real <= low - noise, real >= high + noise
    assert (shown[black] == shown.min()).all()
    assert (shown[white] == shown.max()).all()
    assert black.any()
    assert white.any()
    between = (real > low + noise) & (real < high - noise)
    assert ((shown > shown.min()) & (shown < shown.max()))[between].all()
    assert (np.diff(shown[np.argsort(real)]) >= 0).all()


@pytest.mark.parametrize("limits", [(np.nan, 1), (0, np.inf), (2, 1), (-1.7e308, 1.7e308)])
def test_limits_that_make_no_window_give_way_to_the_range_with_a_note(tmp_path, limits):
    volume = Volume(RAMP.astype("i2"), spacing=(1, 1, 1), window=limits)
    assert [n.kind for n in plan_export(volume).notes] == [NoteKind.LOST]
    assert is_shown(first_instance(RAMP.astype("i2"), limits, tmp_path, "OT"), 0, 23)


def test_a_filled_value_is_in_the_range_that_is_displayed(tmp_path):
    array = np.where(RAMP == 5, np.nan, RAMP / 2)
    report = export(Volume(array, spacing=(1, 1, 1)), tmp_path / "out", ExportOptions(nan=-100))
    assert is_shown(read_series(report.path)[0][0], -100, 11.5)


class Counted:
    """A lazy array that counts how many values it handed out."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.read = array, array.shape, array.dtype, 0

    def __getitem__(self, index):
        values = self.array[index]
        self.read += values.size
        return values


def test_of_lazy_data_a_sample_is_looked_at_and_said():
    array = np.random.default_rng(0).integers(100, 200, (64, 300, 300)).astype("u2")
    lazy = Counted(array)
    plan = plan_export(Volume(lazy, spacing=(1, 1, 1)))
    assert lazy.read <= array.size // 50
    assert [n.text for n in plan.notes] == ["Displayed from 100 to 199, the range of a sample of its values"]


@pytest.mark.parametrize("make", [Counted, np.asarray], ids=["lazy", "in memory"])
def test_a_constant_sample_does_not_make_everything_else_white(make):
    array = np.zeros((200, 400, 400), "i2")
    array[199, 399, 398:] = (-40, 70)
    window = plan_export(Volume(make(array), spacing=(1, 1, 1))).series[0].window
    assert (float(window.center), float(window.width)) == (15.5, 111)


def test_colors_have_no_window(tmp_path):
    volume = Volume(np.zeros((2, 3, 4, 3), "u1"), spacing=(1, 1, 1), rgb=True, window=(0, 255))
    instance = read_series(export(volume, tmp_path / "out").path)[0][0]
    assert "WindowCenter" not in instance


@EVERY_MODALITY
@pytest.mark.parametrize("spacing", [(2.5, 0.7, 0.8), (1e-4, 1e-3, 1e-3)])
def test_every_object_with_planes_says_how_far_apart_they_are(tmp_path, modality, spacing):
    volume = Volume(RAMP.astype("i2"), spacing=spacing, window=(0, 1))
    instance = read_series(export(volume, tmp_path / "out", ExportOptions(modality=modality)).path)[0][0]
    assert float(instance.SpacingBetweenSlices) == spacing[0]


@EVERY_MODALITY
def test_a_single_plane_has_no_spacing(tmp_path, modality):
    volume = Volume(RAMP[0].astype("i2"), spacing=(1, 1), window=(0, 1))
    instance = read_series(export(volume, tmp_path / "out", ExportOptions(modality=modality)).path)[0][0]
    assert "SpacingBetweenSlices" not in instance


def test_channels_of_small_planes_have_a_window_each():
    """However many of them are read together."""
    array = np.stack([RAMP, RAMP + 1000, RAMP * 10]).astype(np.uint16)
    plan = plan_export(Volume(array, spacing=(1, 1, 1), axes=("channel", "plane", "row", "column")), ExportOptions())
    shown = [(float(series.window.center), float(series.window.width)) for series in plan.series]
    assert shown == [(12, 24), (1012, 24), (115.5, 231)]


def test_a_constant_channel_of_lazy_data_has_a_window_of_its_own():
    array = da.from_array(np.stack([np.full_like(RAMP, 5), RAMP * 10]).astype(np.int16))
    plan = plan_export(Volume(array, spacing=(1, 1, 1), axes=("channel", "plane", "row", "column")))
    assert (float(plan.series[0].window.center), float(plan.series[0].window.width)) == (5.5, 1)
