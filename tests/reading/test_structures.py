"""RT Structure Sets of anyone's making as shapes, points and labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from napari.layers import Layer
from pydicom.data import get_testdata_file

from judges.structure_sets import contour, item, saved, structure_set
from judges.volumes import oblique
from napari_dicom_writer import ExportOptions, ReadError, Volume, export, read

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (4, 10, 12)
SQUARE = np.array([(1.5, 1.5), (1.5, 7.5), (6.5, 7.5), (6.5, 1.5)])  # (row, column): 5 × 6 voxels
HOLE = np.array([(2.5, 2.5), (2.5, 4.5), (4.5, 4.5), (4.5, 2.5)])  # 2 × 2 voxels in it
SAGITTAL = np.array([[3, 0, 0, 5], [0, 0, 0.7, -20], [0, -0.8, 0, 30], [0, 0, 0, 1.0]])
AXIAL = np.diag([2.5, 0.8, 0.7, 1])[[2, 1, 0, 3]]
pytestmark = pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")


class Scene:
    """An image on disk, and where its voxels are."""

    def __init__(self, folder: Path, affine: np.ndarray = AXIAL) -> None:
        self.folder, self.affine = folder, affine
        path = export(Volume(np.zeros(SHAPE, np.int16), affine=affine, name="image"), folder / "image").path
        self.header = pydicom.dcmread(next(path.rglob("*.dcm")))

    def at(self, plane: float, corners: np.ndarray) -> np.ndarray:
        """(row, column) on a plane → LPS mm."""
        index = np.column_stack([np.full(len(corners), plane), corners])
        return index @ self.affine[:3, :3].T + self.affine[:3, 3]

    def save(self, **rois: object) -> Path:
        return saved(structure_set(rois, self.header), self.folder / "contours")


@pytest.fixture(scope="module")
def axial(tmp_path_factory):
    return Scene(tmp_path_factory.mktemp("axial"))


def opened(path: Path, **options: object) -> tuple[list, list[str]]:
    told: list[str] = []
    return read(path, announce=told.append, **options), told


def kinds(layers: list, *wanted: str) -> list:
    return [layer for layer in layers if layer[2] in wanted]


def in_space(layer: tuple) -> list[np.ndarray]:
    """Vertices in LPS mm, as napari places them."""
    made = Layer.create(*layer)
    data = made.data if layer[2] == "shapes" else [made.data]
    matrix = made._data_to_world.affine_matrix  # of one vertex only, in public
    return [(np.c_[one, np.ones(len(one))] @ matrix.T)[:, 2::-1] for one in data]


@pytest.mark.parametrize("affine", [AXIAL, SAGITTAL, oblique()], ids=["axial", "sagittal", "oblique"])
def test_shapes_lie_on_the_planes_of_their_image(tmp_path, affine):
    scene = Scene(tmp_path, affine)
    wanted = scene.at(2, SQUARE), scene.at(0, HOLE)
    scene.save(liver=[("CLOSED_PLANAR", wanted[0])], lesion=[("CLOSED_PLANAR", wanted[1])])
    layers, told = opened(tmp_path)
    (image,), (shapes,) = kinds(layers, "image"), kinds(layers, "shapes")
    assert told == []
    for found, points in zip(in_space(shapes), wanted, strict=True):
        np.testing.assert_allclose(found, points, rtol=0, atol=1e-4)
    assert shapes[1]["scale"] == image[1]["scale"]
    assert shapes[1]["axis_labels"] == image[1]["axis_labels"]
    flat = [int(np.ptp(one, axis=0).argmin()) for one in shapes[0]]
    planes = [one[0, axis] for one, axis in zip(shapes[0], flat, strict=True)]
    np.testing.assert_allclose(planes, np.rint(planes), atol=1e-4)
    assert image[0].shape[flat[0]] == SHAPE[0]


def test_names_colors_and_what_else_is_known_of_regions(axial):
    axial.save(liver=[("CLOSED_PLANAR", axial.at(1, SQUARE))] * 2, iso=[("POINT", axial.at(2, SQUARE[:1]))])
    (shapes, points), _ = opened(axial.folder / "contours")
    assert (shapes[1]["name"], points[1]["name"]) == ("plan", "plan, points")
    assert shapes[1]["features"] == {
        "number": [1, 1],
        "name": ["liver", "liver"],
        "category": ["", ""],
        "type": ["", ""],
        "algorithm_type": ["MANUAL", "MANUAL"],
        "interpreted_type": ["ORGAN", "ORGAN"],
        "contour_type": ["CLOSED_PLANAR", "CLOSED_PLANAR"],
    }
    assert points[1]["features"]["name"] == ["iso"]
    np.testing.assert_allclose(shapes[1]["edge_color"][0], [0, 50 / 255, 0, 1])
    np.testing.assert_allclose(points[1]["face_color"][0], [0, 100 / 255, 0, 1])
    np.testing.assert_allclose(in_space(points)[0], axial.at(2, SQUARE[:1]), atol=1e-4)


def test_a_layer_for_each_region(axial):
    axial.save(a=[("CLOSED_PLANAR", axial.at(1, SQUARE))], b=[("CLOSED_PLANAR", axial.at(2, HOLE))] * 3)
    layers, _ = opened(axial.folder / "contours", structures="apart")
    assert [(layer[1]["name"], len(layer[0])) for layer in layers] == [("plan, a", 1), ("plan, b", 3)]


def test_every_geometric_type(axial):
    line = axial.at(1, SQUARE[:3])
    axial.save(
        all=[
            ("CLOSEDPLANAR_XOR", axial.at(1, SQUARE)),
            ("OPEN_PLANAR", line),
            ("OPEN_NONPLANAR", line + np.array([(0, 0, 0), (0, 0, 1), (0, 0, 3)])),
            ("POINT", line),
        ]
    )
    (shapes, points), _ = opened(axial.folder / "contours")
    assert shapes[1]["shape_type"] == ["polygon", "path", "path"]
    assert shapes[1]["features"]["contour_type"] == ["CLOSEDPLANAR_XOR", "OPEN_PLANAR", "OPEN_NONPLANAR"]
    assert len(points[0]) == 3
    np.testing.assert_allclose(in_space(shapes)[2][2], line[2] + (0, 0, 3), atol=1e-4)


def garbled(item: pydicom.Dataset, text: str) -> None:
    """Write any text as Contour Data."""
    item.add(pydicom.DataElement("ContourData", "UT", text))


FAULTS = {
    r"'a'.* holds what is no number": lambda bad, _: garbled(bad, "1\\2\\x\\1\\2\\3\\4\\5\\6"),
    r"'a'.* no number.*left out": lambda bad, _: garbled(bad, "1\\2\\nan\\1\\2\\3\\4\\5\\6"),
    r"'a'.* nowhere in a patient": lambda bad, _: garbled(bad, "1\\2\\1e300\\1\\2\\3\\4\\5\\6"),
    r"'a'.* 8 numbers, not three for each": lambda bad, _: garbled(bad, "1\\2\\3\\4\\5\\6\\7\\8"),
    r"'a'.* is CLOSED_PLANAR and has 2 points": lambda bad, _: garbled(bad, "1\\2\\3\\4\\5\\6"),
    r"'a'.* holds no points": lambda bad, _: bad.__delattr__("ContourData"),
    r"'a'.* says that it has 9 points, and holds 4": lambda bad, _: bad.__setattr__("NumberOfContourPoints", 9),
    r"'a'.* has no type, taken as CLOSED_PLANAR": lambda bad, _: bad.__delattr__("ContourGeometricType"),
    r"Without contours, and left out: 'a'": lambda _, made: made.ROIContourSequence[0].__delattr__("ContourSequence"),
    r"1 contour of no region: left out": lambda _, made: made.StructureSetROISequence.pop(0),
    r"'a' has no number: left out": lambda _, made: made.StructureSetROISequence[0].__delattr__("ROINumber"),
}


@pytest.mark.parametrize("words", FAULTS)
def test_what_is_damaged_is_told_and_the_rest_opened(axial, words):
    rois = {"a": [("CLOSED_PLANAR", axial.at(1, SQUARE))], "b": [("CLOSED_PLANAR", axial.at(2, HOLE))]}
    made = structure_set(rois, axial.header)
    FAULTS[words](made.ROIContourSequence[0].ContourSequence[0], made)
    saved(made, axial.folder / "contours")
    (shapes,), told = opened(axial.folder / "contours")
    assert "b" in shapes[1]["features"]["name"]
    assert any(re.search(words, one) for one in told), told


def test_nothing_but_damage_is_refused(axial):
    axial.save(a=[], b=[("CLOSED_PLANAR", axial.at(2, HOLE)[:2])])
    with pytest.raises(ReadError, match=r"has 2 points: left out.*Without contours, and left out: 'a', 'b'"):
        read(axial.folder / "contours")


def test_without_its_image_planes_are_those_of_the_contours():
    path = get_testdata_file("rtstruct.dcm")
    (shapes, points), told = opened(path)
    header = pydicom.dcmread(path, force=True)
    wanted = [
        np.reshape(np.array(one.ContourData, float), (-1, 3)) for one in header.ROIContourSequence[0].ContourSequence
    ]
    for found, vertices in zip(in_space(shapes), wanted, strict=True):
        np.testing.assert_allclose(found, vertices, rtol=0, atol=1e-4)
    assert points[1]["features"]["name"] == ["Isocenter 1", "Isocenter 2"]
    assert any("Its image is not there: its planes are those of its contours, 10 mm apart" in one for one in told)


def test_an_image_that_nothing_names_is_taken_where_contours_lie_on_its_planes(axial):
    made = structure_set({"a": [("CLOSED_PLANAR", axial.at(1, SQUARE))]}, axial.header)
    del made.ReferencedFrameOfReferenceSequence, made.StructureSetROISequence[0].ReferencedFrameOfReferenceUID
    saved(made, axial.folder / "contours")
    layers, told = opened(axial.folder)
    (image,), (shapes,) = kinds(layers, "image"), kinds(layers, "shapes")
    assert shapes[1]["scale"] == image[1]["scale"]
    assert told == ["plan: It names no image: taken as drawn on 'image', on whose planes it lies"]


def test_derived_planes_of_oblique_contours(tmp_path):
    affine = oblique()
    corners = [np.column_stack([np.full(4, plane), SQUARE]) for plane in (0, 1, 3)]
    wanted = [one @ affine[:3, :3].T + affine[:3, 3] for one in corners]
    path = saved(structure_set({"a": [("CLOSED_PLANAR", one) for one in wanted]}), tmp_path)
    (shapes,), told = opened(path)
    planes = np.array([one[:, 0] for one in shapes[0]])
    np.testing.assert_allclose(np.sort(planes.mean(axis=1)), [0, 1, 3], atol=1e-4)
    assert np.ptp(planes, axis=1).max() < 1e-4
    assert "2.5 mm apart" in told[0]
    for found, vertices in zip(in_space(shapes), wanted, strict=True):
        np.testing.assert_allclose(found, vertices, rtol=0, atol=1e-4)


def rectangle(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """Around whole voxels."""
    return np.array([(top, left), (top, right), (bottom, right), (bottom, left)]) - 0.5


def test_labels_are_the_voxels_whose_centers_are_enclosed(axial):
    axial.save(
        ring=[("CLOSED_PLANAR", axial.at(2, SQUARE)), ("CLOSED_PLANAR", axial.at(2, HOLE))],
        twice=[("CLOSED_PLANAR", axial.at(1, SQUARE))] * 2,  # a copy does not undo it
        xor=[("CLOSEDPLANAR_XOR", axial.at(0, SQUARE)), ("CLOSEDPLANAR_XOR", axial.at(0, HOLE))],
    )
    (labels,), told = opened(axial.folder / "contours", structures="labels")
    wanted = np.zeros(SHAPE, int)
    for plane, number in ((2, 1), (1, 2), (0, 3)):
        wanted[plane, 2:7, 2:8] = number
        if number != 2:
            wanted[plane, 3:5, 3:5] = 0
    np.testing.assert_array_equal(labels[0], wanted)
    assert (labels[1]["features"]["name"], told) == (["ring", "twice", "xor"], [])


@pytest.mark.parametrize("way", ["around", "hole", "bridge"])
def test_centers_on_the_line_are_of_the_region(axial, way):
    """As of programs that draw through the outermost centers, on both sides alike; the way to a hole is no line."""
    ring, hole = rectangle(2, 2, 8, 9), rectangle(4, 4, 6, 7)  # of voxels 2 to 7, 2 to 8, without 4 and 5, 4 to 6
    outer, inner = ring + 0.5 - (ring > 4), hole + 0.5 - (hole < 5)  # through centers of the region, both
    wanted = np.zeros(SHAPE[1:], bool)
    wanted[2:8, 2:9] = True
    contours = [outer]
    if way == "hole":
        wanted[4:6, 4:7] = False
        contours.append(inner)
    if way == "bridge":  # to an island, through the air
        island = np.array([(2, 10), (2, 11), (3, 11), (3, 10.0)])
        contours = [np.vstack([outer, outer[:1], island, island[:1]])]
        wanted[2:4, 10:12] = True
    axial.save(a=[("CLOSED_PLANAR", axial.at(1, one)) for one in contours])
    (labels,), _ = opened(axial.folder / "contours", structures="labels")
    np.testing.assert_array_equal(labels[0][1] == 1, wanted)


def test_regions_that_overlap_are_further_layers(axial):
    corners = [rectangle(1, 1, 6, 6), rectangle(4, 4, 9, 9), rectangle(1, 7, 3, 9)]
    axial.save(**{name: [("CLOSED_PLANAR", axial.at(1, c))] for name, c in zip("abc", corners, strict=True)})
    layers, _ = opened(axial.folder / "contours", structures="labels")
    assert [layer[1]["features"]["name"] for layer in layers] == [["a", "c"], ["b"]]
    assert [int((layer[0] > 0).sum()) for layer in layers] == [25 + 4, 25]


@pytest.mark.parametrize(
    ("contours", "words", "voxels"),
    [
        (
            [(1.3, SQUARE)],
            "1 contour of 'a' between the planes of 'image', up to 0.3 of a step off: filled on the nearest",
            30,
        ),
        ([(1.0, SQUARE), (1.3, HOLE)], "1 contour of 'a' between the planes of 'image', others nearer: left out", 30),
        ([(1.0, SQUARE), (7.0, HOLE)], "1 contour of 'a' outside 'image': left out", 30),
        (
            [(1.0, SQUARE), (1.0, SQUARE + 2)],
            "overlap in part on 1 plane: what two share is taken as outside",
            30 + 30 - 2 * 12,
        ),
        ([(1.0, SQUARE - (3, 0))], "reaches beyond its image on 1 plane: cut off", 24),
        ([(1.0, SQUARE), (1.0, SQUARE[:1])], "1 contour of 'a' points or open, enclosing nothing: left out", 30),
        ([(1.0, rectangle(2, 2, 3, 3) + 0.3 * (rectangle(2, 2, 3, 3) < 2))], "", 1),
    ],
)
def test_what_cannot_be_filled_as_it_is_drawn_is_told(axial, contours, words, voxels):
    drawn = [("CLOSED_PLANAR" if len(c) > 2 else "POINT", axial.at(plane, c)) for plane, c in contours]
    axial.save(a=drawn)
    (labels,), told = opened(axial.folder / "contours", structures="labels")
    assert int((labels[0] == 1).sum()) == voxels
    assert (words in " ".join(told)) if words else told == []


COPIES = {
    "as it is": SQUARE,
    "from another corner": np.roll(SQUARE, 1, axis=0),
    "the other way around": SQUARE[::-1],
    "with its first corner again": np.vstack([SQUARE, SQUARE[:1]]),
    "with more corners": np.insert(SQUARE, 1, [[1.5, 4]], axis=0),
    "rounded": SQUARE + 1e-3 * np.array([[1, -1], [0, 1], [-1, 0], [1, 1]]),
}


@pytest.mark.parametrize("way", COPIES)
def test_a_contour_that_is_there_twice_is_filled_once(axial, way):
    """And is no hole in itself."""
    ring, copy, hole = (("CLOSED_PLANAR", axial.at(2, one)) for one in (SQUARE, COPIES[way], HOLE))
    axial.save(a=[ring, hole, copy])
    layers, _ = opened(axial.folder, structures="labels")
    (labels,) = kinds(layers, "labels")
    assert np.asarray(labels[0]).sum() == 5 * 6 - 2 * 2


def test_labels_need_the_image(tmp_path):
    path = saved(structure_set({"a": [("CLOSED_PLANAR", np.eye(3))]}), tmp_path)
    with pytest.raises(ReadError, match="on the grid of their image, which is not there. Put both into one folder"):
        read(path, structures="labels")
    with pytest.raises(ValueError, match="Structures are 'together', 'apart', 'labels', and not 'both'"):
        read(path, structures="both")


def test_a_contour_made_in_memory_is_read_as_well():
    from napari_dicom_writer.reading.structure_set import structure_set_of

    made = structure_set({"a": [("CLOSED_PLANAR", np.eye(3))]})
    made.ROIContourSequence[0].ContourSequence.append(contour("POINT", np.ones((1, 3))))
    assert [len(one.outline.points) for one in structure_set_of(made).contours] == [3, 1]


@pytest.mark.parametrize("by", ["time point", "own name", "nothing"])
def test_several_sets_of_a_series_are_called_by_what_tells_them_apart(tmp_path, by):
    """Each of a time point, in the other order; or by their labels; a set without contours hinders none."""
    image = Volume(np.zeros((2, *SHAPE), np.int16), affine=AXIAL, axes=("time", "plane", "row", "column"), name="image")
    path = export(image, tmp_path / "image", ExportOptions(modality="MR")).path
    headers = [pydicom.dcmread(file) for file in path.rglob("*.dcm")]
    shared, outline = pydicom.uid.generate_uid(), np.array([(0.0, 0, 0), (2, 0, 0), (2, 2, 0)])
    for number in range(3):
        made = structure_set({"a": [("CLOSED_PLANAR", outline + number)] if number < 2 else []}, headers[0])
        made.SeriesInstanceUID, made.SeriesDescription = shared, "" if by == "own name" else "set"
        made.StructureSetLabel = f"set {number}" if by == "own name" else "set"
        study = made.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
        if by == "time point":
            study.RTReferencedSeriesSequence[0].ContourImageSequence = [
                item(ReferencedSOPInstanceUID=each.SOPInstanceUID)
                for each in headers
                if each.TemporalPositionIdentifier == 2 - number
            ]
        saved(made, tmp_path / f"contours {number}")
    layers, told = opened(tmp_path)
    names = {
        "time point": ["set, time point 1", "set, time point 2"],
        "own name": ["set 0", "set 1"],
        "nothing": ["set, part 1", "set, part 2"],
    }
    assert [layer[1]["name"] for layer in kinds(layers, "shapes")] == names[by]
    moved = [points[0, 0] for layer in kinds(layers, "shapes") for points in in_space(layer)]
    assert moved == pytest.approx([1, 0] if by == "time point" else [0, 1], abs=1e-6)
    assert any("no contours" in text or "Without contours" in text for text in told)
