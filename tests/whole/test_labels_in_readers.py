"""Segmentations as dcmqi, highdicom and dcm2niix read them: every voxel, its place, and what segments are called."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.labels import assert_labels_placed, dcmqi_labels, highdicom_labels
from judges.readers import dcm2niix_volume
from judges.volumes import affine_of, oblique
from napari_dicom_writer import ExportOptions, export
from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.options.choices import SegmentationType
from napari_dicom_writer.standard.codes import recognize

KINDS = (SegmentationType.BINARY, SegmentationType.LABELMAP)
GEOMETRIES = {
    "oblique": oblique(),
    "left-handed": oblique(1) @ np.diag([-1, 1, 1, 1]),
    "sagittal": affine_of(np.array([[3, 0, 0], [0, 0, 0.7], [0, -0.8, 0]]), (10, -20, 30)),
    "flipped": affine_of(np.diag([-0.7, -0.8, 3])[:, ::-1], (9, 8, 7)),
}
TO_LAYER = np.eye(4)[[2, 1, 0, 3]]
RGB = {1: (0, 0, 255), 2: (255, 128, 3), 3: (70, 131, 229)}


def labels(columns, dtype="u1", numbers=(1, 2, 3)):
    array = np.zeros((6, 21, columns), dtype)
    array[0:3, 3:9, 4:12], array[2:5, 10:15, 8:17], array[5, 20, -1] = numbers
    return array


def write(tmp_path, array, affine, kind, **options):
    layer = (array, {"affine": TO_LAYER @ affine, "units": ("mm",) * 3, "name": "seg"}, "labels")
    return export(layer, tmp_path / "x.dcm", ExportOptions(segmentation_type=kind, **options))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("geometry", "dtype", "columns"),
    [("oblique", "u1", 24), ("left-handed", "i4", 23), ("sagittal", "f4", 17), ("flipped", "u8", 24)],
)
def test_every_label_is_in_its_place(tmp_path, kind, geometry, dtype, columns):
    array, affine = labels(columns, dtype), GEOMETRIES[geometry]
    path = write(tmp_path, array, affine, kind).path
    assert_labels_placed(dcmqi_labels(path)[0], array, affine)
    assert_labels_placed(highdicom_labels(path), array, affine)
    if kind is SegmentationType.LABELMAP:  # of masks, dcm2niix stacks the frames
        assert_labels_placed(dcm2niix_volume(path), array, affine)


@pytest.mark.parametrize("kind", KINDS)
def test_a_plane_without_labels_in_between_is_no_shift(tmp_path, kind):
    array = labels(24)
    array[3:5] = 0
    path = write(tmp_path, array, GEOMETRIES["oblique"], kind).path
    assert_labels_placed(dcmqi_labels(path)[0], array, GEOMETRIES["oblique"])
    assert_labels_placed(highdicom_labels(path), array, GEOMETRIES["oblique"])


def test_label_numbers_with_gaps_stay_in_a_label_map(tmp_path):
    """Up to 32,767: dcmqi has 16 bits with a sign."""
    array = labels(24, "u2", (7, 300, 30000))
    path = write(tmp_path, array, GEOMETRIES["oblique"], "labelmap").path
    reading, segments = dcmqi_labels(path)
    assert_labels_placed(reading, array, GEOMETRIES["oblique"])
    assert [segment["labelID"] for segment in segments] == [7, 300, 30000]


@pytest.mark.parametrize(("numbers", "told"), [((1, 2, 3), False), ((1, 2, 5), True)])
def test_segments_stand_where_ohif_looks_for_their_colors(tmp_path, numbers, told):
    """It takes the first color for segment 1, whatever its number; the background has one, too."""
    report = write(tmp_path, labels(24, "u1", numbers), GEOMETRIES["oblique"], "labelmap")
    assert [item.SegmentNumber for item in pydicom.dcmread(report.path).SegmentSequence] == [*numbers, 0]
    assert any("numbers have gaps" in note.text for note in report.plan.notes) is told


@pytest.mark.parametrize("kind", KINDS)
def test_names_codes_and_colors_arrive(tmp_path, kind):
    """dcmqi speaks for 3D Slicer: colors come back as they were, to a unit in 255."""
    given = [Segment(label=n, name=f"thing {n}", structure=recognize("liver"), color=color) for n, color in RGB.items()]
    path = write(tmp_path, labels(24), GEOMETRIES["oblique"], kind, segments=given).path
    _, segments = dcmqi_labels(path)
    for segment, item in zip(segments, given, strict=True):
        assert segment["SegmentLabel"] == item.name
        assert segment["SegmentedPropertyTypeCodeSequence"]["CodeMeaning"] == "Liver"
        np.testing.assert_allclose(segment["recommendedDisplayRGBValue"], item.color, atol=1)


def test_highdicom_takes_the_colors_for_what_they_are(tmp_path):
    from highdicom.color import CIELabColor

    given = [Segment(label=n, name=f"thing {n}", color=color) for n, color in RGB.items()]
    path = write(tmp_path, labels(24), GEOMETRIES["oblique"], "labelmap", segments=given).path
    for item in pydicom.dcmread(path).SegmentSequence[:-1]:
        color = CIELabColor.from_dicom_value(item.RecommendedDisplayCIELabValue).to_rgb(clip=True)
        np.testing.assert_allclose(color, RGB[item.SegmentNumber], atol=2)
