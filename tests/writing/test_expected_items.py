"""Segments are held against what a second encoder makes of the plan: the bytes of pydicom, every bit of them."""

from __future__ import annotations

import os

import numpy as np
import pytest
from pydicom.dataset import Dataset

from napari_dicom_writer import ExportOptions, VerificationError, VerifyLevel, plan_export
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.standard.codes import Code, Structure
from napari_dicom_writer.writing import parsed_frames
from napari_dicom_writer.writing.encode import SeriesEncoder
from napari_dicom_writer.writing.expected_items import encode_items
from napari_dicom_writer.writing.frame_files import NativeFile
from napari_dicom_writer.writing.read_back_frames import FramesVerifier
from napari_dicom_writer.writing.splice import encoded

CYST = Structure(
    category=Code("49755003", "SCT", "Morphologically Abnormal Structure"),
    type=Code("1234567890123456789", "99LOCAL", "Zyste"),  # a Long Code Value
    laterality=Code("7771000", "SCT", "Left"),
    region=Code("64033007", "SCT", "Kidney"),
    region_laterality=Code("7771000", "SCT", "Left"),
)
SEGMENTS = [
    Segment(label=1, name="Zyste, größte", structure=CYST, color=(250, 3, 77), description="ä" * 51),
    Segment(label=2, name="odd", algorithm_type="AUTOMATIC", algorithm_name="Net", tracking_id="a", tracking_uid="1.2"),
]
LABELS = np.zeros((2, 4, 8), np.uint8)
LABELS[:, 1, :4], LABELS[1, 3, 2:5] = 1, 2


@pytest.fixture(scope="module", params=["labelmap", "binary"])
def series(request):
    options = ExportOptions(segmentation_type=request.param, segments=SEGMENTS)
    return plan_export((LABELS, {"units": ("mm",) * 3, "name": "organs"}, "labels"), options).series[0]


@pytest.fixture
def segments(series):
    return IODS[series.iod].shared(series)["SegmentSequence"]


def by_pydicom(element):
    dataset = Dataset()
    dataset.add(element)
    return encoded(dataset, "utf8")[12:]  # behind tag, VR and length of the sequence


def test_segments_are_the_bytes_that_pydicom_writes(segments):
    assert encode_items(segments.value) == by_pydicom(segments)


def test_values_of_any_kind_are_the_bytes_that_pydicom_writes(segments):
    segments[0].SegmentDescription, segments[0].TrackingID = "", "x" * 70_001
    segments[0].SliceThickness, segments[0].ImageType = "1.5", ["DERIVED", "PRIMARY"]
    segments[1].SegmentedPropertyTypeCodeSequence = []
    segments[1].RecommendedDisplayCIELabValue = None
    assert encode_items(segments.value) == by_pydicom(segments)


def test_no_bit_of_segments_flips_unseen_and_pydicom_parses_them_only_then(tmp_path, series, segments, monkeypatch):
    (instance,) = series.instances
    head = SeriesEncoder(series).encode_start(instance)
    file = NativeFile(str(tmp_path / "x.dcm"), head, series.pixel_bytes(instance), series.frame_bits)
    file.begin()
    file.finish()
    verifier, parsed = FramesVerifier(series, VerifyLevel.FULL), []

    def check(read, expected):
        parsed.append("SegmentSequence" in read)
        parsed_check(read, expected)

    parsed_check = parsed_frames.check_elements
    monkeypatch.setattr(parsed_frames, "check_elements", check)
    verifier.header(instance, file)
    assert parsed == [False]
    content = by_pydicom(segments)
    start, missed = head.index(content) - 12, []
    descriptor = os.open(file.path, os.O_RDWR)
    for at in range(start, start + 12 + len(content), 17):
        os.pwrite(descriptor, bytes([head[at] ^ 1 << at % 8]), at)
        try:
            verifier.header(instance, file)
            missed.append(at)
        except VerificationError:
            pass
        os.pwrite(descriptor, head[at : at + 1], at)
    os.close(descriptor)
    file.close()
    assert missed == []
