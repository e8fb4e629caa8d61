"""Of several series in the folder of a reference, the one whose grid is shared is taken; or all are named."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest

from judges.readers import dicom_files
from judges.series import edit
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    GeometryError,
    NoteKind,
    Patient,
    ReadError,
    Volume,
    export,
    plan_export,
)

SHAPE = (3, 5, 6)
CT, MR = {"spacing": (2, 1, 1)}, {"spacing": (3, 0.5, 0.5), "position": (-4, 2, 1)}


def volume(place, name="scan", shape=SHAPE):
    return Volume(np.ones(shape, "u2"), name=name, **place)


def labels(place, shape=SHAPE):
    scale, (x, y, z) = place["spacing"], place.get("position", (0, 0, 0))
    return (np.ones(shape, "u1"), {"scale": scale, "translate": (z, y, x), "units": ("mm",) * 3}, "labels")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A CT, an MR, and a second reconstruction of that CT with further planes, all of one study."""
    folder = tmp_path_factory.mktemp("several") / "study"
    options = ExportOptions(modality="CT", patient=Patient(name="Doe^Jane", id="7"))
    first = export(volume(CT), folder / "ct", options).path
    export(volume(MR), folder / "mr", ExportOptions(modality="MR", reference=first))
    export(volume(CT, shape=(9, 5, 6)), folder / "long", ExportOptions(modality="CT", reference=first))
    return folder


def square(height):
    """A square at a height in mm, which only some of the series have a plane at."""
    corners = [[height, 1, 1], [height, 1, 1.75], [height, 1.5, 1.75], [height, 1.5, 1]]
    return ([np.array(corners)], {"units": ("mm",) * 3, "name": "drawn"}, "shapes")


def uid(folder):
    return pydicom.dcmread(dicom_files(folder)[0]).SeriesInstanceUID


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (labels(CT), "ct"),
        (labels(MR), "mr"),
        (labels(CT, (7, 5, 6)), "long"),
        (volume(MR, "denoised"), "mr"),
        (square(16), "long"),
    ],
    ids=["voxel by voxel before a part", "another grid", "a part", "an image", "an outline"],
)
def test_the_series_whose_grid_it_shares_is_taken(study, given, expected):
    plan = plan_export(given, ExportOptions(reference=study))
    (text,) = [note.text for note in plan.notes if "image series of the reference" in note.text]
    number = pydicom.dcmread(dicom_files(study / expected)[0]).SeriesNumber
    assert f"belongs to series {number}, on whose grid it lies" in text
    if isinstance(given, tuple):
        assert plan.series[0].source.series_uid == uid(study / expected)


def test_where_the_grid_does_not_tell_all_are_named_with_a_file(study):
    with pytest.raises(
        ReadError, match=r"on the grid of none of them: series 1 \(ct.*, series 101 \(mr.*\(long"
    ) as found:
        plan_export(labels({"spacing": (7, 7, 7)}), ExportOptions(reference=study))
    assert "Choose a file" in str(found.value)
    with pytest.raises(ReadError, match="on the grid of 2 of them: series 1 .*, series 102 "):
        plan_export(labels(CT, (2, 5, 6)), ExportOptions(reference=study))
    with pytest.raises(ExportError, match="layer 1: .*length zero"):
        plan_export(labels({"spacing": (0, 1, 1)}), ExportOptions(reference=study))
    # Of layers in a space of their own the place says nothing.
    with pytest.raises(ReadError, match="on the grid of none of them"):
        plan_export(labels(MR), ExportOptions(reference=study, same_space=False))


def test_a_series_that_is_no_stack_is_left_aside_and_said(tmp_path):
    first = export(volume(CT), tmp_path / "study" / "ct", ExportOptions(modality="CT")).path
    gap = export(volume(MR, shape=(4, 5, 6)), tmp_path / "study" / "mr", ExportOptions(modality="MR", reference=first))
    dicom_files(gap.path)[1].unlink()
    plan = plan_export(labels(CT), ExportOptions(reference=tmp_path / "study"))
    assert any("on whose grid it lies; left aside: series 101" in note.text for note in plan.notes)
    with pytest.raises(ReadError, match="It holds 2 image series, and it lies on the grid of none of them: series 1 "):
        plan_export(labels(MR), ExportOptions(reference=tmp_path / "study"))


def test_several_patients_are_never_told_apart_by_grids(study):
    export(volume(MR), study / "other", ExportOptions(patient=Patient(name="Roe^Rae", id="8")))
    with pytest.raises(ReadError, match="It holds 4 image series, of several studies"):
        plan_export(labels(CT), ExportOptions(reference=study))


def test_a_tilted_gantry_is_refused_by_its_angle_and_may_be_done_without(tmp_path):
    """Its planes lean: no grid that all readers place right is theirs."""
    tilted = export(volume(CT), tmp_path / "ct", ExportOptions(modality="CT")).path
    for number, file in enumerate(dicom_files(tilted)):
        edit(file, ImagePositionPatient=[0, 0.5 * number, 2 * number])
    for given in (labels(CT), (*labels(CT)[:1], labels(CT)[1] | {"shear": [0.25, 0, 0]}, "labels")):
        with pytest.raises(GeometryError, match="reference: Its planes are not a grid .* are 14° off a right angle"):
            plan_export(given, ExportOptions(reference=tilted, shear="resample"))
        kept = ExportOptions(reference=tilted, shear="resample", resample_labels="keep")
        plan = plan_export(given, kept)
        assert plan.series[0].source is None
        assert not [note for note in plan.notes if "changes nothing" in note.text and "keep" in note.text]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A series that holds two echoes, and a localizer with another spacing, which is its first file."""
    folder = tmp_path_factory.mktemp("parts")
    first = export(volume(MR), folder / "first", ExportOptions(modality="MR")).path
    options = ExportOptions(modality="MR", reference=first)
    second = export(volume(MR), folder / "second", options).path
    localizer = export(volume({"spacing": (1, 9, 9)}, shape=(1, 5, 6)), folder / "localizer.dcm", options).path
    common = {"SeriesInstanceUID": uid(first), "SeriesNumber": 1, "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]}
    (folder / "mr").mkdir()
    for name, files, echo in (("0", [localizer], 5), ("1", dicom_files(first), 5), ("2", dicom_files(second), 10)):
        for number, file in enumerate(files):
            edit(file, EchoTime=echo, **common)
            file.rename(folder / "mr" / f"{name}-{number}.dcm")
    return folder / "mr"


@pytest.mark.parametrize(
    ("file", "expected"),
    [(".", "echo 5 ms"), ("0-0.dcm", "echo 5 ms"), ("1-1.dcm", "echo 5 ms"), ("2-1.dcm", "echo 10 ms")],
)
def test_of_a_series_of_several_parts_the_one_is_taken_that_lies_there(parts, file, expected):
    """By its grid; of parts on the same grid the one whose file is named."""
    plan = plan_export(labels(MR), ExportOptions(reference=parts / file))
    (note,) = [note for note in plan.notes if "has 3 parts" in note.text]
    assert f"{expected}, the first of 2 on whose grid it lies; left aside: " in note.text
    assert note.kind is NoteKind.ASSUMED
    files = dicom_files(parts)
    there = {pydicom.dcmread(each, stop_before_pixels=True).SOPInstanceUID for each in files if each.name[0] == "1"}
    named = {uid for source in [plan.series[0].source] for uid in source.instances}
    assert (named <= there) is (expected == "echo 5 ms")


def test_the_only_part_on_whose_grid_labels_lie_is_no_assumption(parts):
    localizer = labels({"spacing": (1, 9, 9)}, shape=(1, 5, 6))
    plan = plan_export(localizer, ExportOptions(reference=parts))
    (note,) = [note for note in plan.notes if "has 3 parts" in note.text]
    assert (note.kind, ", on whose grid it lies; left aside" in note.text) == (NoteKind.INFO, True)
