"""Contours on their way to a structure set: none changes meanwhile, and nothing is left behind."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from napari_dicom_writer import ExportOptions, VerificationError, export
from napari_dicom_writer.writing import contour_spool
from napari_dicom_writer.writing.contour_spool import ContourSpool

CONTOURS = ExportOptions(object="rt-structure-set")


def labels(array: np.ndarray) -> tuple:
    told = {"scale": (1,) * array.ndim, "units": ("s", "mm", "mm", "mm")[-array.ndim :], "name": "organs"}
    return array, told, "labels"


@pytest.mark.parametrize("change", [b"9", b"99"], ids=["other digit", "longer"])
def test_what_changes_while_it_waits_is_noticed(tmp_path, monkeypatch, change):
    real = ContourSpool.data
    monkeypatch.setattr(ContourSpool, "data", lambda self, one: real(self, one)[: -len(change)] + change)
    with pytest.raises(VerificationError, match="a contour of region 1 is not what was traced"):
        export(labels(np.pad(np.ones((1, 2, 3), np.uint8), 1)), tmp_path / "x", CONTOURS)


def test_what_waits_in_a_file_leaves_none_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(contour_spool, "_IN_MEMORY", 1)
    noise = (np.random.default_rng(1).random((2, 9, 9)) < 0.5).astype(np.uint8)
    waited = export(labels(noise), tmp_path / "x", CONTOURS).path
    assert list(tmp_path.iterdir()) == [waited]
    monkeypatch.undo()
    other = export(labels(noise), tmp_path / "y", CONTOURS).path
    one, another = (pydicom.dcmread(path).ROIContourSequence for path in (waited, other))
    assert one == another


def test_a_time_point_without_the_label_has_its_region_without_contours(tmp_path):
    moving = np.zeros((3, 2, 5, 5), np.uint8)
    moving[0, 0, 1:3, 1:3] = moving[2, 1, 1:3, 1:3] = 1
    files = sorted(export(labels(moving), tmp_path / "x", CONTOURS).path.glob("*.dcm"))
    rois = [pydicom.dcmread(file).ROIContourSequence[0] for file in files]
    assert ["ContourSequence" in roi for roi in rois] == [True, False, True]
    assert {roi.ReferencedROINumber for roi in rois} == {1}
