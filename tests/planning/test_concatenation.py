"""Pixels past what a file holds: refused, or cut into the files of a concatenation; the limit is lowered here."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_validator
from judges.tables import of
from napari_dicom_writer import ExportError, ExportOptions, Volume, export, plan_export, read
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.iods import IMAGE, IODS
from napari_dicom_writer.planning import compression

VALUES = np.random.default_rng(6).integers(0, 900, (11, 12, 15)).astype("i2")
MAP = ("parametric-map",)
KEYS = [row.key for row in IODS.rows if IMAGE in row.layers and IODS[row.key].multiframe]


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    monkeypatch.setattr(compression, "NATIVE_BYTES", 5 * 12 * 15 * 2 + 1)


def volume(key):
    return Volume(VALUES.astype("f4") if key in MAP else VALUES, spacing=(2.5, 0.7, 0.6), name="large")


@pytest.mark.parametrize("key", KEYS)
def test_it_is_cut_where_that_is_wanted(tmp_path, key):
    with pytest.raises(ExportError, match="one file holds 4") as error:
        plan_export(volume(key), ExportOptions(**of(key)))
    assert error.value.refusals[0].fix.option == "concatenation"
    report = export(volume(key), tmp_path / "x", ExportOptions(**of(key), concatenation=True))
    files = sorted(report.path.iterdir())
    parts = [pydicom.dcmread(file) for file in files]
    offset = 0
    for number, part in enumerate(parts, 1):
        assert (part.InConcatenationNumber, part.InConcatenationTotalNumber) == (number, len(parts))
        assert part.ConcatenationFrameOffsetNumber == offset
        for at, group in enumerate(part.PerFrameFunctionalGroupsSequence):
            assert float(group.PlanePositionSequence[0].ImagePositionPatient[2]) == 2.5 * (offset + at)
            if "FrameContentSequence" in group:  # of the whole
                assert np.atleast_1d(group.FrameContentSequence[0].DimensionIndexValues)[-1] == offset + at + 1
        offset += part.NumberOfFrames
    assert offset == len(VALUES)
    same = ("ConcatenationUID", "SOPInstanceUIDOfConcatenationSource", "InstanceNumber", "SeriesInstanceUID")
    assert all(len({part[keyword].value for part in parts}) == 1 for keyword in same)
    assert len({part.SOPInstanceUID for part in parts}) == len(parts) > 1
    assert dciodvfy(files) == ([], [])
    assert dicom_validator(files) == []
    assert not any(verdict.opens for verdict in report.plan.series[0].opens_in)
    if key not in MAP:
        assert [verdict.findings for verdict in check_series(report.path)] == [()]
        np.testing.assert_array_equal(np.asarray(read(report.path)[0][0]), VALUES)


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_labels_are_cut_between_frames(tmp_path, monkeypatch, kind):
    """Masks of 35 pixels end within a byte: each file begins anew."""
    labels = np.zeros((9, 5, 7), np.uint8)
    labels[1:7, 1:3, 1:6], labels[3:, 3:, 2:] = 1, 2
    monkeypatch.setattr(compression, "NATIVE_BYTES", 20 if kind == "binary" else 100)
    layer = (labels, {"scale": (2, 1, 1), "units": ("mm",) * 3}, "labels")
    report = export(layer, tmp_path / "x", ExportOptions(segmentation_type=kind, concatenation=True))
    files = sorted(report.path.iterdir())
    assert len(files) > 1
    assert dciodvfy(files) == ([], [])
    found = np.zeros_like(labels)
    for part in map(pydicom.dcmread, files):
        frames = part.pixel_array.reshape(-1, 5, 7)
        for group, frame in zip(part.PerFrameFunctionalGroupsSequence, frames, strict=True):
            plane = round(float(group.PlanePositionSequence[0].ImagePositionPatient[2]) / 2)
            if kind == "labelmap":
                found[plane] = frame
            else:
                found[plane][frame == 1] = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    np.testing.assert_array_equal(found, labels)


def test_a_movie_is_not_cut(monkeypatch):
    movie = Volume(VALUES.astype("u1"), spacing=(1, 1), axes=("time", "row", "column"), time_step=0.1)
    monkeypatch.setattr(compression, "NATIVE_BYTES", 1000)
    with pytest.raises(ExportError, match="Choose an object of one file a plane, compress it"):
        plan_export(movie, ExportOptions(object="multi-frame", concatenation=True))


def test_what_fits_is_not_cut_and_that_is_said():
    plan = plan_export(volume("multi-frame").array[:3], ExportOptions(object="multi-frame", concatenation=True))
    assert plan.instances == 1
    assert any("no file passes" in note.text for note in plan.notes)
