"""Masks are cut out where their labels lie, and a wrong, missing or overlapping one is found when it is read back."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dicom_writer import ExportOptions, VerificationError, export
from napari_dicom_writer.model.label_runs import label_runs, some_of_each
from napari_dicom_writer.writing import multiframe
from napari_dicom_writer.writing.masks import PlaneMasks

RNG = np.random.default_rng(5)
PLANES = {
    "noise": RNG.integers(0, 6, (9, 13)).astype("u1"),
    "pieces": np.repeat(RNG.integers(0, 3, 20), 7).reshape(10, 14).astype("i4"),
    "bool": RNG.random((8, 8)) > 0.5,
    "float": RNG.integers(0, 3, (5, 7)).astype("f4"),
    "one label": np.full((3, 5), 4, "u2"),
    "turned": RNG.integers(0, 3, (16, 5)).astype("u1").T,
    "one pixel": np.full((1, 1), 2, "u1"),
}


@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES)
def test_a_mask_is_the_pixels_of_its_label(plane):
    masks = PlaneMasks(plane)
    for label in range(7):
        start, part = masks.mask(label)
        whole = np.zeros(plane.size, bool)
        whole[start : start + len(part)] = part
        assert start % 8 == 0
        np.testing.assert_array_equal(whole, plane.ravel() == label)


@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES)
def test_runs_are_the_plane(plane):
    starts, values = label_runs(plane)
    np.testing.assert_array_equal(np.repeat(values, np.diff([*starts, plane.size])), plane.ravel())
    assert (values[1:] != values[:-1]).all()


@pytest.mark.parametrize("plane", PLANES.values(), ids=PLANES)
def test_every_value_of_a_plane_is_found_a_few_times(plane):
    for part in (plane, plane[:, :-1], plane[1:]):
        found = some_of_each(part) if part.size else part
        assert found.dtype == part.dtype
        np.testing.assert_array_equal(np.unique(found), np.unique(part))


def labels(columns):
    array = np.zeros((4, 6, columns), "u1")
    array[:, 1:3, 2:7], array[1:, 3:5, 3:9], array[2, 5, :4] = 1, 2, 3
    return array


def more(mask):
    mask[np.flatnonzero(~mask)[0]] = True


def fewer(mask):
    mask[np.flatnonzero(mask)[-1]] = False


def moved(mask):
    mask[:] = np.roll(mask, 1)


@pytest.mark.parametrize("columns", [16, 15])  # frames of whole bytes, and frames that share some
@pytest.mark.parametrize("fault", [more, fewer, moved])
def test_a_wrong_mask_is_found(tmp_path, monkeypatch, columns, fault):
    write = multiframe.NativeFile.write_mask

    def wrong(self, at, start, mask):
        if at == 5:
            fault(mask)
        return write(self, at, start, mask)

    monkeypatch.setattr(multiframe.NativeFile, "write_mask", wrong)
    with pytest.raises(VerificationError, match="frames 3, 6, 8 together"):
        export((labels(columns), {}, "labels"), tmp_path / "x", ExportOptions(segmentation_type="binary"))
    assert list(tmp_path.iterdir()) == []


def test_masks_that_were_not_planned_are_missed(tmp_path, monkeypatch):
    """No frame is wrong then; the plane is, also for who reads it back."""
    monkeypatch.setattr(multiframe, "check_known", lambda *_: None)
    write = multiframe.MultiFrameWriter.write
    monkeypatch.setattr(multiframe.MultiFrameWriter, "write", lambda self, places, v: write(self, places[:1], v))
    with pytest.raises(VerificationError, match="together are not what the layer holds"):
        export((labels(16), {}, "labels"), tmp_path / "x", ExportOptions(segmentation_type="binary"))
