"""What is saved and opened again is the same: a scene of layers is drawn, written, read and compared, part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from judges.tables import OBJECTS, of
from judges.volumes import affine_of, rotation
from napari_dicom_writer import ExportOptions, Volume, export, read
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.layers.from_volume import to_layer
from napari_dicom_writer.layers.opened_from import METADATA_KEY

DRAWS = 3
SPATIAL = ("plane", "row", "column")
# What DICOM has no type for comes back in the next one that holds it exactly: `docs/opening.md`.
WIDER = {"bool": "uint8", "int8": "int16", "float32": "float64"}


def drawn(rng: np.random.Generator, key: str, number: int) -> Volume:
    """One layer: any size, place, direction, type, name and window that the object holds."""
    kinds = "float32 float64" if key == "parametric-map" else "bool uint8 int8 uint16 int16 float32 float64"
    dtype = np.dtype(rng.choice(kinds.split()))
    time = bool(rng.integers(2)) and key != "pet"
    shape = tuple(int(n) for n in rng.integers(2, 6, 4 if time else 3))
    color = IODS[key].rules.color and rng.random() < 0.3
    values = rng.uniform(0, 1, shape) * 250 if dtype.kind != "f" else rng.normal(0, 100, shape)
    values = values - 120 if dtype.kind == "i" else values
    low = float(np.round(rng.uniform(-50, 0)))
    linear = rotation(rng) @ np.diag(rng.uniform(0.3, 3, 3))
    if color:
        values, dtype = rng.integers(0, 256, (*shape, 3)), np.dtype("uint8")
    return Volume(
        values.astype(bool) if dtype.kind == "b" else values.astype(dtype),
        affine=affine_of(linear, rng.uniform(-1, 1, 3)),
        axes=(*(("time",) if time else ()), *SPATIAL),
        rgb=bool(color),
        name=f"Schädel {number} 头",
        window=None if color else (low, low + float(np.round(rng.uniform(20, 99)))),
        time_step=float(np.round(rng.uniform(0.1, 9), 2)) if time else None,
    )


def matrix(attributes: dict[str, Any]) -> np.ndarray:
    """Index to world, as napari composes it."""
    scale = attributes["scale"]
    affine = attributes.get("affine")
    affine = affine_of(np.eye(len(scale)), attributes["translate"]) if affine is None else affine
    return affine @ np.diag([*scale, 1])


def assert_same(found: tuple[Any, dict[str, Any], str], volume: Volume, key: str) -> None:
    data, attributes, kind = found
    shown, expected, _ = to_layer(volume)
    values = np.asarray(data)
    dtype = str(volume.dtype)
    dtype = dtype if IODS[key].rules.floats else WIDER.get(dtype, dtype)
    dtype = "uint16" if dtype == "uint8" and not (volume.rgb or IODS[key].rules.bits_8) else dtype
    assert (kind, str(values.dtype), values.shape) == ("image", dtype, shown.shape)
    for name in ("axis_labels", "units", "rgb"):
        assert attributes[name] == expected[name]
    assert attributes["name"] == volume.name
    if not volume.rgb:
        assert attributes["contrast_limits"] == pytest.approx(expected["contrast_limits"], abs=1e-3)
        assert attributes["colormap"] == "gray"
    # Of two orders of the planes, both right, the one along the normal is written.
    order = expected.get("metadata", {}).get(METADATA_KEY, {}).get("axes", SPATIAL)
    planes = len(volume.axes) - 3 + list(order).index("plane")
    turned = expected, shown
    if not np.allclose(matrix(attributes), matrix(expected), atol=1e-6):
        flip = np.eye(len(volume.axes) + 1)
        flip[planes, planes], flip[planes, -1] = -1, volume.shape[0] - 1
        turned = {"affine": matrix(expected) @ flip, "scale": np.ones(len(volume.axes))}, np.flip(shown, planes)
    np.testing.assert_allclose(matrix(attributes), matrix(turned[0]), atol=1e-6)
    if volume.dtype.kind == "f" and key != "parametric-map":
        np.testing.assert_allclose(values, turned[1], atol=np.ptp(volume.array) / 65534)
    else:
        np.testing.assert_array_equal(values, turned[1])


@pytest.mark.parametrize("key", OBJECTS)
@pytest.mark.parametrize("seed", range(DRAWS))
def test_a_scene_comes_back(tmp_path, key, seed):
    rng = np.random.default_rng([seed, OBJECTS.index(key)])
    volumes = [drawn(rng, key, number) for number in range(int(rng.integers(1, 4)))]
    modality = (IODS.row(key).modalities or ("OT",))[0]
    path = export(volumes, tmp_path / "x", ExportOptions(modality=modality, value_unit=unit(key), **of(key))).path
    layers = [layer for layer in read(path, announce=[].append) if layer[2] == "image"]
    for volume in volumes:
        (found,) = [layer for layer in layers if layer[1]["name"] == volume.name]
        assert_same(found, volume, key)


def unit(key: str) -> str:
    """One that needs no assumption."""
    return next(iter(sorted(IODS[key].units & {"HU", "NONE"})), "")


def test_what_comes_back_is_saved_with_the_same_values_and_geometry(tmp_path):
    """Open, save, open: from the second time on nothing moves, not even a rounding."""
    volume = drawn(np.random.default_rng(5), "mr", 0)
    once = export(volume, tmp_path / "1", ExportOptions(modality="MR")).path
    (first,) = read(once)
    (second,) = read(export([first], tmp_path / "2", ExportOptions(modality="MR")).path)
    np.testing.assert_array_equal(np.asarray(first[0]), np.asarray(second[0]))
    np.testing.assert_allclose(matrix(first[1]), matrix(second[1]), rtol=0, atol=1e-9)
    assert first[1]["contrast_limits"] == second[1]["contrast_limits"]


@pytest.mark.parametrize("kind", ["binary", "labelmap"])
def test_labels_come_back_with_their_names_and_colors(tmp_path, kind):
    rng = np.random.default_rng(7)
    image = Volume(np.zeros((4, 6, 7), np.int16), affine=affine_of(np.diag([0.7, 0.8, 2.5])[:, ::-1], (1, 2, 3)))
    place = {key: value for key, value in to_layer(image)[1].items() if key not in ("name", "rgb")}
    values = rng.choice([0, 1, 2, 3], (4, 6, 7)).astype(np.uint8)
    table = {"index": [1, 2, 3], "name": ["liver", "left kidney", "x"], "color": ["#ff0000", "#1234ab", "#0000ff"]}
    options = ExportOptions(segmentation_type=kind)
    path = export([image, (values, {**place, "name": "organs", "features": table}, "labels")], tmp_path / "x", options)
    ((data, attributes, _),) = [layer for layer in read(path.path, announce=[].append) if layer[2] == "labels"]
    np.testing.assert_array_equal(np.asarray(data), values)
    np.testing.assert_allclose(matrix(attributes), matrix(place), atol=1e-6)
    assert (attributes["name"], attributes["axis_labels"], attributes["units"]) == ("organs", *_axes(place))
    features = attributes["features"]
    named = dict(zip(features["index"], features["name"], strict=True))
    assert {label: named[label] for label in (1, 2, 3)} == {1: "liver", 2: "left kidney", 3: "x"}
    colors = {label: np.round(np.multiply(attributes["colormap"][label][:3], 255)).tolist() for label in (1, 2, 3)}
    assert colors == {1: [255, 0, 0], 2: [18, 52, 171], 3: [0, 0, 255]}


def _axes(place: dict[str, Any]) -> tuple[Any, Any]:
    return place["axis_labels"], place["units"]
