"""What napari displays is what the window says, by the formulas of PS3.3 C.11.2.1."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.pixels import apply_voi_lut

from judges import read_series, real_values
from napari_dicom_writer import ExportOptions, Volume, export

RAMP = np.arange(24).reshape(2, 3, 4)
MODALITIES = pytest.mark.parametrize("modality", ["OT", "CT", "MR", "PT"])


def first_instance(array, limits, path, modality):
    report = export(Volume(array, spacing=(1, 1, 1), window=limits), path / "out", ExportOptions(modality=modality))
    return read_series(report.path)[0][0]


@MODALITIES
@pytest.mark.parametrize("limits", [(0, 255), (-1024, 3071), (5, 6), (3, 3), (np.int64(2), np.int64(9))])
def test_integers_have_a_linear_window(tmp_path, modality, limits):
    instance = first_instance(RAMP.astype("i2"), limits, tmp_path, modality)
    low, high = limits
    assert instance.VOILUTFunction == "LINEAR"
    assert float(instance.WindowWidth) == high - low + 1
    assert float(instance.WindowCenter) == low + (high - low + 1) / 2
    # C.11.2.1.2.1: the lowest and highest value that are not clipped
    center, width = float(instance.WindowCenter), float(instance.WindowWidth)
    assert center - 0.5 - (width - 1) / 2 == low
    assert center - 0.5 + (width - 1) / 2 == high


@pytest.mark.parametrize("modality", ["OT", "CT", "PT"])
@pytest.mark.parametrize("limits", [(0.25, 0.75), (-1e-6, 1e-6), (-3e4, 5e5)])
def test_floats_have_an_exact_linear_window_of_real_values(tmp_path, modality, limits):
    instance = first_instance(RAMP / 23, limits, tmp_path, modality)
    low, high = limits
    assert instance.VOILUTFunction == "LINEAR_EXACT"
    assert float(instance.WindowCenter) == pytest.approx((low + high) / 2, abs=1e-12)
    assert float(instance.WindowWidth) == pytest.approx(high - low)


@MODALITIES
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
    noise = 1e-9 * (high - low)
    black, white = real <= low - noise, real >= high + noise
    assert (shown[black] == shown.min()).all()
    assert (shown[white] == shown.max()).all()
    assert black.any()
    assert white.any()
    between = (real > low + noise) & (real < high - noise)
    assert ((shown > shown.min()) & (shown < shown.max()))[between].all()
    assert (np.diff(shown[np.argsort(real)]) >= 0).all()


def test_a_window_past_double_precision_does_not_break_the_export(tmp_path):
    instance = first_instance(RAMP.astype("f4"), (-1.7e308, 1.7e308), tmp_path, "OT")
    assert "WindowWidth" not in instance or np.isfinite(float(instance.WindowWidth))


@pytest.mark.parametrize("limits", [None, (np.nan, 1), (0, np.inf), (2, 1)])
def test_limits_that_say_nothing_make_no_window(tmp_path, limits):
    instance = first_instance(RAMP.astype("i2"), limits, tmp_path, "OT")
    assert not {"WindowCenter", "WindowWidth", "VOILUTFunction"} & set(instance.dir())


def test_colours_have_no_window(tmp_path):
    volume = Volume(np.zeros((2, 3, 4, 3), "u1"), spacing=(1, 1, 1), rgb=True, window=(0, 255))
    instance = read_series(export(volume, tmp_path / "out").path)[0][0]
    assert "WindowCenter" not in instance
