"""Planning the same layers again reads nothing again: while somebody types, plans follow each other."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dicom_writer import ExportOptions, plan_export
from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.model.value_range import ScanCache


class Counted:
    """An array that counts its readings."""

    def __init__(self, values) -> None:
        self.values, self.reads = values, 0
        self.shape, self.dtype, self.ndim = values.shape, values.dtype, values.ndim

    def __getitem__(self, index):
        self.reads += 1
        return self.values[index]


@pytest.mark.parametrize(("kind", "dtype"), [("labels", "u1"), ("image", "f4")])
def test_each_plane_is_read_once(kind, dtype):
    values = np.zeros((3, 4, 5), dtype)
    values[1, 1:3, 1:3], values[2, 2, 2] = 1, 2
    array, scans = Counted(values), ScanCache()
    attributes = {"units": ("mm",) * 3, "name": "organs"}
    first = plan_export([(array, attributes, kind)], ExportOptions(), scans=scans)
    assert array.reads
    array.reads = 0
    named = ExportOptions(segments=[Segment(label=2, name="liver")] if kind == "labels" else None)
    second = plan_export([(array, attributes, kind)], named, scans=scans)
    assert array.reads == 0
    assert second.instances == first.instances
    if kind == "labels":
        assert [s.name for s in second.series[0].segments] == ["Label 1", "liver"]
        assert second.series[0].segments[1].structure.type.meaning == "Liver"


def test_other_axes_are_scanned_anew():
    values = np.zeros((3, 4, 5), "u1")
    values[1, 2, 3] = 1
    array, scans = Counted(values), ScanCache()
    plans = []
    for axes in (("plane", "row", "column"), ("row", "plane", "column")):
        layer = (array, {"units": ("mm",) * 3, "axes": axes}, "labels")
        options = ExportOptions(segmentation_type="binary")
        plans.append(plan_export([layer], options, scans=scans))
    assert [plan.series[0].instances[0].frames[0].plane for plan in plans] == [1, 2]
