"""Every export is refused with the reason and leaves nothing, or every voxel is found in its place by others.

`make fuzz` draws thousands of examples, new ones each time; here are a few that are always the same.
"""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from hypothesis import given

from fuzz.cases import Case, cases
from fuzz.census import Census
from fuzz.judging import judge
from fuzz.profiles import EXAMPLES, PARTS, first_failure, profile
from napari_dicom_writer import PixelError, exporting
from napari_dicom_writer.iods.modules import luts
from napari_dicom_writer.planning import draft, series


@pytest.mark.timeout(7200)
# pydicom, when others' files are read: a codestream that happens to be as long as its pixels.
@pytest.mark.filterwarnings("ignore:The number of bytes of compressed pixel data matches:UserWarning")
@pytest.mark.parametrize("part", range(PARTS))
def test_exports_are_refused_or_right(part, record_property):
    census = Census()

    @profile(part, few=60)
    @given(cases())
    def exported(case: Case) -> None:
        census.add(case, judge(case))

    try:
        exported()
    finally:
        record_property("census", json.dumps(census.counts))
    assert not census.too_few(), census.counts
    # A few exports cannot have everything.
    assert not (EXAMPLES and census.missing()), census.missing()


# --- the property itself: each of these faults is found ---------------------------------------------------------------


def _grid(change):
    """Plant a fault into the geometry of every volume; the writer's own verification compares with the same plan."""
    right = draft.make_grid
    return draft, "make_grid", lambda *args, **kwargs: change(right(*args, **kwargs))


def _half_a_voxel(grid):
    shift = 0.5 * float(grid.pixel_spacing[0])
    return replace(grid, origin=tuple(x + shift for x in grid.origin))


def _instances(change):
    right = series._instances
    return series, "_instances", lambda *args: change(right(*args))


def _next_plane(instances):
    """Every plane at the place of the one before."""
    frames = [instance.frame for instance in instances]
    shown = [frame.plane for frame in frames[1:] + frames[:1]]
    moved = [frame._replace(plane=plane) for frame, plane in zip(frames, shown, strict=True)]
    return tuple(i._replace(frames=(frame,)) for i, frame in zip(instances, moved, strict=True))


def _values(change):
    right = series.plan_values

    def wrong(*args, **kwargs):
        stored, notes = right(*args, **kwargs)
        return change(stored), notes

    return series, "plan_values", wrong


def _steeper(plan, rescale_type):
    right = {"RescaleIntercept": plan.stored.intercept, "RescaleSlope": plan.stored.slope}
    return right | {"RescaleType": rescale_type, "RescaleSlope": f"{float(plan.stored.slope) * 1.01:.6g}"}


def _careless(volume):
    if volume.dtype.kind == "b":
        raise KeyError("an error of another kind")


def _talkative(path, plan, **given):
    for one in plan.series if plan else ():
        logging.getLogger(__name__).debug("exporting %s", one.options.patient.name)
    return _OPEN(path, plan, **given)


def _refuses_big_endian(volume):
    if volume.dtype.byteorder == ">":
        raise PixelError("It is big-endian", "Swap its bytes")


_OPEN = exporting.open_destination
FAULTS = {
    "spacing swapped": (_grid(lambda g: replace(g, pixel_spacing=g.pixel_spacing[::-1])), "away|missing"),
    "directions swapped": (_grid(lambda g: replace(g, orientation=(*g.orientation[3:], *g.orientation[:3]))), "away"),
    "half a voxel": (_grid(_half_a_voxel), "away|elsewhere"),
    "mirrored": (_grid(lambda g: replace(g, step=tuple(-s for s in g.step))), "away|missing"),
    "next plane": (_instances(_next_plane), "is .* off"),
    "steeper slope": ((luts, "modality_lut", _steeper), "is .* off"),
    "intercept lost": (_values(lambda s: replace(s, offset=0, intercept="0")), "is .* off"),
    "error understated": (_values(lambda s: replace(s, largest_error=s.largest_error / 10)), "is .* off"),
    "error overstated": (_values(lambda s: replace(s, largest_error=s.largest_error * 10)), "would do"),
    "another exception": ((draft, "check_pixels", _careless), "of another kind"),
    "refused without need": ((draft, "check_pixels", _refuses_big_endian), "without need"),
    "the patient in the log": ((exporting, "open_destination", _talkative), "tells the name"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_property_finds_faults(fault, monkeypatch):
    patch, found = FAULTS[fault]
    monkeypatch.setattr(*patch)

    @first_failure(300)
    @given(cases())
    def exported(case: Case) -> None:
        judge(replace(case, look=False, options=case.options | {"verify": "off"}))

    with pytest.raises((AssertionError, KeyError), match=found):
        exported()
