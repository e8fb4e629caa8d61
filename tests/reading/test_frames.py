"""Multi-frame instances: every frame in its place, at its time, with its values."""

from __future__ import annotations

from itertools import product

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.tag import Tag
from pydicom.uid import RLELossless

from judges.frames import ENHANCED_CT, ENHANCED_MR, group, instance, item
from judges.readers import simpleitk_file
from judges.series import only_layer, opened
from judges.volumes import indexed, oblique
from napari_dicom_writer import ExportOptions, ReadError, Volume, export
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.reading.series import read_series

NM = "1.2.840.10008.5.1.4.1.1.20"
US_MULTIFRAME = "1.2.840.10008.5.1.4.1.1.3.1"
DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
RIGHT_HANDED = oblique() @ np.diag([-1, 1, 1, 1])
ROW, COLUMN, NORMAL = (RIGHT_HANDED[:3, i] / np.linalg.norm(RIGHT_HANDED[:3, i]) for i in (2, 1, 0))
ORIENTATION = [*ROW, *COLUMN]
ORIGIN = RIGHT_HANDED[:3, 3]
SERIES = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.3", "FrameOfReferenceUID": "1.2.4"}


def measures(step: float = 3.0):
    return item(PixelSpacing=[2, 1.5], SliceThickness=step, SpacingBetweenSlices=step)


def enhanced(path, frames, groups, sop_class=ENHANCED_MR, **attributes):
    """Frames in a shuffled order, each with its groups; its spacing and orientation are shared."""
    shared = group(PixelMeasuresSequence=measures(), PlaneOrientationSequence=item(ImageOrientationPatient=ORIENTATION))
    order = np.random.default_rng(5).permutation(len(frames))
    return instance(
        path,
        frames[order],
        sop_class,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[groups[i] for i in order],
        SeriesDescription="brain",
        **attributes,
    )


def position(plane: int):
    return item(ImagePositionPatient=[round(x, 9) for x in ORIGIN + 3 * plane * NORMAL])


def lps(attributes) -> np.ndarray:
    """The layer's 4×4 in LPS, (plane, row, column) → (x, y, z)."""
    ndim = len(attributes["scale"])
    affine = np.asarray(attributes.get("affine", np.eye(ndim + 1))) @ np.diag([*attributes["scale"], 1])
    affine[:-1, -1] += attributes.get("translate", np.zeros(ndim))
    keep = [*range(ndim - 3, ndim), ndim]
    return affine[np.ix_([*reversed(keep[:3]), ndim], keep)]


@pytest.mark.parametrize("affine", [RIGHT_HANDED, oblique()], ids=["right-handed", "left-handed"])
def test_a_stack_in_one_file_lies_where_simpleitk_places_it(tmp_path, affine):
    path = export(Volume(indexed(), affine=affine), tmp_path / "x.dcm", ExportOptions(object="multi-frame")).path
    data, attributes, _ = only_layer(path)
    reading = simpleitk_file(path)
    np.testing.assert_allclose(lps(attributes), reading.affine, atol=1e-6)
    np.testing.assert_array_equal(data, reading.values)
    assert attributes["metadata"][METADATA_KEY]["frames"] == list(range(1, len(data) + 1))


def test_frames_go_by_their_places_times_and_echoes_and_not_by_their_order(tmp_path):
    values = np.arange(2 * 2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 2, 3, 4, 5)
    groups = [
        group(
            PlanePositionSequence=position(plane),
            FrameContentSequence=item(
                TemporalPositionIndex=time + 1,
                FrameAcquisitionDateTime=f"202601011200{5 * time:02}.5",
                DimensionIndexValues=[echo + 1, time + 1, plane + 1],
            ),
            MREchoSequence=item(EffectiveEchoTime=(4.6, 9.2)[echo]),
            PixelValueTransformationSequence=item(RescaleSlope=2, RescaleIntercept=plane, RescaleType="US"),
            FrameVOILUTSequence=item(WindowCenter=50.5, WindowWidth=100),
        )
        for echo, time, plane in product(range(2), range(2), range(3))
    ]
    layers, told = opened(enhanced(tmp_path / "x.dcm", values.reshape(-1, 4, 5), groups))
    assert (told, [attributes["name"] for _, attributes, _ in layers]) == (
        [],
        ["brain, echo 4.6 ms", "brain, echo 9.2 ms"],
    )
    for echo, (data, attributes, _) in enumerate(layers):
        expected = 2 * values[echo] + np.arange(3)[:, np.newaxis, np.newaxis]
        np.testing.assert_array_equal(data, expected)
        assert data.chunks[0] == (1, 1)
        assert attributes["axis_labels"] == ("time", "z", "y", "x")
        assert (attributes["scale"][0], attributes["contrast_limits"]) == (5, (0.5, 99.5))
        expected = np.column_stack([3 * NORMAL, 2 * COLUMN, 1.5 * ROW, ORIGIN])
        np.testing.assert_allclose(lps(attributes)[:3], expected, atol=1e-6)


def test_what_a_dimension_counts_is_a_layer_of_its_own(tmp_path):
    groups = [
        group(
            PlanePositionSequence=position(plane), FrameContentSequence=item(DimensionIndexValues=[plane + 1, energy])
        )
        for energy, plane in product((1, 2), range(2))
    ]
    dimensions = [
        item(DimensionIndexPointer=Tag("ImagePositionPatient"), FunctionalGroupPointer=Tag("PlanePositionSequence")),
        item(DimensionIndexPointer=Tag("ReferencedPathIndex"), DimensionDescriptionLabel="Energy"),
    ]
    values = np.arange(4 * 6, dtype=np.int16).reshape(4, 2, 3)
    path = enhanced(tmp_path / "x.dcm", values, groups, ENHANCED_CT, DimensionIndexSequence=dimensions)
    layers, told = opened(path)
    assert told == []
    assert {a["name"]: np.asarray(d).tolist() for d, a, _ in layers} == {
        "brain, Energy 1": values[:2].tolist(),
        "brain, Energy 2": values[2:].tolist(),
    }


def test_real_values_are_those_of_the_mapping_where_the_rescale_changes_nothing(tmp_path):
    mapping = item(
        RealWorldValueSlope=0.5, RealWorldValueIntercept=-1.0, RealWorldValueFirstValueMapped=0, LUTLabel="T1"
    )
    groups = [
        group(
            PlanePositionSequence=position(plane),
            PixelValueTransformationSequence=item(RescaleSlope=1, RescaleIntercept=0, RescaleType="US"),
            RealWorldValueMappingSequence=mapping,
            FrameVOILUTSequence=item(WindowCenter=10.5, WindowWidth=20),
        )
        for plane in range(2)
    ]
    values = np.arange(2 * 6, dtype=np.uint16).reshape(2, 2, 3)
    data, attributes, _ = only_layer(enhanced(tmp_path / "x.dcm", values, groups))
    np.testing.assert_array_equal(data, values * 0.5 - 1)
    assert attributes["contrast_limits"] == (-0.75, 8.75)


def test_compressed_frames_are_decoded_one_by_one(tmp_path):
    values = np.arange(4 * 30, dtype=np.uint16).reshape(4, 5, 6)
    path = enhanced(tmp_path / "x.dcm", values, [group(PlanePositionSequence=position(p)) for p in range(4)])
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless)
    dataset.save_as(path)
    np.testing.assert_array_equal(only_layer(path)[0], values)


def test_instances_of_several_frames_are_one_volume(tmp_path):
    values = np.arange(4 * 6, dtype=np.uint16).reshape(4, 2, 3)
    groups = [group(PlanePositionSequence=position(plane)) for plane in range(4)]
    for part in range(2):
        path = tmp_path / f"{part}.dcm"
        enhanced(path, values[part::2], groups[part::2], **SERIES, InstanceNumber=part + 1)
    data, attributes, _ = only_layer(tmp_path)
    np.testing.assert_array_equal(data, values)
    assert len(set(attributes["metadata"][METADATA_KEY]["instances"])) == 2


def test_what_highdicom_converts_from_single_frames_is_the_same_volume(tmp_path):
    from highdicom.legacy import LegacyConvertedEnhancedMRImage

    volume = Volume(indexed((2, 3, 4, 5)), affine=oblique(), axes=("time", "plane", "row", "column"), time_step=2)
    folder = export(volume, tmp_path / "x", ExportOptions(modality="MR")).path
    sources = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"), reverse=True)]
    for source in sources:
        source.AccessionNumber = source.get("AccessionNumber") or ""
        source.BodyPartExamined = "HEAD"
    converted = LegacyConvertedEnhancedMRImage(sources, "1.2.3", 4, "1.2.3.4", 1)
    converted.save_as(tmp_path / "x.dcm")
    data, attributes, _ = only_layer(tmp_path / "x.dcm")
    expected, place, _ = only_layer(folder)
    np.testing.assert_array_equal(data, expected)
    np.testing.assert_allclose(lps(attributes), lps(place), atol=1e-9)


@pytest.mark.parametrize("between", [4.0, -4.0])
def test_slices_of_a_gamma_camera_are_counted_by_vectors(tmp_path, between):
    values = np.arange(2 * 3 * 6, dtype=np.uint16).reshape(6, 2, 3)
    vectors = {"SliceVector": [1, 2, 3] * 2, "TimeSlotVector": [1] * 3 + [2] * 3}
    path = instance(
        tmp_path / "x.dcm",
        values,
        NM,
        PixelSpacing=[2, 1.5],
        SliceThickness=4,
        SpacingBetweenSlices=between,
        ImageType=["ORIGINAL", "PRIMARY", "RECON GATED TOMO", "EMISSION"],
        FrameIncrementPointer=[Tag(keyword) for keyword in vectors],
        DetectorInformationSequence=[item(ImagePositionPatient=[1, 2, 3], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        **vectors,
    )
    data, attributes, _ = only_layer(path)
    expected = values.reshape(2, 3, 2, 3)
    np.testing.assert_array_equal(data, expected if between > 0 else expected[:, ::-1])
    assert attributes["scale"][1] == 4
    assert lps(attributes)[2, 3] == (3 if between > 0 else 3 - 2 * 4)


def test_a_movie_is_one_plane_and_time(tmp_path):
    regions = [
        item(
            RegionSpatialFormat=1,
            PhysicalUnitsXDirection=3,
            PhysicalUnitsYDirection=3,
            PhysicalDeltaX=0.02,
            PhysicalDeltaY=0.03,
        )
    ]
    values = np.arange(3 * 4 * 5 * 3, dtype=np.uint8).reshape(3, 4, 5, 3)
    path = instance(
        tmp_path / "x.dcm",
        values,
        US_MULTIFRAME,
        FrameIncrementPointer=Tag("FrameTime"),
        FrameTime=40,
        SequenceOfUltrasoundRegions=regions,
    )
    ((data, attributes, _),), told = opened(path)
    np.testing.assert_array_equal(data, values[:, np.newaxis])
    assert attributes["scale"] == pytest.approx((0.04, 1, 0.3, 0.2))
    assert (attributes["units"][0], attributes["rgb"]) == ("s", True)
    assert [text.partition(": ")[2] for text in told] == [
        "Its position is not known: taken as axial, at the origin",
        "The thickness of its only plane is not known: taken as 1 mm",
    ]


def test_a_dose_lies_where_simpleitk_places_it_in_gray():
    path = get_testdata_file("rtdose.dcm")
    data, attributes, _ = only_layer(path)
    reading = simpleitk_file(path)
    np.testing.assert_allclose(lps(attributes), reading.affine, atol=1e-6)
    np.testing.assert_allclose(data, pydicom.dcmread(path).pixel_array * 1e-6, rtol=1e-12)


def test_frames_that_the_file_cannot_hold_are_refused(tmp_path):
    groups = [group(PlanePositionSequence=position(plane)) for plane in range(2)]
    path = enhanced(tmp_path / "x.dcm", np.zeros((2, 2, 3), np.uint8), groups, NumberOfFrames=2**31 - 1)
    with pytest.raises(ReadError, match="its file cannot"):
        opened(path)
    path = enhanced(tmp_path / "y.dcm", np.zeros((3, 2, 3), np.uint8), [*groups, group()])
    dataset = pydicom.dcmread(path)
    dataset.PerFrameFunctionalGroupsSequence = dataset.PerFrameFunctionalGroupsSequence[:2]
    dataset.save_as(path)
    with pytest.raises(ReadError, match="describes 2 frames"):
        opened(path)


def test_strictly_a_multi_frame_stack_is_a_volume(tmp_path):
    path = export(Volume(indexed(), affine=RIGHT_HANDED), tmp_path / "x.dcm", ExportOptions(object="multi-frame")).path
    (volume,) = read_series(path)
    np.testing.assert_allclose(volume.affine, RIGHT_HANDED, atol=1e-9)
    np.testing.assert_array_equal(volume.array, indexed())
