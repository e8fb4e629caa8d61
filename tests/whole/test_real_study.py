"""MNI152 as one study: the scan, a segmentation of its tissues, and a map, opened again by others and by ourselves."""

from __future__ import annotations

from pathlib import Path

import highdicom
import nibabel
import nilearn
import numpy as np
import pydicom
import pytest
from napari.utils.transforms import Affine

from judges.labels import assert_labels_placed, dcmqi_labels, highdicom_labels
from judges.readers import Reading, dciodvfy, dcm2niix_volume, dicom_files, dicom_validator, simpleitk_volume
from judges.volumes import assert_placed
from napari_dicom_writer import ExportOptions, LayerOptions, export, read

DATA = Path(nilearn.__file__).parent / "datasets" / "data"
RAS_TO_LPS = np.diag([-1, -1, 1, 1])
TISSUES = {1: "gray_matter", 2: "white_matter"}
STEP = 8  # every eighth plane


@pytest.fixture(scope="module")
def brain():
    """T1, tissues and the share of gray matter, as (planes, rows, columns), and index → LPS."""
    t1, gray, white = (
        nibabel.load(DATA / f"mni_icbm152_{name}_tal_nlin_sym_09a_converted.nii.gz") for name in ("t1", "gm", "wm")
    )
    affine = RAS_TO_LPS @ t1.affine[:, [2, 1, 0, 3]] @ np.diag([STEP, 1, 1, 1])
    scan, gray, white = (np.asarray(image.dataobj).T[::STEP] for image in (t1, gray, white))
    tissues = np.where(np.maximum(gray, white) > 127, 1 + (white > gray), 0).astype("u1")
    return scan, tissues, (gray / np.float32(255)).astype("f4"), affine


@pytest.fixture(scope="module")
def study(brain, tmp_path_factory):
    scan, tissues, gray, affine = brain
    place = {"affine": np.eye(4)[[2, 1, 0, 3]] @ affine, "units": ("mm",) * 3}
    layers = [
        ((scan, place | {"name": "MNI152"}, "image"), LayerOptions(modality="MR")),
        (tissues, place | {"name": "tissues"}, "labels"),
        ((gray, place | {"name": "gray matter"}, "image"), LayerOptions(object="parametric-map", value_unit="1")),
    ]
    return export(layers, tmp_path_factory.mktemp("mni") / "study", ExportOptions(segments=TISSUES))


def folder(study, kind):
    (found,) = (path for path in study.path.iterdir() if kind in path.name)
    return found


def test_it_is_one_study_that_validators_accept(study):
    files = dicom_files(study.path)
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in files]
    assert {len({h[k].value for h in headers}) for k in ("StudyInstanceUID", "FrameOfReferenceUID")} == {1}
    some = [path for path, header in zip(files, headers, strict=True) if header.InstanceNumber == 1]
    assert len(some) == 3
    assert dciodvfy(some) == ([], [])
    assert dicom_validator(some) == []


def test_the_scan_is_in_its_place(study, brain):
    scan, _, _, affine = brain
    assert_placed(simpleitk_volume(folder(study, "MNI152")), scan, affine, 1e-5)


def test_tissues_are_in_their_places_and_named(study, brain):
    _, tissues, _, affine = brain
    (path,) = dicom_files(folder(study, "tissues"))
    assert_labels_placed(highdicom_labels(path), tissues, affine)
    reading, segments = dcmqi_labels(path)
    assert_labels_placed(reading, tissues, affine)
    codes = [segment["SegmentedPropertyTypeCodeSequence"]["CodeMeaning"].lower() for segment in segments]
    assert ["gray" in codes[0] or "grey" in codes[0], "white" in codes[1]] == [True, True]


def test_the_map_holds_its_values(study, brain):
    _, _, gray, affine = brain
    (path,) = dicom_files(folder(study, "gray"))
    volume = highdicom.imread(path).get_volume(apply_real_world_transform=False)
    assert_placed(Reading(volume.array, volume.affine), gray, affine, 1e-5)
    assert_placed(dcm2niix_volume(path), gray, affine, 1e-4)


def test_segmentation_and_map_belong_to_the_scan(study):
    scan = pydicom.dcmread(dicom_files(folder(study, "MNI152"))[0], stop_before_pixels=True)
    for kind in ("tissues", "gray"):
        (path,) = dicom_files(folder(study, kind))
        (series,) = pydicom.dcmread(path, stop_before_pixels=True).ReferencedSeriesSequence
        assert series.SeriesInstanceUID == scan.SeriesInstanceUID


def test_it_opens_again_as_the_same_layers(study, brain):
    scan, tissues, gray, affine = brain
    opened = {layer[1]["name"]: layer for layer in read(study.path)}
    assert [opened[name][2] for name in ("MNI152", "tissues", "gray matter")] == ["image", "labels", "image"]
    assert_placed(reading(opened["MNI152"]), scan, affine, 1e-5)
    assert_placed(reading(opened["gray matter"]), gray, affine, 1e-5)
    assert_labels_placed(reading(opened["tissues"]), tissues, affine)
    assert set(TISSUES.values()) <= set(map(str, opened["tissues"][1]["features"]["name"]))


def reading(layer):
    """A layer as napari places it: the world (z, y, x) reversed is LPS."""
    data, attributes, _ = layer
    to_world = Affine(
        **{key: attributes[key] for key in ("scale", "translate", "rotate", "shear") if key in attributes}
    )
    matrix = np.asarray(attributes.get("affine", np.eye(4))) @ to_world.affine_matrix
    return Reading(np.asarray(data), np.eye(4)[[2, 1, 0, 3]] @ matrix)
