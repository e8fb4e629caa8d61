"""Scenes drawn at random: several layers on one grid, each as another object, every voxel of each in its place."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.labels import assert_labels_placed
from judges.objects import decoded
from judges.readers import dicom_files
from judges.tables import OBJECTS, of
from judges.volumes import affine_of, assert_placed, rotation
from napari_dicom_writer import ExportOptions, LayerOptions, export
from napari_dicom_writer.iods import IODS

IMAGES = [key for key in OBJECTS if IODS[key].multiframe and key != "segmentation"]
DTYPES = {"enhanced-ct": "i2 u2 i4", "parametric-map": "f4 f8 i4"}
LABELS = ("u1", "u2", "i4", "u8", "f4", "?")


def drawn_image(rng, key, shape):
    dtype = rng.choice(DTYPES.get(key, "u1 i2 u2").split())
    if dtype in ("f4", "f8"):
        return rng.normal(0, 1000, shape).astype(dtype)
    low, high = (0, 200) if dtype == "u1" else (0 if dtype == "u2" else -500, 30_000)
    return rng.integers(low, high, shape).astype(dtype)


def drawn_labels(rng, shape):
    dtype = rng.choice(LABELS)
    numbers = [1] if dtype == "?" else sorted(rng.choice(np.arange(1, 250), rng.integers(1, 5), replace=False))
    array = rng.choice([0, 0, 0, *numbers], shape).astype(dtype)
    array.flat[0] = numbers[0]
    return array


@pytest.mark.parametrize("seed", range(12))
def test_every_layer_is_whole_and_in_its_place(tmp_path, seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers((1, 3, 3), (7, 30, 30)))
    mirror = np.diag(rng.choice([-1, 1], 3))
    affine = affine_of(rotation(rng) @ mirror @ np.diag(rng.uniform(0.4, 3, 3)), rng.uniform(-200, 200, 3))
    place = {"affine": np.eye(4)[[2, 1, 0, 3]] @ affine, "units": ("mm",) * 3}
    layers, held = [], {}
    for number in range(1 + seed % 4):  # several layers in three of four draws
        if rng.random() < 0.5:
            key, kind = str(rng.choice(IMAGES)), "image"
            array, own = drawn_image(rng, key, shape), LayerOptions(**of(key))
        else:
            array, kind = drawn_labels(rng, shape), "labels"
            own = LayerOptions(segmentation_type=rng.choice(["binary", "labelmap"]))
        name = f"layer {number}"
        held[name] = array
        layers.append(((array, place | {"name": name}, kind), own))
    report = export(layers, tmp_path / "x", ExportOptions())
    files = {
        pydicom.dcmread(path, stop_before_pixels=True).SeriesDescription: path for path in dicom_files(report.path)
    }
    assert len({pydicom.dcmread(path).StudyInstanceUID for path in files.values()}) == 1
    for series in report.plan.series:
        array, reading = held[series.layer], decoded(files[series.layer])
        if series.segments:
            numbers = np.zeros(array.shape)
            for segment in series.segments:
                numbers[array == segment.label] = segment.number
            assert_labels_placed(reading, numbers, affine, 1e-3)
        else:
            assert_placed(reading, array.astype(float), affine, 1e-3)
