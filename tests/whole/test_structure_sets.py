"""RT Structure Sets from labels: whoever fills the contours again has the same voxels, on the planes of their image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy
from judges.structure_sets import filled
from judges.volumes import oblique
from napari_dicom_writer import ExportError, ExportOptions, VerificationError, Volume, export, plan_export, read
from napari_dicom_writer.layers.from_volume import to_layer
from napari_dicom_writer.model.tracing import trace
from napari_dicom_writer.options.layer import LayerOptions
from napari_dicom_writer.writing import structure_sets

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SHAPE = (6, 16, 18)
AFFINE = oblique()
REVERSED = np.linalg.det(AFFINE[:3, [2, 1, 0]]) < 0  # left-handed, and written in the other order of planes
CONTOURS = ExportOptions(object="rt-structure-set")


def masks() -> dict[str, np.ndarray]:
    """What readers have lost, filled or shifted."""
    z, y, x = np.indices(SHAPE) - np.array([2.5, 7.0, 8.0]).reshape(3, 1, 1, 1)
    found = {name: np.zeros(SHAPE, bool) for name in ("bar", "line", "voxel", "corners", "planes")}
    found["bar"][1:4, 3:12, 5:7] = True
    found["line"][2, 4, 3:14] = True
    found["voxel"][3, 8, 9] = True
    found["corners"][2, 3:6, 3:6] = found["corners"][2, 6:9, 6:9] = True
    found["planes"][1:3] = True
    disk = y**2 + x**2
    return found | {
        "ellipsoid": (z / 2.4) ** 2 + (y / 6) ** 2 + (x / 7.5) ** 2 < 1,
        "ball": z**2 + disk < 5,
        "ring": (disk < 45) & (disk > 12),
        "island": ((disk < 49) & (disk > 20)) | (disk < 4),
        "two holes": (disk < 49) & ~((abs(x) == 3) & (abs(y) < 2)),
        "noise": np.random.default_rng(1).random(SHAPE) < 0.5,
    }


MASKS = masks()


def scene(labels: np.ndarray, **attributes: object) -> list[tuple]:
    """An image, and labels on it."""
    data, told, _ = to_layer(Volume(np.zeros(labels.shape, np.int16), affine=AFFINE, name="image"))
    return [(data, told, "image"), (labels, {**told, "name": "organs", **attributes}, "labels")]


def headers(path: Path) -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(file) for file in (sorted(path.rglob("*.dcm")) if path.is_dir() else [path])]


def written(path: Path, layers: object, options: ExportOptions = CONTOURS) -> tuple[pydicom.FileDataset, list[Dataset]]:
    """The structure set, and the images."""
    found = headers(export(layers, path, options).path)
    (contours,) = [header for header in found if header.Modality == "RTSTRUCT"]
    return contours, [header for header in found if header.Modality != "RTSTRUCT"]


def in_planes(images: list[Dataset]) -> list[Dataset]:
    """Images in the order of the layer's planes."""
    inverse = np.linalg.inv(AFFINE)
    return sorted(images, key=lambda image: (inverse @ [*map(float, image.ImagePositionPatient), 1])[0])


@pytest.mark.parametrize("name", MASKS)
def test_the_contours_fill_the_same_voxels(tmp_path, name):
    contours, images = written(tmp_path / "x", scene(MASKS[name].astype(np.uint8)))
    (labels,) = [layer for layer in read(tmp_path / "x", structures="labels") if layer[2] == "labels"]
    np.testing.assert_array_equal(labels[0], MASKS[name][::-1] if REVERSED else MASKS[name])
    (roi,) = contours.ROIContourSequence
    np.testing.assert_array_equal(filled(roi, in_planes(images)), MASKS[name])
    assert {contour.ContourGeometricType for contour in roi.ContourSequence} == {"CLOSED_PLANAR"}
    assert max(len(str(number)) for contour in roi.ContourSequence for number in contour.ContourData) <= 16


def test_regions_have_the_names_colors_and_codes_of_the_labels(tmp_path):
    labels = np.where(MASKS["bar"], 2, 0) + np.where(MASKS["voxel"], 7, 0)
    table = {"index": [2, 7], "name": ["left kidney", "lesion X"], "color": ["#ff8000", "#0000ff"]}
    contours, images = written(tmp_path / "x", scene(labels, features=table))
    names = {int(item.ROINumber): item.ROIName for item in contours.StructureSetROISequence}
    colors = {names[int(item.ReferencedROINumber)]: list(item.ROIDisplayColor) for item in contours.ROIContourSequence}
    assert colors == {"left kidney": [255, 128, 0], "lesion X": [0, 0, 255]}
    kidney = contours.RTROIObservationsSequence[0].RTROIIdentificationCodeSequence[0]
    assert (kidney.CodeValue, kidney.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning) == ("64033007", "Left")
    (frame,) = contours.ReferencedFrameOfReferenceSequence
    (study,) = frame.RTReferencedStudySequence
    (series,) = study.RTReferencedSeriesSequence
    assert (study.ReferencedSOPInstanceUID, series.SeriesInstanceUID) == (
        images[0].StudyInstanceUID,
        images[0].SeriesInstanceUID,
    )
    assert [item.ReferencedSOPInstanceUID for item in series.ContourImageSequence] == [
        image.SOPInstanceUID for image in images
    ]
    assert contours.FrameOfReferenceUID == images[0].FrameOfReferenceUID
    for roi, label in zip(contours.ROIContourSequence, (2, 7), strict=True):
        np.testing.assert_array_equal(filled(roi, in_planes(images)), labels == label)


def test_dciodvfy_has_nothing_to_say(tmp_path):
    path = export(scene(MASKS["island"].astype(np.uint8)), tmp_path / "x", CONTOURS).path
    assert dciodvfy([file for file in path.rglob("*.dcm") if pydicom.dcmread(file).Modality == "RTSTRUCT"]) == ([], [])


def test_a_series_on_disk_is_referenced_as_well(tmp_path):
    image, labels = scene(MASKS["ring"].astype(np.uint8))
    source = export([image], tmp_path / "source").path
    contours, _ = written(tmp_path / "x", [labels], ExportOptions(object="rt-structure-set", reference=source))
    (roi,) = contours.ROIContourSequence
    np.testing.assert_array_equal(filled(roi, in_planes(headers(source))), MASKS["ring"])


def test_frames_of_an_image_are_named_by_their_numbers(tmp_path):
    layers = scene(MASKS["ball"].astype(np.uint8))
    path = export(layers[:1], tmp_path / "source", ExportOptions(object="multi-frame")).path
    contours, _ = written(tmp_path / "x", layers[1:], ExportOptions(object="rt-structure-set", reference=path))
    numbers = [
        int(contour.ContourImageSequence[0].ReferencedFrameNumber)
        for contour in contours.ROIContourSequence[0].ContourSequence
    ]
    assert sorted(set(numbers)) == sorted(
        SHAPE[0] - plane if REVERSED else plane + 1 for plane in np.flatnonzero(MASKS["ball"].any(axis=(1, 2)))
    )


def test_contours_longer_than_64_kib(tmp_path):
    comb = np.zeros((1, 60, 1200), np.uint8)
    comb[0, 0], comb[0, 1:, ::2] = 1, 1
    volume = Volume(comb, spacing=(1, 0.7, 0.7), position=(-123.456, 234.567, 1))
    (contours,) = headers(export((comb, to_layer(volume)[1], "labels"), tmp_path / "x", CONTOURS).path)
    data = contours.ROIContourSequence[0].ContourSequence[0].get_item("ContourData").value
    assert len(data) > 2**16
    assert contours.file_meta.TransferSyntaxUID.is_implicit_VR


def test_time_points_have_a_structure_set_each(tmp_path):
    moving = np.stack([MASKS["ball"], np.roll(MASKS["ball"], 2, axis=2)]).astype(np.uint8)
    data, told, _ = to_layer(Volume(moving, affine=AFFINE, axes=("time", "plane", "row", "column"), time_step=1))
    found = headers(export((data, {**told, "name": "ball"}, "labels"), tmp_path / "x", CONTOURS).path)
    first = [header.ROIContourSequence[0].ContourSequence[0].ContourData for header in found]
    assert [header.InstanceNumber for header in found] == [1, 2]
    assert first[0] != first[1]


def test_a_region_of_one_time_point_is_empty_in_the_set_of_another(tmp_path):
    moving = np.zeros((2, 2, 8, 8), np.uint8)
    moving[:, 0, 1:4, 1:4], moving[0, 0, 5:7, 5:7] = 2, 1
    data, told, _ = to_layer(Volume(moving, affine=AFFINE, axes=("time", "plane", "row", "column"), time_step=1))
    report = export([(data, told, "image"), (data, {**told, "name": "seg"}, "labels")], tmp_path / "x", CONTOURS)
    sets = [one for one in headers(report.path) if one.Modality == "RTSTRUCT"]
    sets.sort(key=lambda one: int(one.InstanceNumber))
    counts = [[len(roi.get("ContourSequence", ())) for roi in one.ROIContourSequence] for one in sets]
    assert counts == [[1, 1], [0, 1]]


def test_labels_may_ask_for_it_by_themselves():
    image, labels = scene(MASKS["ball"].astype(np.uint8))
    plan = plan_export([image, (labels, LayerOptions(object="rt-structure-set"))])
    assert [series.iod for series in plan.series] == ["sc", "rt-structure-set"]


def test_alone_it_says_that_it_belongs_to_no_image():
    plan = plan_export(scene(MASKS["ball"].astype(np.uint8))[1], CONTOURS)
    assert any("belongs to no image" in note.text for note in plan.notes)


def test_without_the_library_it_is_refused(monkeypatch):
    monkeypatch.setattr("napari_dicom_writer.iods.rt_structure_set.find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"needs contourpy. Get the extra: pip install .*\[contours\]"):
        plan_export(scene(MASKS["ball"].astype(np.uint8)), CONTOURS)


def test_images_are_taken_as_labels_and_floats_are_none():
    floats = (np.full(SHAPE, 0.5), scene(MASKS["ball"].astype(np.uint8))[0][1], "image")
    with pytest.raises(ExportError, match="Its labels are not whole numbers"):
        plan_export(floats, CONTOURS)


def test_contours_that_fill_other_voxels_are_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(structure_sets, "trace", lambda mask: [ring + 0.6 for ring in trace(mask)])
    with pytest.raises(VerificationError, match="fill other voxels than its own"):
        export(scene(MASKS["bar"].astype(np.uint8)), tmp_path / "x", CONTOURS)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("at", ["ReferencedROINumber", "CLOSED_PLANAR", "organs"])
def test_a_changed_byte_is_noticed(tmp_path, monkeypatch, at):
    """Wherever it is: what comes back from the disk must be what was written."""
    real = structure_sets.digest_again

    def changed(path: str) -> tuple[bytes, bool]:
        content = bytearray(Path(path).read_bytes())
        content[content.index(at.encode()) if at.encode() in content else -3] ^= 1
        Path(path).write_bytes(content)
        return real(path)

    monkeypatch.setattr(structure_sets, "digest_again", changed)
    with pytest.raises(VerificationError, match="a byte is not what was written"):
        export(scene(MASKS["bar"].astype(np.uint8)), tmp_path / "x", CONTOURS)


def long_shape() -> tuple:
    ways = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    return [np.column_stack([np.full(3000, 2.0), 7 + 5 * np.sin(ways), 8 + 6 * np.cos(ways)])], "shapes"


def stripes(length: int) -> tuple:
    """Diagonal ones that hang together: a corner at every step."""
    row, column = np.indices((length, length))
    one = ((row + column) % 4 < 2) | (column == 0)
    return np.stack([one, one]).astype(np.uint8), "labels"


LENGTHS = {
    "ball": ((MASKS["ball"].astype(np.uint8), "labels"), False),
    "stripes": (stripes(96), True),
    "fewer": (stripes(48), False),
    "shape": (long_shape(), True),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_vrs_are_explicit_unless_a_contour_is_too_long_for_that(tmp_path, name):
    """No contour becomes UN: pydicom reads each as numbers, whatever its length."""
    (drawn, kind), long = LENGTHS[name]
    shape = drawn.shape if kind == "labels" else SHAPE
    place = {"units": ("mm",) * 3, "name": "x"}
    layers = [(np.zeros(shape, np.uint8), place, "image"), (drawn, place, kind)]
    report = export(layers, tmp_path / "x", CONTOURS)
    _, contours = report.plan.series
    assert contours.encoding.name == f"{'Implicit' if long else 'Explicit'} VR Little Endian"
    assert any("longer than 64 KiB" in note.text for note in report.plan.notes) == long
    (file,) = (tmp_path / "x").glob("2-*/*.dcm")
    assert dciodvfy([file]) == ([], [])
    found = pydicom.dcmread(file)
    assert found.file_meta.TransferSyntaxUID == contours.encoding
    some = [one for roi in found.ROIContourSequence for one in roi.ContourSequence]
    assert {one["ContourData"].VR for one in some} == {"DS"}
    assert all(len(one.ContourData) == 3 * one.NumberOfContourPoints for one in some)
    assert (max(one.NumberOfContourPoints for one in some) > 2100) == long


def test_notes_speak_of_contours_and_regions():
    moving = np.stack([MASKS["ball"], MASKS["bar"]]).astype(np.uint8)
    data, told, _ = to_layer(Volume(moving, affine=AFFINE, axes=("time", "plane", "row", "column"), time_step=1))
    plan = plan_export((data, {**told, "name": "ball"}, "labels"), CONTOURS)
    texts = [note.text for note in plan.notes]
    assert not [text for text in texts if "segment" in text.lower() or "frame" in text or "SimpleITK" in text]
    assert any(text.startswith("2 structure sets: which time point each is of") for text in texts)
