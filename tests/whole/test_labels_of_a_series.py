"""Labels belong to a series that exists: its planes are referenced, and its grid is theirs, or both are named."""

from __future__ import annotations

import shutil

import dask.array as da
import nibabel
import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy, dicom_files, dicom_validator
from judges.series import edit
from judges.structure_sets import item, saved, structure_set
from napari_dicom_writer import ExportError, ExportOptions, Patient, ReadError, export, plan_export
from napari_dicom_writer import read as opened
from napari_dicom_writer.cli.main import main

RNG = np.random.default_rng(11)
SHAPE, STEP, START = (6, 11, 16), np.array([2.5, 0.7, 0.8]), np.array([5.0, -3, 2])
LABELS = np.where(RNG.random(SHAPE) < 0.7, 0, RNG.integers(1, 4, SHAPE)).astype("u1")
LABELS[0] = 0


def layer(array, scale=STEP, translate=START, name="seg", **more):
    return (array, {"scale": scale, "translate": translate, "units": ("mm",) * 3, "name": name} | more, "labels")


IMAGE = (RNG.integers(0, 999, SHAPE).astype("i2"), layer(0, name="scan")[1], "image")


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    options = ExportOptions(modality="CT", patient=Patient(name="Doe^Jane", id="7"))
    return export(IMAGE, tmp_path_factory.mktemp("series") / "ct", options).path


def read(path, expected_planes):
    """Segment numbers by the plane of the image that each frame references, on its grid: the test's own arithmetic."""
    dataset = pydicom.dcmread(path)
    assert (dataset.Rows, dataset.Columns) == SHAPE[1:]
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, "u1"), bitorder="little")
    size = dataset.Rows * dataset.Columns
    result = np.zeros(SHAPE, int)
    for at, groups in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        position = tuple(map(float, groups.PlanePositionSequence[0].ImagePositionPatient))
        uid = groups.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        assert expected_planes[uid] == pytest.approx(position, abs=1e-6)
        number = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        mask = bits[at * size : (at + 1) * size].reshape(SHAPE[1:]).astype(bool)
        result[round((position[2] - START[0]) / STEP[0])][mask] = number
    return result


def planes_of(folder):
    files = [pydicom.dcmread(path) for path in dicom_files(folder)]
    return {d.SOPInstanceUID: tuple(d.ImagePositionPatient) for d in files if d.Modality != "SEG"}


@pytest.mark.parametrize("named", ["folder", "file"])
def test_they_reference_its_planes(tmp_path, series, named):
    reference = series if named == "folder" else series / "00003.dcm"
    path = export(layer(LABELS), tmp_path / "x", ExportOptions(reference=reference)).path
    np.testing.assert_array_equal(read(path, planes_of(series)), LABELS)
    dataset, image = pydicom.dcmread(path), pydicom.dcmread(series / "00001.dcm")
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID"):
        assert dataset[keyword].value == image[keyword].value
    (item,) = dataset.ReferencedSeriesSequence
    assert item.SeriesInstanceUID == image.SeriesInstanceUID
    assert {i.ReferencedSOPInstanceUID for i in item.ReferencedInstanceSequence} == set(planes_of(series))
    assert {i.ReferencedSOPClassUID for i in item.ReferencedInstanceSequence} == {image.SOPClassUID}
    assert dciodvfy([path]) == ([], [])
    assert dicom_validator([path]) == []


def test_frames_of_a_multi_frame_series_are_referenced_by_number(tmp_path):
    source = export(IMAGE, tmp_path / "image", ExportOptions(object="multi-frame")).path
    path = export(layer(LABELS), tmp_path / "x", ExportOptions(reference=source)).path
    dataset, image = pydicom.dcmread(path), pydicom.dcmread(source)
    positions = [g.PlanePositionSequence[0].ImagePositionPatient for g in image.PerFrameFunctionalGroupsSequence]
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        item = groups.DerivationImageSequence[0].SourceImageSequence[0]
        assert item.ReferencedSOPInstanceUID == image.SOPInstanceUID
        place = groups.PlanePositionSequence[0].ImagePositionPatient
        assert positions[item.ReferencedFrameNumber - 1] == place
    assert dciodvfy([path]) == ([], [])


ENDS = START + STEP * (np.array(SHAPE) - 1)
ONE_GRID = {
    "flipped": layer(LABELS[::-1, :, ::-1], STEP * (-1, 1, -1), (ENDS[0], START[1], ENDS[2])),
    "sagittal": layer(
        LABELS.transpose(2, 0, 1),
        np.ones(3),
        np.zeros(3),
        affine=np.array([[0, 2.5, 0, 5], [0, 0, 0.7, -3], [0.8, 0, 0, 2], [0, 0, 0, 1]]),
    ),
    "a part": layer(LABELS[1:5], STEP, START + STEP * (1, 0, 0)),
    "rounded": layer(LABELS, STEP * 1.0001, START + 0.004),
    "lazy": layer(da.from_array(LABELS[::-1], chunks=(2, 11, 7)), STEP * (-1, 1, 1), (ENDS[0], *START[1:])),
    "floats": layer(LABELS.astype("f4")),
}


@pytest.mark.parametrize("given", ONE_GRID.values(), ids=ONE_GRID)
def test_no_voxel_moves_where_voxels_coincide(tmp_path, series, given):
    path = export(given, tmp_path / "x", ExportOptions(reference=series)).path
    expected = np.where(np.arange(6)[:, None, None] < 5, LABELS, 0) if len(given[0]) == 4 else LABELS
    np.testing.assert_array_equal(read(path, planes_of(series)), expected)


def test_a_label_on_one_plane_is_on_that_plane(tmp_path, series):
    given = layer(LABELS[3:4], (99, *STEP[1:]), START + STEP * (3, 0, 0))
    found = read(export(given, tmp_path / "x", ExportOptions(reference=series)).path, planes_of(series))
    np.testing.assert_array_equal(found[3], LABELS[3])
    assert not found[[0, 1, 2, 4, 5]].any()


def test_beside_an_image_the_same_happens(tmp_path):
    report = export([IMAGE, ONE_GRID["flipped"]], tmp_path / "x")
    path = next(p for p in dicom_files(report.path) if pydicom.dcmread(p).Modality == "SEG")
    np.testing.assert_array_equal(read(path, planes_of(report.path)), LABELS)
    assert any("Drawn on the image 'scan'" in note.text for note in report.plan.notes)


COARSE = layer(np.pad(LABELS[::2, ::2, ::2], ((0, 0), (0, 2), (0, 0))), STEP * (2, 2, 2), START)


def test_another_grid_is_refused_with_both_named(tmp_path, series):
    with pytest.raises(
        ExportError, match=r"another grid \(3 × 8 × 8 voxels of 5 × 1.4 × 1.6 mm\) than the reference, "
    ) as e:
        export(COARSE, tmp_path / "x", ExportOptions(reference=series))
    assert "(6 × 11 × 16 voxels of 2.5 × 0.7 × 0.8 mm)" in str(e.value)
    assert e.value.refusals[0].fix.value == "nearest"
    moved = layer(LABELS, STEP, np.add(START, (0, 0, 0.3)))
    with pytest.raises(ExportError, match="their voxels lie up to 0.3 mm apart"):
        export(moved, tmp_path / "x", ExportOptions(reference=series))


def test_the_nearest_voxels_are_taken_by_option(tmp_path, series):
    report = export(COARSE, tmp_path / "x", ExportOptions(reference=series, resample_labels="nearest"))
    index = [np.floor(np.arange(n) / 2 + 0.5).astype(int) for n in SHAPE]
    padded = np.pad(COARSE[0], 1)
    expected = padded[np.ix_(*(i + 1 for i in index))]
    np.testing.assert_array_equal(read(report.path, planes_of(series)), expected)
    texts = [note.text for note in report.plan.notes]
    assert any(text.startswith("Resampled by the nearest voxel") and "cut off" in text for text in texts)


def test_labels_that_get_lost_are_named(series):
    fine = np.zeros((6, 22, 32), "u1")
    fine[1:3, 4:8, 4:8] = 1
    fine[2, 10, 10], fine[3, 11, 11] = 7, 8
    given = layer(fine, STEP / (1, 2, 2), np.add(START, (0, 0.1, 0.1)))
    plan = plan_export(given, ExportOptions(reference=series, resample_labels="nearest"))
    kept = {segment.label for segment in plan.series[0].segments}
    assert kept == {1, 7}
    (text,) = [note.text for note in plan.notes if "nearest to no voxel" in note.text]
    assert text.startswith("Label 8 is")


def test_a_turned_volume_is_resampled_voxel_by_voxel(tmp_path, series):
    turn = np.deg2rad(20)
    rotate = np.array([[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]])
    given = layer(LABELS, rotate=rotate)
    report = export(given, tmp_path / "x", ExportOptions(reference=series, resample_labels="nearest"))
    found = read(report.path, planes_of(series))
    for index in np.ndindex(*SHAPE):
        at = np.rint(rotate.T @ (STEP * index) / STEP).astype(int)
        inside = (at >= 0).all() and (at < SHAPE).all()
        assert found[index] == (LABELS[tuple(at)] if inside else 0)


def test_another_grid_is_kept_by_option(tmp_path, series):
    dataset = pydicom.dcmread(
        export(COARSE, tmp_path / "x", ExportOptions(reference=series, resample_labels="keep")).path
    )
    assert (dataset.Rows, dataset.Columns) == (8, 8)
    assert "ReferencedSeriesSequence" not in dataset
    assert dataset.FrameOfReferenceUID == pydicom.dcmread(series / "00001.dcm").FrameOfReferenceUID


def test_results_in_the_folder_are_no_image_series(tmp_path, series):
    shutil.copytree(series, tmp_path / "study" / "ct")
    export(layer(LABELS), tmp_path / "study" / "seg", ExportOptions(reference=series))
    plan = plan_export(layer(LABELS), ExportOptions(reference=tmp_path / "study"))
    assert plan.series[0].source is not None


def test_a_missing_plane_is_refused_and_the_series_may_be_done_without(tmp_path, series):
    folder = shutil.copytree(series, tmp_path / "ct")
    (folder / "00003.dcm").unlink()
    with pytest.raises(ExportError, match="not evenly spaced"):
        plan_export(layer(LABELS), ExportOptions(reference=folder / "00001.dcm"))
    options = ExportOptions(reference=folder / "00001.dcm", resample_labels="keep")
    plan = plan_export(layer(LABELS), options)
    assert plan.series[0].source is None
    said = [note.text for note in plan.notes if "reference" in note.text or "'keep'" in note.text]
    assert any(text.startswith("It names no plane of the reference. Its planes are not evenly spaced") for text in said)
    assert not any("changes nothing" in text for text in said)


def test_without_the_space_of_the_reference_no_plane_is_referenced(series):
    plan = plan_export(layer(LABELS), ExportOptions(reference=series, same_space=False))
    assert plan.series[0].source is None


def test_sheared_labels_take_the_nearest_voxels_where_sheared_grids_are_resampled(tmp_path):
    given = layer(LABELS, shear=[0, 0, 0.3])
    path = export(given, tmp_path / "x", ExportOptions(shear="resample", segmentation_type="labelmap")).path
    assert set(np.unique(pydicom.dcmread(path).pixel_array)) == {0, 1, 2, 3}


def test_a_label_file_of_other_software_becomes_a_segmentation_of_its_scan(tmp_path, series):
    """NIfTI counts from the other corner, and says left and right the other way."""
    affine = np.diag([0.8, 0.7, 2.5, 1])
    affine[:3, 3] = START[::-1]
    nibabel.save(nibabel.Nifti1Image(LABELS.T, np.diag([-1.0, -1, 1, 1]) @ affine), tmp_path / "organs.nii")
    (tmp_path / "names.csv").write_text("label,name\n1,liver\n2,left kidney\n3,spleen\n")
    given = ["--object", "segmentation", "--reference", series, "--segments", tmp_path / "names.csv"]
    assert main([*map(str, ("export", tmp_path / "organs.nii", tmp_path / "seg.dcm", *given))]) == 0
    np.testing.assert_array_equal(read(tmp_path / "seg.dcm", planes_of(series)), LABELS)
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    assert [segment.SegmentLabel for segment in dataset.SegmentSequence] == ["liver", "left kidney", "spleen"]


def test_no_modality_is_asked_of_labels(series):
    plan = plan_export(layer(LABELS), ExportOptions(reference=series))
    assert not [note for note in plan.notes if "what is written is" in note.text]


def test_a_segmentation_that_was_opened_and_painted_on_belongs_to_the_image_of_the_old_one(tmp_path, series):
    folder = tmp_path / "study"
    shutil.copytree(series, folder / "ct")
    export(layer(LABELS), folder / "seg", ExportOptions(reference=folder / "ct"))
    ((data, attributes, kind),) = [one for one in opened(folder / "seg.dcm") if one[2] == "labels"]
    painted = np.array(data)
    painted[1, 2, 3] = 2
    path = export((painted, attributes, kind), folder / "again", ExportOptions(reference="source")).path
    np.testing.assert_array_equal(read(path, planes_of(series))[1:], painted)
    shutil.rmtree(folder / "ct")
    with pytest.raises(ReadError, match="its image lies not beside it"):
        plan_export((painted, attributes, kind), ExportOptions(reference="source"))


def test_a_reference_that_belongs_to_several_series_is_asked_about(tmp_path, series):
    shutil.copytree(series, tmp_path / "ct")
    shutil.copytree(series, tmp_path / "other")
    for file in (tmp_path / "other").iterdir():
        edit(file, SeriesInstanceUID="1.2.3", SeriesNumber=7)
    header = pydicom.dcmread(next((tmp_path / "ct").iterdir()))
    made = structure_set({"a": [("POINT", np.zeros((1, 3)))]}, header)
    (study,) = made.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence
    study.RTReferencedSeriesSequence = [item(SeriesInstanceUID="1.2.3"), *study.RTReferencedSeriesSequence]
    options = ExportOptions(reference=saved(made, tmp_path / "contours"))
    with pytest.raises(ReadError, match="It references 2 image series: series 7, series "):
        plan_export(layer(LABELS), options)
    shutil.rmtree(tmp_path / "other")
    (plan,) = plan_export(layer(LABELS), options).series
    assert plan.source.series_uid == header.SeriesInstanceUID
