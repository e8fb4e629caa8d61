"""Segmentations and maps opened: labels with their names and colors, on the grid that they were drawn on."""

from __future__ import annotations

import shutil

import numpy as np
import pydicom
import pytest
from highdicom.pm import ParametricMap, RealWorldValueMapping
from highdicom.seg import Segmentation, SegmentDescription
from napari.layers import Layer
from pydicom.data import get_testdata_file
from pydicom.sr.codedict import codes
from pydicom.uid import DeflatedExplicitVRLittleEndian

from judges.series import only_layer, opened
from judges.volumes import indexed, oblique
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.layers.transforms import data_to_world
from napari_dicom_writer.reading import files
from napari_dicom_writer.reading.series import read_series
from napari_dicom_writer.standard.color import cielab, srgb

EQUIPMENT = {
    "series_instance_uid": "1.2.3",
    "series_number": 5,
    "sop_instance_uid": "1.2.3.4",
    "instance_number": 1,
    "manufacturer": "x",
    "manufacturer_model_name": "x",
    "software_versions": "1",
    "device_serial_number": "1",
}
AFFINE = oblique() @ np.diag([-1, 1, 1, 1])
LAYER = {"name": "organs", "axis_labels": ("z", "y", "x"), "units": ("mm",) * 3}


def world(attributes):
    return data_to_world(attributes, len(attributes["scale"]))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Headers of an oblique MR of six planes, and its folder."""
    path = export(
        Volume(indexed((6, 7, 8)), affine=AFFINE, name="brain"),
        tmp_path_factory.mktemp("image") / "x",
        ExportOptions(modality="MR"),
    ).path
    headers = [pydicom.dcmread(file) for file in sorted(path.rglob("*.dcm"))]
    for header in headers:
        header.AccessionNumber = header.get("AccessionNumber") or ""
    return path, headers


@pytest.fixture(scope="module")
def labels():
    """Labels on planes 1, 2 and 4 of six."""
    values = np.zeros((6, 7, 8), np.uint8)
    values[1:3, 1:4, 2:5] = 1
    values[4, 5:, 6:] = 2
    return values


def described(number, name="liver", **others):
    return SegmentDescription(
        number,
        name,
        codes.SCT.Organ,
        codes.SCT.Liver,
        "MANUAL",
        display_color=None,
        tracking_uid=f"1.2.{number}",
        tracking_id=f"finding {number}",
        **others,
    )


def segmentation(path, image, pixels, kind, **others):
    Segmentation(
        image[1],
        pixels,
        kind,
        [described(1), described(2, "lesion")],
        series_description="seg",
        **EQUIPMENT,
        **others,
    ).save_as(path)
    return path


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_what_is_saved_is_opened_again(tmp_path, labels, kind):
    features = {"index": [3, 11], "name": ["liver", "kidney_left"], "color": ["#ff8003", "#0040c0"]}
    values = np.choose(labels, [0, 3, 11]).astype(np.uint16)
    attributes = {**LAYER, "affine": np.eye(4), "scale": (3, 2, 1.5), "features": features}
    path = export([(values, attributes, "labels")], tmp_path / "x", ExportOptions(segmentation_type=kind)).path
    data, again, layer_type = only_layer(path)
    assert (layer_type, again["name"], type(data)) == ("labels", "organs", np.ndarray)
    shown = Layer.create(data, again, layer_type)
    assert shown.features["index"].tolist() == [3, 11]
    assert shown.features["name"].tolist() == ["liver", "kidney_left"]
    assert shown.features["type"].tolist() == ["Liver", "Kidney"]
    np.testing.assert_allclose(shown.get_color(3)[:3], np.array([255, 128, 3]) / 255, atol=1e-6)
    first = round(np.linalg.solve(world(attributes), world(again)[:, -1])[0])
    expected = np.zeros_like(values)
    expected[first : first + len(data)] = data
    np.testing.assert_array_equal(expected, values)
    # and saved once more, nothing is lost
    third = export([(data, again, layer_type)], tmp_path / "y", ExportOptions(segmentation_type=kind)).path
    again_data, again_again, _ = only_layer(third)
    np.testing.assert_array_equal(again_data, data)
    assert {k: v for k, v in again_again["features"].items() if "tracking" not in k} == {
        k: v for k, v in again["features"].items() if "tracking" not in k
    }


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
@pytest.mark.filterwarnings("ignore")
def test_segments_of_highdicom_lie_on_their_image(tmp_path, image, labels, kind):
    path = segmentation(tmp_path / "x.dcm", image, labels, kind, omit_empty_frames=True)
    data, attributes, _ = only_layer(path)
    _, below, _ = only_layer(image[0])
    assert data.shape == (4, 7, 8)  # the empty frame between is filled in
    np.testing.assert_array_equal(data, labels[1:5])
    np.testing.assert_allclose(world(attributes), world(below) @ _moved(1), atol=1e-6)
    assert attributes["features"]["name"] == ["liver", "lesion"]
    assert attributes["features"]["tracking_uid"] == ["1.2.1", "1.2.2"]
    assert attributes["metadata"][METADATA_KEY]["instances"][2] in ("", "1.2.3.4")


def _moved(planes):
    matrix = np.eye(4)
    matrix[0, 3] = planes
    return matrix


@pytest.mark.filterwarnings("ignore")
def test_segments_that_overlap_are_layers(tmp_path, image, labels):
    masks = np.stack([labels > 0, labels == 2], axis=-1).astype(np.uint8)
    layers, told = opened(segmentation(tmp_path / "x.dcm", image, masks, "BINARY"))
    assert told == []
    assert [attributes["name"] for _, attributes, _ in layers] == ["seg", "seg, overlapping 2"]
    np.testing.assert_array_equal(layers[0][0], (labels > 0)[1:5])
    np.testing.assert_array_equal(layers[1][0], 2 * (labels == 2)[1:5])
    assert [attributes["features"]["index"] for _, attributes, _ in layers] == [[1], [2]]


@pytest.mark.filterwarnings("ignore")
def test_fractions_are_images(tmp_path, image, labels):
    fractions = np.stack([labels == 1, 0.6 * (labels == 2)], axis=-1).astype(np.float32)
    path = segmentation(tmp_path / "x.dcm", image, fractions, "FRACTIONAL", max_fractional_value=100)
    layers, _ = opened(path)
    assert [(a["name"], k) for _, a, k in layers] == [("seg, liver", "image"), ("seg, lesion", "image")]
    np.testing.assert_allclose(layers[1][0], fractions[1:5, ..., 1], atol=1e-6)


def test_time_points_of_labels_are_an_axis(tmp_path, labels):
    attributes = {**LAYER, "axis_labels": ("t", "z", "y", "x"), "units": ("s", *LAYER["units"]), "scale": (2, 1, 1, 1)}
    values = np.stack([labels, np.roll(labels, 1, axis=2)])
    data, again, _ = only_layer(export([(values, attributes, "labels")], tmp_path / "x").path)
    assert (data.shape, again["scale"][0]) == ((2, 4, 7, 8), 2)
    np.testing.assert_array_equal(data, values[:, 1:5])


def test_frames_of_bits_need_not_begin_with_a_byte(tmp_path):
    values = np.zeros((3, 3, 5), np.uint8)
    values[0, 1, 1:4], values[1, 2, 4], values[2, 0, 0] = 1, 1, 1
    data, _, _ = only_layer(export([(values, LAYER, "labels")], tmp_path / "x").path)
    np.testing.assert_array_equal(data, values)


@pytest.mark.filterwarnings("ignore:Arguments 'window_center'")
def test_a_map_is_an_image_of_floats_with_its_unit(tmp_path, image):
    values = np.random.default_rng(2).normal(size=(6, 7, 8)).astype(np.float32)
    mapping = RealWorldValueMapping("T1", "T1", codes.UCUM.Millisecond, (-10.0, 10.0), 1.0, 0.0)
    ParametricMap(
        image[1],
        values,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        window_center=0,
        window_width=4,
        series_description="T1 map",
        **EQUIPMENT,
    ).save_as(tmp_path / "x.dcm")
    data, attributes, kind = only_layer(tmp_path / "x.dcm")
    assert (kind, attributes["name"], data.dtype) == ("image", "T1 map (ms)", np.float32)
    np.testing.assert_array_equal(data, values)
    np.testing.assert_allclose(world(attributes), world(only_layer(image[0])[1]), atol=1e-6)


def test_a_map_of_this_package_keeps_its_floats(tmp_path):
    values = np.array([[[1.5, np.nan], [-np.inf, 2e-30]]])
    path = export(Volume(values, spacing=(1, 1, 1)), tmp_path / "x.dcm", ExportOptions(object="parametric-map")).path
    (volume,) = read_series(path)
    assert volume.dtype == np.float64
    np.testing.assert_array_equal(volume.array, values)


def test_a_study_is_one_scene_with_labels_on_top(tmp_path, labels):
    scan = (indexed((6, 7, 8)), {**LAYER, "name": "scan"}, "image")
    path = export([(labels, LAYER, "labels"), scan], tmp_path / "x", ExportOptions(modality="CT")).path
    layers, _ = opened(path)
    assert [(attributes["name"], kind) for _, attributes, kind in layers] == [("scan", "image"), ("organs", "labels")]
    (below, placed, _), (data, attributes, _) = layers
    assert data.shape == below.shape
    np.testing.assert_array_equal(data, labels)
    np.testing.assert_allclose(world(attributes), world(placed), atol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_beside_their_image_labels_have_all_of_its_planes(tmp_path, image, labels):
    """Planes before, between and behind that have no frame are there, so that both arrays are of one shape."""
    shutil.copytree(image[0], tmp_path / "image")
    segmentation(tmp_path / "x.dcm", image, labels, "BINARY", omit_empty_frames=True)
    (_, placed, _), (data, attributes, _) = opened(tmp_path)[0]
    np.testing.assert_array_equal(data, labels)
    np.testing.assert_allclose(world(attributes), world(placed), atol=1e-9)
    assert attributes["metadata"][METADATA_KEY]["instances"][0] == ""


def test_a_segmentation_of_dcmqi():
    path = get_testdata_file("liver_1frame.dcm")
    data, attributes, kind = only_layer(path)
    assert (kind, attributes["features"]["name"]) == ("labels", ["Liver"])
    np.testing.assert_array_equal(data[0], pydicom.dcmread(path).pixel_array)


def test_colors_are_what_they_were():
    for color in np.random.default_rng(1).integers(0, 256, (200, 3)).tolist():
        assert srgb(cielab(tuple(color))) == tuple(color)


def test_deflated_frames_are_inflated_once(tmp_path):
    values = np.arange(4 * 9 * 9, dtype=np.uint8).reshape(4, 9, 9) % 3
    path = export([(values, LAYER, "labels")], tmp_path / "x", ExportOptions(segmentation_type="labelmap")).path
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path)
    before = files._inflated.cache_info()
    np.testing.assert_array_equal(only_layer(path)[0], values)
    after = files._inflated.cache_info()
    assert (after.misses - before.misses, after.hits > before.hits + 2) == (1, True)
