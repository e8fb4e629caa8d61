"""RT Structure Sets from shapes and points: every vertex where it was drawn, on the planes of the image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
from napari.layers import Points, Shapes

from judges.readers import dcentvfy, dciodvfy, dicom_files, dicom_validator
from judges.volumes import oblique
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    LayerOptions,
    Patient,
    Series,
    Volume,
    export,
    plan_export,
)
from napari_dicom_writer.layers.from_volume import to_layer

AFFINE = oblique()
pytestmark = pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
SQUARE = np.array([[2, 3, 4], [2, 3, 14], [2, 12, 14], [2, 12, 4]], float)
TRIANGLE = np.array([[3, 3.25, 4], [3, 5, 9.5], [3, 9.125, 7]])
NEXT = np.array([1, 0, 0])  # plane
IMAGE = to_layer(Volume(np.zeros((6, 20, 24), np.int16), affine=AFFINE, name="image"))
PLACE = {key: IMAGE[1][key] for key in ("scale", "affine", "units", "axis_labels")}


def drawn(shapes: object, kind: str = "shapes", **attributes: object) -> tuple:
    return shapes, {**PLACE, "name": "tumor", **attributes}, kind


def moved(vertices: np.ndarray, down: float, right: float) -> np.ndarray:
    return vertices + np.array([0, down, right])


def contours_in(path: Path) -> tuple[pydicom.FileDataset, list[pydicom.FileDataset]]:
    """The structure set, and the images."""
    found = [pydicom.dcmread(file) for file in (sorted(path.rglob("*.dcm")) if path.is_dir() else [path])]
    (contours,) = [header for header in found if header.Modality == "RTSTRUCT"]
    return contours, [header for header in found if header.Modality != "RTSTRUCT"]


def in_space(vertices: np.ndarray) -> np.ndarray:
    return vertices @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def read(roi: pydicom.Dataset) -> list[np.ndarray]:
    """By the planes of the layer, which the file may hold in the other order."""
    found = [np.array(contour.ContourData, float).reshape(-1, 3) for contour in roi.ContourSequence]
    return sorted(found, key=plane_of)


def plane_of(points: np.ndarray) -> float:
    return float((np.linalg.inv(AFFINE) @ [*points[0], 1])[0])


def test_vertices_are_where_they_were_drawn_and_name_their_plane(tmp_path):
    layer = drawn([SQUARE, TRIANGLE], shape_type=["rectangle", "polygon"])
    contours, images = contours_in(export([IMAGE, layer], tmp_path / "x").path)
    (roi,) = contours.ROIContourSequence
    for vertices, found in zip((SQUARE, TRIANGLE), read(roi), strict=True):
        np.testing.assert_allclose(found, in_space(vertices), rtol=0, atol=1e-4)
    places = {image.SOPInstanceUID: np.array(image.ImagePositionPatient, float) for image in images}
    for contour in roi.ContourSequence:
        assert contour.ContourGeometricType == "CLOSED_PLANAR"
        uid = contour.ContourImageSequence[0].ReferencedSOPInstanceUID
        plane = plane_of(np.array(contour.ContourData, float).reshape(-1, 3))
        assert plane_of(places[uid][np.newaxis]) == pytest.approx(plane, abs=1e-4)
    assert contours.StructureSetROISequence[0].ROIName == "tumor"
    file = next(file for file in (tmp_path / "x").rglob("*.dcm") if pydicom.dcmread(file).Modality == "RTSTRUCT")
    assert dciodvfy([file]) == ([], [])


def test_a_column_names_the_regions_and_edges_color_them(tmp_path):
    layer = Shapes(
        [SQUARE, TRIANGLE, SQUARE + NEXT],
        shape_type=["ellipse", "polygon", "rectangle"],
        features={"name": ["liver", "cyst", "liver"]},
        edge_color=["red", "lime", "red"],
        name="organs",
        **PLACE,
    )
    contours, _ = contours_in(export([IMAGE, layer], tmp_path / "x").path)
    assert [item.ROIName for item in contours.StructureSetROISequence] == ["liver", "cyst"]
    assert [list(item.ROIDisplayColor) for item in contours.ROIContourSequence] == [[255, 0, 0], [0, 255, 0]]
    ellipse, square = read(contours.ROIContourSequence[0])
    middle, radii = in_space(SQUARE).mean(axis=0), np.array([5 * 0.7, 4.5 * 0.8])
    apart = np.linalg.norm(ellipse - middle, axis=1)
    assert (apart.min(), apart.max()) == pytest.approx((radii.min(), radii.max()), abs=1e-3)
    np.testing.assert_allclose(square, in_space(SQUARE + NEXT), atol=1e-4)


def test_points_stay_where_they_are(tmp_path):
    places = np.array([[2.3, 3.5, 4.25], [1, 2, 3]])
    contours, _ = contours_in(export([IMAGE, Points(places, name="marks", **PLACE)], tmp_path / "x").path)
    (roi,) = contours.ROIContourSequence
    found = sorted(map(tuple, np.concatenate(read(roi))))
    np.testing.assert_allclose(found, sorted(map(tuple, in_space(places))), atol=1e-4)
    assert {contour.ContourGeometricType for contour in roi.ContourSequence} == {"POINT"}


def test_on_a_series_on_disk(tmp_path):
    source = export([IMAGE], tmp_path / "source").path
    contours, _ = contours_in(export([drawn([TRIANGLE])], tmp_path / "x", ExportOptions(reference=source)).path)
    frame = contours.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == pydicom.dcmread(next(source.glob("*.dcm"))).SeriesInstanceUID


WIDE, HOLE = moved(SQUARE, 2, 3), (SQUARE + SQUARE.mean(axis=0)) / 2
REFUSED = {
    "across planes": (drawn([SQUARE + np.array([[0], [1], [1], [0]]) * NEXT]), "shape 0 lies across the planes"),
    "between planes": (drawn([TRIANGLE + NEXT / 2]), "shape 0 lies 0.5 of a step beside a plane of the image 'image'"),
    "outside": (drawn([TRIANGLE + 9 * NEXT]), "shape 0 lies outside the image"),
    "beside the image": (drawn([moved(TRIANGLE, 0, 40)]), "shape 0 lies outside the image"),
    "crossing": (drawn([TRIANGLE, SQUARE[[0, 2, 1, 3]]]), "shape 1 crosses itself"),
    "within another": (
        drawn([SQUARE, HOLE]),
        "shape 0 and shape 1, of one region, overlap",
    ),
    "over another": (drawn([TRIANGLE, SQUARE, WIDE]), "shape 1 and shape 2, of one region, overlap"),
    "twice": (drawn([SQUARE, SQUARE[::-1]]), "shape 0 and shape 1, of one region, overlap"),
    "on a line": (drawn([TRIANGLE[[0, 1, 0]]]), "The corners of its shape 0 lie on a line"),
    "open": (drawn([TRIANGLE], shape_type="path"), "shape 0 is an open path"),
    "a line": (drawn([TRIANGLE[:2]], shape_type="line"), "shape 0 is a line, which encloses nothing"),
    "a polygon said to be open": (
        drawn([TRIANGLE], features={"contour_type": ["OPEN_PLANAR"]}),
        "shape 0 is a polygon, and its 'contour_type' says that it is open",
    ),
    "of no type": (
        drawn([TRIANGLE], features={"contour_type": ["closed"]}),
        "of its shape 0 is 'closed', which no shape",
    ),
    "an open line across planes": (
        drawn([TRIANGLE + np.eye(3)[[0, 1, 1]] * NEXT], shape_type="path", features={"contour_type": ["OPEN_PLANAR"]}),
        "shape 0 lies across the planes",
    ),
    "two corners": (drawn([TRIANGLE[:2]]), "shape 0 has 2 corners"),
    "nothing": (drawn([]), "It holds nothing that is drawn"),
    "not finite": (drawn([TRIANGLE * np.nan]), "Some of its vertices are not finite"),
    "in time": (
        (np.zeros((3, 4)), {"name": "t", "axis_labels": ("t", "z", "y", "x")}, "points"),
        "an axis beside the spatial ones, such as time. Draw it in 3 dimensions",
    ),
    "a point outside": (drawn([[9.0, 1, 1]], "points"), "point 0 lies outside the image"),
    "flat": (([TRIANGLE[:, 1:]], {"name": "t"}, "shapes"), "It is flat, and the image 'image' has 6 planes"),
    "in two and three": (drawn([TRIANGLE, TRIANGLE[:, 1:]]), "Its vertices have not all the same axes"),
    "no numbers": (drawn([["a", "b"]]), "Some of its vertices are not numbers"),
    "types too few": (drawn([TRIANGLE, SQUARE], shape_type=["polygon"]), "It has 1 types of shapes for 2"),
    "names too many": (
        drawn([SQUARE], features={"name": ["a", "b"]}),
        "It has 2 values of 'name' in its features for 1",
    ),
    "colors too many": (drawn([SQUARE], edge_color=np.zeros((2, 4))), "It has 2 colors for 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_plane_holds_is_refused_by_its_name(name):
    layer, reason = REFUSED[name]
    with pytest.raises(ExportError, match=reason) as error:
        plan_export([IMAGE, layer])
    assert all(refusal.remedy for refusal in error.value.refusals)


def test_without_an_image_it_is_refused():
    with pytest.raises(ExportError, match="lies on the planes of an image, and there is none. Export the image with"):
        plan_export([drawn([TRIANGLE])])


def test_a_closed_path_is_an_outline(tmp_path):
    path = np.concatenate([TRIANGLE, TRIANGLE[:1]])
    contours, _ = contours_in(export([IMAGE, drawn([path], shape_type="path")], tmp_path / "x").path)
    assert contours.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints == 3


def notes_of(layer: tuple, image: tuple = IMAGE) -> list[str]:
    (series,) = [one for one in plan_export([image, layer]).series if one.iod == "rt-structure-set"]
    return [note.text for note in series.notes]


def test_a_long_name_is_whole_in_the_file(tmp_path):
    layer = drawn([SQUARE], name="tumor " * 20)
    assert any("whole in Structure Set Description" in text for text in notes_of(layer))
    contours, _ = contours_in(export([IMAGE, layer], tmp_path / "x").path)
    assert contours.StructureSetDescription == ("tumor " * 20).strip()


LARGE = moved(TRIANGLE, 0, 18)
NOTED = {
    "ellipse": (
        drawn([SQUARE], shape_type="ellipse"),
        "Ellipses are written as polygons of 64 corners, up to 0.0043 mm",
    ),
    "in pairs": (drawn([(SQUARE, "ellipse")]), "Ellipses are written as polygons of 64 corners"),
    "past an edge": (drawn([LARGE]), "Its shape 0 reaches past the edges of the image 'image', by up to 2.8 mm"),
    "no name": (
        drawn([SQUARE, TRIANGLE], features={"roi": ["a", None]}),
        "1 of 2 have no 'roi': taken as of the region 'tumor'",
    ),
    "no name, as pandas says it": (
        drawn([SQUARE, TRIANGLE], features={"roi": ["a", pd.NA], "contour_type": [pd.NA, None]}),
        "1 of 2 have no 'roi': taken as of the region 'tumor'",
    ),
    "other columns": (
        drawn([SQUARE], features={"score": [1], "p": [2]}),
        "Of its features, 'score', 'p' are not written",
    ),
    "another category": (
        drawn([SQUARE, TRIANGLE], features={"name": ["a", "b"], "category": ["Tissue", "benign"]}),
        "'benign' in the column 'category' of its features is no category of the standard: not written",
    ),
    "hidden": (drawn(SQUARE[:2], "points", shown=np.array([True, False])), "1 of its points is hidden, and written"),
    "alike": (
        drawn([SQUARE, TRIANGLE], features={"name": ["x" * 64 + "a", "x" * 64 + "b"]}),
        "Several regions are called 'xxx",
    ),
    "a backslash": (
        drawn([SQUARE, TRIANGLE], features={"name": ["left\\right", "x" * 65]}),
        "Names of more than 64 characters, or with others than DICOM has, are written as 'left",
    ),
    "how it was made": (drawn([SQUARE]), "How the regions were made is not known"),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_is_lost_or_assumed_is_said(name):
    layer, text = NOTED[name]
    assert any(note.startswith(text) for note in notes_of(layer))


def test_regions_may_overlap_and_shapes_may_touch():
    apart = moved(SQUARE, 0, 10)
    layer = drawn([SQUARE, WIDE, apart], features={"name": ["one", "other", "one"]})
    (series,) = plan_export([IMAGE, layer]).series[1:]
    assert [segment.name for segment in series.segments] == ["one", "other"]


@pytest.mark.parametrize(("kind", "said"), [("CLOSEDPLANAR_XOR", False), ("CLOSED_PLANAR", True)])
def test_a_hole_may_be_told(tmp_path, kind, said):
    layer = drawn([SQUARE, HOLE], features={"contour_type": [kind] * 2})
    assert any("overlap, as was told" in note for note in notes_of(layer)) == said
    contours, _ = contours_in(export([IMAGE, layer], tmp_path / "x").path)
    assert [one.ContourGeometricType for one in contours.ROIContourSequence[0].ContourSequence] == [kind] * 2


FEATURES = {"name": ["Größe 肝", "left kidney"], "interpreted_type": ["PTV", ""], "algorithm_type": ["MANUAL", ""]}
LABELS = np.zeros((6, 20, 24), np.uint8)
LABELS[1:4, 4:9, 5:9], LABELS[2, 12:15, 5:9] = 1, 7
DRAWINGS = {
    "shapes": drawn([SQUARE, TRIANGLE], features=FEATURES, edge_color=[[1, 0, 0, 1], [0, 1, 0, 1]]),
    "points": drawn([[2.3, 3.5, 4.25], [1, 2, 3]], "points", features=FEATURES),
    "a hole": drawn([SQUARE, HOLE], features={"contour_type": ["CLOSEDPLANAR_XOR"] * 2}),
    "labels": (LABELS, {**PLACE, "name": "organs"}, "labels"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_validators_have_nothing_to_say(tmp_path, name):
    patient = Patient(name="Yamada^Tarou=山田^太郎", id="Ä-4711", birth_date="1952-02-29", sex="F")
    options = ExportOptions(patient=patient, series=Series(description="Größe"))
    layers = [IMAGE, (DRAWINGS[name], LayerOptions(object="rt-structure-set"))]
    files = dicom_files(export(layers, tmp_path / "beside", options).path)
    source = dicom_files(export([IMAGE], tmp_path / "source", replace(options, object="multi-frame")).path)
    onto = replace(options, object="rt-structure-set", reference=source[0])
    files_of_reference = [*source, *dicom_files(export([DRAWINGS[name]], tmp_path / "onto", onto).path)]
    for some in (files, files_of_reference):
        study = pydicom.dcmread(some[0]).StudyInstanceUID  # which is referenced as if it were an instance, C.8.8.5
        assert (dciodvfy(some), [line for line in dcentvfy(some) if study not in line]) == (([], []), [])
    old = ["EnumValueNotAllowed"] if name == "a hole" else []  # a copy of the standard may be older than that kind
    assert [found for found in dicom_validator([*files, *files_of_reference]) if found.split()[-1] not in old] == []


def test_of_an_image_with_time_the_first_planes_are_referenced(tmp_path):
    moving = Volume(
        np.zeros((2, 6, 20, 24), np.int16), affine=AFFINE, axes=("time", "plane", "row", "column"), time_step=1
    )
    image = to_layer(moving)
    text = "The image has 2 time points, and planes of the first are referenced"
    assert text in notes_of(drawn([SQUARE]), image)
    contours, images = contours_in(export([image, drawn([SQUARE])], tmp_path / "x").path)
    named = contours.ROIContourSequence[0].ContourSequence[0].ContourImageSequence[0].ReferencedSOPInstanceUID
    assert named in {header.SOPInstanceUID for header in images[:6]}


def test_a_flat_image_takes_a_flat_drawing(tmp_path):
    told = {"scale": (0.8, 0.7), "units": ("mm", "mm")}
    image = (np.zeros((20, 24), np.int16), told | {"name": "image"}, "image")
    contours, _ = contours_in(export([image, ([TRIANGLE[:, 1:]], told | {"name": "t"}, "shapes")], tmp_path / "x").path)
    (found,) = [np.array(one.ContourData, float) for one in contours.ROIContourSequence[0].ContourSequence]
    expected = np.column_stack([TRIANGLE[:, 2] * 0.7, TRIANGLE[:, 1] * 0.8, np.zeros(3)])
    np.testing.assert_allclose(found.reshape(-1, 3), expected, rtol=0, atol=1e-4)
