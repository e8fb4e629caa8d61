"""Structure sets written, opened, and written again: the same contours, names, colors, and what else was known."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from napari.layers import Layer, Shapes

from judges.readers import dciodvfy
from judges.structure_sets import saved, structure_set
from judges.volumes import oblique
from napari_dicom_writer import ExportError, ExportOptions, Volume, export, load, plan_export, read
from napari_dicom_writer.layers.from_volume import to_layer

if TYPE_CHECKING:
    from pathlib import Path

AFFINE = oblique()
IMAGE = to_layer(Volume(np.zeros((5, 20, 24), np.int16), affine=AFFINE, name="image"))
PLACE = {key: IMAGE[1][key] for key in ("scale", "affine", "units", "axis_labels")}
pytestmark = pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
TYPES = ("PTV", "ORGAN", "ISOCENTER")
SQUARE = np.array([[2, 3, 4], [2, 3, 14], [2, 12, 14], [2, 12, 4]], float)
TRIANGLE = np.array([[3, 3.25, 4], [3, 5, 9.5], [3, 9.125, 7]])
# A square with a square hole, joined by two edges at one place.
_KEYHOLE = (2, 2), (2, 12), (12, 12), (12, 2), (5, 2), (5, 5), (8, 5), (8, 8), (5, 8), (5, 5), (5, 2)
KEYHOLE = np.array([[1, row, column] for row, column in _KEYHOLE], float)


def contours(path: Path) -> dict[str, list[tuple[str, np.ndarray]]]:
    """By the name of their region, in the order of the file, as pydicom reads them."""
    found: dict[str, list[tuple[str, np.ndarray]]] = {}
    for file in sorted(path.rglob("*.dcm")) if path.is_dir() else [path]:
        header = pydicom.dcmread(file)
        names = {roi.ROINumber: roi.ROIName for roi in header.get("StructureSetROISequence", [])}
        for roi in header.get("ROIContourSequence", []):
            for one in roi.ContourSequence:
                points = np.array(one.ContourData, float).reshape(-1, 3)
                found.setdefault(names[roi.ReferencedROINumber], []).append((one.ContourGeometricType, points))
    return found


def same(one: dict, other: dict) -> None:
    """Whatever the order of the contours of a region."""
    assert {name: len(some) for name, some in one.items()} == {name: len(some) for name, some in other.items()}
    for name in one:
        pairs = (sorted(some, key=lambda each: each[1].tolist()[0]) for some in (one[name], other[name]))
        for (kind, points), (other_kind, others) in zip(*pairs, strict=True):
            assert kind == other_kind
            np.testing.assert_allclose(points, others, rtol=0, atol=1e-4)


def test_every_shape_comes_back_where_it_was_drawn(tmp_path):
    circle = np.array([[4, 2, 2], [4, 2, 10], [4, 10, 10], [4, 10, 2]], float)
    shapes = [SQUARE, TRIANGLE, circle, np.vstack([TRIANGLE, TRIANGLE[:1]]), KEYHOLE]
    names = ["a", "b", "c", "a", "d"]
    layer = Layer.create(
        shapes,
        {
            **PLACE,
            "name": "drawn",
            "shape_type": ["rectangle", "polygon", "ellipse", "path", "polygon"],
            "features": {"name": names},
            "edge_color": [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 0, 0, 1]],
        },
        "shapes",
    )
    points = (
        np.array([[0, 3, 4], [2.0, 5, 6]]),
        {**PLACE, "name": "marks", "features": {"name": ["m", "n"]}},
        "points",
    )
    first = export([IMAGE, layer, points], tmp_path / "first").path
    image, found, marks = read(first)
    assert (image[2], found[2], marks[2]) == ("image", "shapes", "points")
    assert dict(zip(found[1]["features"]["name"], map(tuple, found[1]["edge_color"]), strict=True)) == {
        "a": (1, 0, 0, 1),
        "b": (0, 1, 0, 1),
        "c": (0, 0, 1, 1),
        "d": (0, 0, 0, 1),
    }
    drawn = {len(one): one for one in _in_space(found) if len(one) > 4}
    wanted = (KEYHOLE @ AFFINE[:3, :3].T + AFFINE[:3, 3]).tolist()
    np.testing.assert_allclose(drawn[len(KEYHOLE)], wanted, rtol=0, atol=1e-4)
    assert isinstance(Layer.create(*found), Shapes)
    again = export([Layer.create(*each) for each in (image, found, marks)], tmp_path / "again").path
    same(contours(first), contours(again))


def _in_space(layer: tuple) -> list[np.ndarray]:
    matrix = Layer.create(*layer)._data_to_world.affine_matrix  # of one vertex only, in public
    return [(np.c_[one, np.ones(len(one))] @ matrix.T)[:, 2::-1] for one in layer[0]]


@pytest.fixture
def foreign(tmp_path):
    """A study of another maker: an image, and a structure set of it."""
    path = export([IMAGE], tmp_path / "study" / "image").path
    header = pydicom.dcmread(next(path.rglob("*.dcm")))
    ring, hole = (
        (np.array(one) @ AFFINE[:3, :3].T + AFFINE[:3, 3]) for one in (SQUARE, SQUARE * (1, 0.5, 0.5) + (0, 3, 4))
    )
    rois = {
        "PTV 1": [("CLOSED_PLANAR", ring)],
        "bladder": [("CLOSEDPLANAR_XOR", ring), ("CLOSEDPLANAR_XOR", hole)],
        "iso": [("POINT", ring[:1])],
    }
    made = structure_set(rois, header)
    for number, (region, observed) in enumerate(
        zip(made.StructureSetROISequence, made.RTROIObservationsSequence, strict=True)
    ):
        observed.RTROIInterpretedType = TYPES[number]
        region.ROIDescription, region.ROINumber = f"what {number} is", 4 + 3 * number
        observed.ReferencedROINumber = made.ROIContourSequence[number].ReferencedROINumber = region.ROINumber
    return saved(made, tmp_path / "study" / "contours"), made


@pytest.mark.parametrize("way", ["read", "load"])
def test_a_structure_set_of_another_maker_keeps_its_contours(tmp_path, foreign, way):
    file, _ = foreign
    layers = read(tmp_path / "study") if way == "read" else load(tmp_path / "study")
    path = export(layers, tmp_path / "again").path
    same(contours(file), contours(path))
    again = [h for h in map(pydicom.dcmread, sorted(path.rglob("*.dcm"))) if h.Modality == "RTSTRUCT"]
    assert len(again) == 1
    assert [o.RTROIInterpretedType for h in again for o in h.RTROIObservationsSequence] == list(TYPES)
    assert {r.ROIGenerationAlgorithm for h in again for r in h.StructureSetROISequence} == {"MANUAL"}
    colors = [list(r.ROIDisplayColor) for h in again for r in h.ROIContourSequence]
    assert colors == [[0, 50, 0], [0, 100, 0], [0, 150, 0]]
    shapes, points = [layer for layer in read(path) if layer[2] != "image"]
    table = shapes[1]["features"]
    assert points[1]["features"]["number"] == [10]
    assert (table["number"], table["segment_description"]) == ([4, 7, 7], ["what 0 is", "what 1 is", "what 1 is"])


def test_contours_opened_as_labels_are_written_as_either(tmp_path, foreign):
    image, labels = read(tmp_path / "study", structures="labels", announce=lambda _: None)[:2]
    plan = plan_export([image, labels])
    assert any("interpreted type, has no place in a Segmentation" in note.text for note in plan.notes)
    path = export([image, labels], tmp_path / "again", ExportOptions(object="rt-structure-set")).path
    _, again = read(path, structures="labels")
    np.testing.assert_array_equal(again[0], labels[0])
    for column in ("index", "name", "interpreted_type"):
        assert again[1]["features"][column] == labels[1]["features"][column]


def test_a_structure_set_alone_is_refused_until_its_image_is_named(tmp_path, foreign):
    file, _ = foreign
    layers = read(file)
    with pytest.raises(ExportError, match="there is none. Export the image with it, or name its series with reference"):
        export(layers, tmp_path / "again")
    path = export(layers, tmp_path / "again", ExportOptions(reference=tmp_path / "study" / "image")).path
    same(contours(file), contours(path))
    path = export(layers, tmp_path / "back", ExportOptions(reference="source")).path
    same(contours(file), contours(path))
    back, image = map(pydicom.dcmread, (path, next((tmp_path / "study" / "image").rglob("*.dcm"))))
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID"):  # the second is not in the header of the structure set
        assert back[keyword].value == image[keyword].value
    assert {r.ReferencedFrameOfReferenceUID for r in back.StructureSetROISequence} == {image.FrameOfReferenceUID}
    everything = load(tmp_path / "study")
    path = export(everything, tmp_path / "all", ExportOptions(reference="source")).path
    same(contours(file), contours(path))


@pytest.mark.parametrize("kind", ["OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_open_contours_stay_open(tmp_path, foreign, kind):
    """As layers, and as volumes; one that lies on no plane names none."""
    _, made = foreign
    (one,) = made.ROIContourSequence[0].ContourSequence
    one.ContourGeometricType = kind
    if kind == "OPEN_NONPLANAR":
        points = np.array(one.ContourData, float).reshape(-1, 3) + np.arange(4)[:, np.newaxis]
        one.ContourData = [f"{value:.4f}" for value in points.ravel()]
    file = saved(made, tmp_path / "study" / "contours")
    for name, layers in (
        ("layers", read(tmp_path / "study", announce=lambda _: None)),
        ("volumes", load(tmp_path / "study")),
    ):
        plan = plan_export(layers)
        assert any(note.text.startswith("1 of its contours is open, as was told") for note in plan.notes)
        path = export(layers, tmp_path / name).path
        same(contours(file), contours(path))
        found = [
            ("ContourImageSequence" in each, each.ContourGeometricType)
            for header in map(pydicom.dcmread, path.rglob("*.dcm"))
            for roi in header.get("ROIContourSequence", [])
            for each in roi.ContourSequence
        ]
        assert (kind != "OPEN_NONPLANAR", kind) in found
        assert dciodvfy([p for p in path.rglob("*.dcm") if pydicom.dcmread(p).Modality == "RTSTRUCT"]) == ([], [])


@pytest.mark.skipif(shutil.which("plastimatch") is None, reason="plastimatch is not installed")
def test_a_structure_set_of_plastimatch(tmp_path):
    import subprocess

    import SimpleITK as sitk

    mask = np.zeros((4, 20, 24), np.uint8)
    mask[1:3, 4:12, 5:15] = 1
    mask[1:3, 6:8, 7:9] = 0
    image = sitk.GetImageFromArray(mask)
    image.SetSpacing((0.7, 0.8, 2.5))
    sitk.WriteImage(image, str(tmp_path / "mask.mha"))
    told = ["--input", tmp_path / "mask.mha", "--input-ss-img", tmp_path / "mask.mha", "--output-dicom", tmp_path / "x"]
    subprocess.run(["plastimatch", "convert", *map(str, told)], check=True, capture_output=True)
    _, shapes = read(tmp_path / "x")
    assert sorted({round(float(one[0, 0]), 3) for one in shapes[0]}) == [1, 2]
    _, labels = read(tmp_path / "x", structures="labels")
    np.testing.assert_array_equal(labels[0], mask)
