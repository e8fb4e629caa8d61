"""Labels, shapes and points on one image are one RT Structure Set; on several, or where it is asked for, several."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy
from judges.structure_sets import filled, saved, structure_set
from judges.volumes import oblique
from napari_dicom_writer import ExportOptions, LayerOptions, Series, Volume, export, load, plan_export, read
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.layers.from_volume import to_layer

if TYPE_CHECKING:
    from pathlib import Path

AFFINE = oblique()
SHAPE = (6, 20, 24)
IMAGE = to_layer(Volume(np.zeros(SHAPE, np.int16), affine=AFFINE, name="image"))
PLACE = {key: IMAGE[1][key] for key in ("scale", "affine", "units", "axis_labels")}
SQUARE = np.array([[2, 3, 4], [2, 3, 14], [2, 12, 14], [2, 12, 4]], float)
ORGANS, MASK = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, bool)
ORGANS[1:3, 4:9, 4:9], ORGANS[3, 10:12, 4:9], MASK[2:5, 3:7, 12:20] = 1, 5, True
TUMOR = ([SQUARE], {**PLACE, "name": "tumor"}, "shapes")
MARKS = (np.array([[2, 3.5, 4.0], [3, 5, 6]]), {**PLACE, "name": "marks"}, "points")
OUTLINED = ExportOptions(object="rt-structure-set")
LAYERS = [
    IMAGE,
    TUMOR,
    (ORGANS, {**PLACE, "name": "organs"}, "labels"),
    MARKS,
    (ORGANS // 5, {**PLACE, "name": "spleen"}, "labels"),
    (ORGANS + MASK, {**PLACE, "name": "other"}, "labels"),
]


def headers_in(path: Path) -> tuple[list[pydicom.FileDataset], list[pydicom.FileDataset]]:
    """Structure sets, and images in the order of the planes of their layer."""
    found = [pydicom.dcmread(file) for file in (sorted(path.rglob("*.dcm")) if path.is_dir() else [path])]
    images = [header for header in found if header.Modality != "RTSTRUCT"]
    inverse = np.linalg.inv(AFFINE)
    images.sort(key=lambda image: (inverse @ [*map(float, image.ImagePositionPatient), 1])[0])
    return [header for header in found if header.Modality == "RTSTRUCT"], images


def test_one_set_holds_the_regions_of_all(tmp_path):
    report = export(LAYERS, tmp_path / "x", OUTLINED)
    (made,), images = headers_in(report.path)
    assert made.SeriesDescription == "tumor, organs, marks, spleen, other"
    names = [str(item.ROIName) for item in made.StructureSetROISequence]
    assert names == [
        "tumor", "organs label 1", "organs label 5", "marks", "spleen", "other label 1", "other label 5",
    ]  # fmt: skip
    for sequence, keyword in (
        (made.StructureSetROISequence, "ROINumber"),
        (made.ROIContourSequence, "ReferencedROINumber"),
        (made.RTROIObservationsSequence, "ReferencedROINumber"),
    ):
        assert [int(item[keyword].value) for item in sequence] == list(range(1, 8))
    assert made.StructureSetROISequence[2].ROIDescription == "Label 5 of 'organs'"
    rois = dict(zip(names, made.ROIContourSequence, strict=True))
    masks = {"organs label 1": ORGANS == 1, "organs label 5": ORGANS == 5, "spleen": ORGANS == 5}
    masks |= {"other label 1": (ORGANS + MASK) == 1, "other label 5": (ORGANS + MASK) == 5}
    for name, mask in masks.items():
        np.testing.assert_array_equal(filled(rois[name], images), mask)
    (square,) = (np.array(one.ContourData, float).reshape(-1, 3) for one in rois["tumor"].ContourSequence)
    np.testing.assert_allclose(square, SQUARE @ AFFINE[:3, :3].T + AFFINE[:3, 3], rtol=0, atol=1e-4)
    assert {one.ContourGeometricType for one in rois["marks"].ContourSequence} == {"POINT"}
    (file,) = [path for path in report.path.rglob("*.dcm") if "RTSTRUCT" in str(path)]
    assert dciodvfy([file]) == ([], [])
    texts = [str(note) for note in report.plan.notes]
    assert any(
        text.startswith("One RT Structure Set holds the regions of 5 layers: 'tumor', 'organs'") for text in texts
    )
    assert "Regions are numbered anew, from 1: several layers have the same numbers" in texts


TIMED = to_layer(
    Volume(np.stack([ORGANS, ORGANS]), affine=AFFINE, axes=("time", "plane", "row", "column"), time_step=1)
)
APART = {
    "by an option": (LAYERS[:4], ExportOptions(object="rt-structure-set", structures="apart"), 3),
    "by that of one layer": ([IMAGE, TUMOR, (MARKS, LayerOptions(structures="apart"))], ExportOptions(), 2),
    "with other words": ([IMAGE, TUMOR, (MARKS, LayerOptions(series=Series(description="m")))], ExportOptions(), 2),
    "with time": ([IMAGE, TUMOR, (TIMED[0], {**TIMED[1], "name": "moving"}, "labels")], OUTLINED, 2),
    "without an image": ([LAYERS[2], LAYERS[4]], OUTLINED, 2),
    "together": (LAYERS[:4], OUTLINED, 1),
}


@pytest.mark.parametrize("why", APART)
def test_what_differs_is_a_set_for_itself(why):
    layers, options, count = APART[why]
    sets = [series for series in plan_export(layers, options).series if series.iod == "rt-structure-set"]
    assert len(sets) == len({series.number for series in sets}) == count


@pytest.fixture
def foreign(tmp_path):
    """A study of another maker: an image, and two structure sets of it, with points of a region that has more."""
    path = export([IMAGE], tmp_path / "study" / "image").path
    header = pydicom.dcmread(next(path.rglob("*.dcm")))
    ring = SQUARE @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    for name, moved in (("one", 0), ("two", 1)):
        target = [("CLOSED_PLANAR", ring + moved * AFFINE[:3, 2]), ("POINT", ring[:1])]
        made = structure_set({"PTV": target, "iso": [("POINT", ring[1:2])]}, header)
        made.StructureSetLabel, made.SeriesNumber = name, 9 + moved
        saved(made, tmp_path / "study" / name)
    return tmp_path / "study"


def regions_of(made: pydicom.Dataset) -> dict[str, list[tuple[str, int]]]:
    names = {item.ROINumber: item.ROIName for item in made.StructureSetROISequence}
    return {
        names[roi.ReferencedROINumber]: [(c.ContourGeometricType, c.NumberOfContourPoints) for c in roi.ContourSequence]
        for roi in made.ROIContourSequence
    }


@pytest.mark.parametrize("way", ["together", "apart", "volumes"])
def test_opened_sets_stay_what_they_were(tmp_path, foreign, way):
    """Points and outlines of a region are one again, and different sets are not made one."""
    layers = load(foreign) if way == "volumes" else read(foreign, structures=way)
    made, _ = headers_in(export(layers, tmp_path / "again").path)
    assert [one.SeriesDescription for one in made] == ["one", "two"]
    for one in made:
        assert regions_of(one) == {"PTV": [("CLOSED_PLANAR", 4), ("POINT", 1)], "iso": [("POINT", 1)]}
        assert [item.ROINumber for item in one.StructureSetROISequence] == [1, 2]


def test_a_long_description_leaves_room_for_the_number_of_the_layer():
    features = {"index": [1, 5], "name": ["a", "b"], "segment_description": ["x", "d" * 1010]}
    told = (ORGANS, {**PLACE, "name": "told", "features": features}, "labels")
    plan = plan_export([IMAGE, LAYERS[2], told], OUTLINED)
    assert [one.told[-22:] for one in plan.series[1].segments[2:]] == ["x; Label 1 of 'told'", "ddd; Label 5 of 'told'"]
    assert [n.text for n in plan.notes if "is cut" in n.text] == [
        "The description of 'b' is cut, to hold its number and layer"
    ]


def test_it_is_said_which_points_and_outlines_are_taken_for_one_region():
    text = "Points and outlines of several layers are one region, by their name and number: 'tumor'"
    for name in ("tumor", "marks"):
        points = (MARKS[0], {**PLACE, "name": name}, "points")
        said = [note.text for note in plan_export([IMAGE, TUMOR, points]).notes]
        assert (text in said) == (name == "tumor")


def test_what_is_added_to_an_opened_set_joins_it(tmp_path, foreign):
    shutil.rmtree(foreign / "two")
    made, _ = headers_in(export([*read(foreign), TUMOR], tmp_path / "again").path)
    assert [list(regions_of(one)) for one in made] == [["PTV", "iso", "tumor"]]


def test_every_layer_is_found_in_the_set_that_holds_it(tmp_path, foreign, capsys):
    written = export(load(foreign), tmp_path / "again").path
    shutil.rmtree(foreign / "two")
    layers = [*read(foreign, structures="apart"), TUMOR]
    joined = export(layers, tmp_path / "joined").path
    for folder, code, words in (
        (written, 0, "Series 3 holds contours, and belongs to none of the layers"),
        (joined, 1, "The series has 1 contour that it has not"),
    ):
        assert main(["verify", str(folder), "--against", str(foreign)]) == code
        assert words in " ".join(capsys.readouterr().out.split())
