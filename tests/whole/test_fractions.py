"""An image of probabilities becomes a Segmentation of fractions, and an image of whole numbers one of labels."""

from __future__ import annotations

import highdicom
import numpy as np
import pydicom
import pytest

from judges.labels import dcmqi_fractions
from judges.readers import dciodvfy, dicom_files, dicom_validator
from judges.volumes import assert_placed
from napari_dicom_writer import ExportError, ExportOptions, LayerOptions, NoteKind, Volume, export, plan_export

RNG = np.random.default_rng(5)
SHAPE = (5, 7, 10)
PROBABILITIES = np.clip(RNG.normal(0.4, 0.4, (3, *SHAPE)), 0, 1).astype("f4")
PROBABILITIES[:, 0] = 0  # no segment on the first plane
OPTIONS = ExportOptions(object="segmentation", segmentation_type="fractional")
CHANNELS = ("channel", "plane", "row", "column")


def volume(array, axes=None, **given):
    return Volume(array, spacing=(2.5, 0.7, 0.8), position=(2, -3, 5), axes=axes, **given)


def read(path, segments, shape=SHAPE):
    """Fractions by segment and plane: the test's own arithmetic."""
    dataset = pydicom.dcmread(path)
    frames = np.frombuffer(dataset.PixelData, "u1")[: int(dataset.NumberOfFrames) * shape[1] * shape[2]]
    found = np.zeros((segments, *shape))
    for frame, groups in zip(frames.reshape(-1, *shape[1:]), dataset.PerFrameFunctionalGroupsSequence, strict=True):
        plane = round((float(groups.PlanePositionSequence[0].ImagePositionPatient[2]) - 5) / 2.5)
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        found[number - 1, plane] = frame / dataset.MaximumFractionalValue
    return found


def test_each_channel_is_a_segment_of_fractions(tmp_path):
    report = export(volume(PROBABILITIES, CHANNELS), tmp_path / "x", OPTIONS)
    dataset = pydicom.dcmread(report.path)
    assert (dataset.SegmentationType, dataset.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    assert (dataset.MaximumFractionalValue, dataset.SegmentsOverlap) == (255, "UNDEFINED")
    assert int(dataset.NumberOfFrames) == 3 * 4
    assert [s.SegmentNumber for s in dataset.SegmentSequence] == [1, 2, 3]
    apart = np.abs(read(report.path, 3) - PROBABILITIES).max()
    (lost,) = [note for note in report.plan.notes if note.kind is NoteKind.LOST]
    assert 0 < apart <= 0.5 / 255 + 1e-9
    assert lost.text == "Fractions are rounded to a 255th of 1: off by up to 0.002"
    assert dciodvfy([report.path]) == ([], [])
    assert dicom_validator([report.path]) == []


def test_the_only_segment_is_called_as_its_layer():
    (series,) = plan_export(volume(PROBABILITIES[0], name="tumor bed"), OPTIONS).series
    assert [segment.name for segment in series.segments] == ["tumor bed"]
    (series,) = plan_export(volume(PROBABILITIES, CHANNELS, name="organs"), OPTIONS).series
    assert [segment.name for segment in series.segments] == ["Label 1", "Label 2", "Label 3"]


def test_highdicom_reads_the_fractions(tmp_path):
    report = export(volume(PROBABILITIES, CHANNELS), tmp_path / "x", OPTIONS)
    found = highdicom.seg.segread(report.path).get_volume(rescale_fractional=True, allow_missing_positions=True)
    for index in np.ndindex(SHAPE):
        if not index[0]:
            continue
        place = np.array([[2 + 0.8 * index[2], -3 + 0.7 * index[1], 5 + 2.5 * index[0]]])
        there = np.rint(found.map_reference_to_indices(place))[0].astype(int)
        assert np.abs(found.array[tuple(there)] - PROBABILITIES[(slice(None), *index)]).max() < 0.5 / 255 + 1e-6


def test_dcmqi_reads_each_segment_in_its_steps(tmp_path):
    report = export(volume(PROBABILITIES, CHANNELS), tmp_path / "x", OPTIONS)
    affine = np.diag([2.5, 0.7, 0.8, 1])[[2, 1, 0, 3]]
    affine[:3, 3] = 2, -3, 7.5  # it leaves out the first plane, which holds nothing
    for found, expected in zip(dcmqi_fractions(report.path), PROBABILITIES[:, 1:], strict=True):
        assert_placed(found, np.rint(expected.astype(float) * 255), affine, 1e-5)


@pytest.mark.parametrize("dtype", ["f2", "f8", "u1", "u2", "?"])
@pytest.mark.parametrize("maximum", [1, 100, 255])
def test_what_is_all_of_it_is_said(tmp_path, dtype, maximum):
    fractions = PROBABILITIES[0] if np.dtype(dtype).kind == "f" else np.rint(PROBABILITIES[0])
    array = (fractions * (1 if dtype == "?" else maximum)).astype(dtype)
    options = ExportOptions(
        object="segmentation", segmentation_type="fractional", fraction_maximum=maximum, fractional_type="occupancy"
    )
    report = export(volume(array), tmp_path / "x", options)
    assert np.abs(read(report.path, 1)[0] - array.astype(float) / maximum).max() <= 0.5 / 255 + 1e-9
    assert pydicom.dcmread(report.path).SegmentationFractionalType == "OCCUPANCY"


def test_time_points_are_an_object_each_and_empty_channels_none(tmp_path):
    array = np.stack([PROBABILITIES, PROBABILITIES / 2])
    array[:, 1] = 0
    report = export(volume(array, ("time", *CHANNELS)), tmp_path / "x", OPTIONS)
    files = dicom_files(report.path)
    for path, point in zip(files, array, strict=True):
        assert np.abs(read(path, 2) - point[[0, 2]]).max() <= 0.5 / 255 + 1e-9
        second = pydicom.dcmread(path).SegmentSequence[1]
        assert (second.SegmentNumber, second.SegmentDescription) == (2, "Label 3 of the layer")
    assert dciodvfy(files) == ([], [])


def test_beside_its_image_each_frame_references_a_plane(tmp_path):
    image = volume(RNG.integers(0, 99, SHAPE).astype("i2"), name="scan")
    own = LayerOptions(
        object="segmentation", segmentation_type="fractional", segments={1: "liver", 2: "spleen", 3: "heart"}
    )
    flipped = Volume(
        PROBABILITIES[:, ::-1],
        affine=np.array([[0, 0, 0.8, 2], [0, 0.7, 0, -3], [-2.5, 0, 0, 15], [0, 0, 0, 1]]),
        axes=CHANNELS,
    )
    report = export([image, (flipped, own)], tmp_path / "x")
    files = {pydicom.dcmread(path).Modality: path for path in dicom_files(report.path)}
    assert np.abs(read(files["SEG"], 3) - PROBABILITIES).max() <= 0.5 / 255 + 1e-9
    dataset = pydicom.dcmread(files["SEG"])
    assert "DerivationImageSequence" in dataset.PerFrameFunctionalGroupsSequence[0]
    assert [s.SegmentedPropertyTypeCodeSequence[0].CodeMeaning for s in dataset.SegmentSequence] == [
        "Liver",
        "Spleen",
        "Heart",
    ]


@pytest.mark.parametrize(
    ("array", "given", "match"),
    [
        (PROBABILITIES[0] * 2, {}, "Its values run from 0 to .*, and fractions from 0 to 1"),
        (PROBABILITIES[0] - 0.1, {}, "from -0.1"),
        (np.where(PROBABILITIES[0] > 0.5, np.nan, 0), {}, "not finite"),
        (np.zeros(SHAPE), {}, "no fraction above 0"),
        (np.zeros((3, 40, 40, 3), "u1"), {"rgb": True}, "colors"),
    ],
)
def test_what_is_no_fraction_is_refused(array, given, match):
    with pytest.raises(ExportError, match=match):
        plan_export(volume(array, **given), OPTIONS)


def test_not_a_number_is_replaced_by_option(tmp_path):
    array = np.where(PROBABILITIES[0] > 0.5, np.nan, PROBABILITIES[0])
    options = ExportOptions(object="segmentation", segmentation_type="fractional", nan=0)
    path = export(volume(array), tmp_path / "x", options).path
    assert np.abs(read(path, 1)[0] - np.nan_to_num(array)).max() <= 0.5 / 255 + 1e-9


def test_labels_are_no_fractions():
    with pytest.raises(ExportError, match="Its labels are whole, and no fractions"):
        plan_export((np.ones((3, 4, 5), "u1"), {}, "labels"), ExportOptions(segmentation_type="fractional"))


def test_an_image_of_whole_numbers_is_taken_as_labels(tmp_path):
    array = RNG.integers(0, 3, SHAPE).astype("i2")
    report = export(volume(array), tmp_path / "x", ExportOptions(object="segmentation", segmentation_type="labelmap"))
    np.testing.assert_array_equal(pydicom.dcmread(report.path).pixel_array, array)
    assert any(note.text == "Its values are taken as labels" for note in report.plan.notes)


def test_beside_labels_an_image_stays_one():
    image = volume(np.ones(SHAPE, "i2"))
    place = {"affine": np.diag([2.5, 0.7, 0.8, 1]), "translate": (5 / 2.5, -3 / 0.7, 2 / 0.8), "units": ("mm",) * 3}
    plan = plan_export([image, (np.ones(SHAPE, "u1"), place, "labels")], ExportOptions(object="segmentation"))
    assert [series.iod for series in plan.series] == ["sc", "segmentation"]


@pytest.mark.parametrize("syntax", ["rle", "jpeg-ls", "jpeg-2000"])
def test_fractions_are_compressed(tmp_path, syntax):
    array = np.kron(PROBABILITIES[0], np.ones((1, 8, 8), "f4"))
    options = ExportOptions(object="segmentation", segmentation_type="fractional", transfer_syntax=syntax)
    path = export(volume(array), tmp_path / "x", options).path
    found = pydicom.dcmread(path).pixel_array / 255
    assert np.abs(found - array[1:]).max() <= 0.5 / 255 + 1e-9
