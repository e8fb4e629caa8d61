"""Arrays of xarray: their coordinates are a place, and uneven ones no spacing."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from napari.layers import Image

from napari_dicom_writer import ExportError, NoteKind, plan_export

VALUES = np.arange(4 * 5 * 6, dtype="i2").reshape(4, 5, 6)


def array(z=(10, 12.5, 15, 17.5), unit="mm", **more):
    at = {"z": z, "y": 3 + 0.5 * np.arange(5), "x": 0.7 * np.arange(6, dtype="f4")} | more
    coordinates = {name: (name, np.array(values), {"units": unit}) for name, values in at.items()}
    return xr.DataArray(VALUES, dims=("z", "y", "x"), coords=coordinates)


def named(data):
    return Image(data, name="x")


@pytest.mark.parametrize("given", [lambda a: a, lambda a: (a, {"name": "x"}, "image"), named])
def test_coordinates_are_the_place_of_what_says_none_itself(given):
    plan = plan_export(given(array()))
    (series,) = plan.series
    assert series.spacing == pytest.approx((2.5, 0.5, 0.7), abs=1e-6)
    assert [float(part) for part in series.instances[0].frames[0].position] == [0, 3, 10]
    assert not [note for note in plan.notes if "pixel" in note.text]


def test_a_layer_goes_before_its_coordinates():
    (series,) = plan_export((array(), {"scale": (2, 1, 1), "units": ("mm",) * 3}, "image")).series
    assert series.spacing == (2, 1, 1)


def test_coordinates_that_fall_are_a_place_too():
    (series,) = plan_export(array(z=(17.5, 15, 12.5, 10))).series
    frames = [instance.frames[0] for instance in series.instances]
    assert [(frame.plane, float(frame.position[2])) for frame in frames] == [(3, 10), (2, 12.5), (1, 15), (0, 17.5)]


@pytest.mark.parametrize("given", [lambda a: a, lambda a: (a, {"scale": (1, 1, 1)}, "image"), named])
@pytest.mark.parametrize("wrong", [{"z": (0, 1, 2, 4)}, {"x": (0, 1, 2, 3, 4, np.nan)}])
def test_uneven_coordinates_are_refused(given, wrong):
    with pytest.raises(ExportError, match=f"coordinates of axis '{next(iter(wrong))}' are not evenly spaced"):
        plan_export(given(array(**wrong)))


@pytest.mark.parametrize("given", [lambda a: a, named])
def test_moments_are_a_time_axis(given):
    times = np.datetime64("2026-01-01T10:00") + np.arange(3) * np.timedelta64(1500, "ms")
    data = xr.DataArray(np.stack([VALUES] * 3), dims=("t", "z", "y", "x"), coords={"t": times})
    plan = plan_export(given(data))
    assert (plan.series[0].time.step, plan.series[0].time.start) == (1.5, 0)
    (lost,) = [note.text for note in plan.notes if note.kind is NoteKind.LOST]
    assert lost == "Axis 't' begins at 2026-01-01T10:00:00.000, which is not written"


def test_durations_are_a_time_axis_too():
    data = xr.DataArray(
        np.stack([VALUES] * 2), dims=("t", "z", "y", "x"), coords={"t": np.array([500, 2000], "m8[ms]")}
    )
    (series,) = plan_export(data).series
    assert (series.time.step, series.time.start) == (1.5, 0.5)


def test_uneven_moments_are_refused_and_uneven_channels_are_none():
    data = xr.DataArray(np.stack([VALUES] * 3), dims=("t", "z", "y", "x"), coords={"t": ("t", [0.0, 1, 5])})
    with pytest.raises(ExportError, match="coordinates of axis 't' are not evenly spaced"):
        plan_export(data)
    assert len(plan_export(data.rename(t="channel")).series) == 3


def test_the_step_of_a_single_coordinate_is_assumed():
    notes = [note.text for note in plan_export(array()[:1]).notes]
    assert "Axis 'z' has one coordinate, which says no step: taken as 1 mm" in notes
    timed = xr.DataArray(VALUES[np.newaxis], dims=("t", "z", "y", "x"), coords={"t": [3.0]})
    assert not [note for note in plan_export(timed).notes if "one coordinate" in note.text]


def test_what_is_no_length_is_refused():
    with pytest.raises(ExportError, match="is not a length"):
        plan_export(array(unit="degrees"))
