"""Structure sets judged: by themselves, and against the images that they name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from judges.structure_sets import item, saved, structure_set
from judges.volumes import oblique
from napari_dicom_writer import Volume, export, load
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

AFFINE = oblique()
SQUARE = np.array([(1.5, 1.5), (1.5, 7.5), (6.5, 7.5), (6.5, 1.5)])


def on_plane(plane: float) -> np.ndarray:
    index = np.column_stack([np.full(4, plane), SQUARE])
    return index @ AFFINE[:3, :3].T + AFFINE[:3, 3]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    path = export(Volume(np.zeros((4, 10, 12), np.int16), affine=AFFINE, name="image"), folder / "image").path
    return folder, [pydicom.dcmread(file) for file in path.rglob("*.dcm")]


def made(images: list) -> pydicom.Dataset:
    """A good one, whose contours name their images."""
    rois = {"liver": [("CLOSED_PLANAR", on_plane(k)) for k in (0, 2)], "mark": [("POINT", on_plane(1)[:1])]}
    good = structure_set(rois, images[0])
    series = good.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    series.ContourImageSequence = [item(ReferencedSOPInstanceUID=image.SOPInstanceUID) for image in images]
    for roi in good.ROIContourSequence:
        for contour in roi.ContourSequence:
            first = np.array(contour.ContourData[:3], float)
            uid = min(images, key=lambda image: away(image, first)).SOPInstanceUID
            contour.ContourImageSequence = [item(ReferencedSOPInstanceUID=uid)]
    return good


def away(image: pydicom.Dataset, point: np.ndarray) -> float:
    across, down = np.reshape(np.array(image.ImageOrientationPatient, float), (2, 3))
    return abs(np.cross(across, down) @ (point - np.array(image.ImagePositionPatient, float)))


def findings(good: pydicom.Dataset, folder: Path) -> dict[str, tuple[str, str]]:
    saved(good, folder / "contours")
    (verdict,) = [one for one in check_series(folder) if one.survey and one.survey.modality == "RTSTRUCT"]
    return {one.code: (str(one), one.severity) for one in verdict.findings}


def test_a_good_one_has_no_fault(study):
    folder, images = study
    assert findings(made(images), folder) == {}


def move(contour: pydicom.Dataset, by: float) -> None:
    normal = np.cross(AFFINE[:3, 1], AFFINE[:3, 2])
    points = np.reshape(np.array(contour.ContourData, float), (-1, 3)) + by * normal / np.linalg.norm(normal)
    contour.ContourData = [f"{value:.6f}" for value in points.ravel()]


def bend(contour: pydicom.Dataset) -> None:
    move(contour, 0)
    contour.ContourData[2] = f"{float(contour.ContourData[2]) + 0.5:.6f}"


def unnamed(good: pydicom.Dataset) -> None:
    for roi in good.ROIContourSequence:
        for contour in roi.ContourSequence:
            del contour.ContourImageSequence
    move(good.ROIContourSequence[0].ContourSequence[0], 0.4)


FAULTS = {
    "contour-off-plane": (lambda good: move(first(good), 0.7), "It lies up to 0.7 mm beside the image that it names"),
    "contour-between-planes": (unnamed, "It lies up to 0.4 mm beside all images of its series"),
    "contour-image-missing": (
        lambda good: setattr(first(good).ContourImageSequence[0], "ReferencedSOPInstanceUID", "1.2.3"),
        "It names an image that is not in the series",
    ),
    "contour-outside": (
        lambda good: setattr(first(good), "ContourData", [f"{v:.6f}" for v in (on_plane(0) - 3 * AFFINE[:3, 2]).flat]),
        "It reaches beyond its image",
    ),
    "contour-not-planar": (lambda good: bend(first(good)), "It does not lie in a plane"),
    "contours-damaged": (
        lambda good: setattr(first(good), "ContourData", ["1", "2"]),
        "Contour 1 of region 1 holds 2 numbers, not three for each point: left out",
    ),
    "image-missing": (
        lambda good: setattr(referenced(good).ContourImageSequence[0], "ReferencedSOPInstanceUID", "1.2.3"),
        "1 of the images that it lists are not in the series",
    ),
    "space-differs": (
        lambda good: setattr(good.StructureSetROISequence[0], "ReferencedFrameOfReferenceUID", "1.2.3"),
        "It is not that of its image",
    ),
    "no-image": (lambda good: delattr(good, "ReferencedFrameOfReferenceSequence"), "It names no image series"),
    "region-names": (
        lambda good: setattr(good.StructureSetROISequence[1], "ROIName", "liver"),
        "2 regions share their name with others",
    ),
    "region-color": (lambda good: delattr(good.ROIContourSequence[0], "ROIDisplayColor"), "It has no color"),
}


def first(good: pydicom.Dataset) -> pydicom.Dataset:
    return good.ROIContourSequence[0].ContourSequence[0]


def referenced(good: pydicom.Dataset) -> pydicom.Dataset:
    return good.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]


@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_is_found(study, code):
    folder, images = study
    spoiled = made(images)
    change, what = FAULTS[code]
    change(spoiled)
    found = findings(spoiled, folder)
    assert what in found[code][0]
    assert "liver" not in str(found)  # which might name a patient


def test_against_the_source(study, tmp_path, capsys):
    folder, images = study
    path = saved(made(images), folder / "contours")
    again = export(load(folder), tmp_path / "again").path
    assert main(["verify", str(again), "--no-dciodvfy", "--against", str(folder)]) == 0
    assert "3 contours, each within" in " ".join(capsys.readouterr().out.split())
    other = made(images)
    move(first(other), 0.002)
    saved(other, folder / "contours")
    assert main(["verify", str(again), "--no-dciodvfy", "--against", str(folder)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "1 of its 3 contours are not in the series The series has 1 contour that it has not" in said
    assert path.exists()


def test_show_counts_regions(study, capsys):
    folder, images = study
    path = saved(made(images), folder / "contours")
    main(["show", str(path)])
    assert "1 liver: 2 contours on 2 planes, ORGAN" in capsys.readouterr().out
    main(["show", str(path), "--json"])
    (series,) = json.loads(capsys.readouterr().out)["series"]
    assert series["regions"][1] == {
        "number": 2,
        "name": "mark",
        "interpreted_type": "ORGAN",
        "color": [0, 100, 0],
        "contours": 0,
        "points": 1,
        "planes": 0,
    }
