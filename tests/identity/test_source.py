"""What was opened from DICOM goes back beside its source: into its study, each plane naming the one it came from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.readers import dciodvfy
from judges.tables import OBJECTS, of
from judges.volumes import indexed, oblique
from napari_dicom_writer import (
    ExportError,
    ExportOptions,
    NoteKind,
    Patient,
    Series,
    TransferSyntax,
    Volume,
    export,
    plan_export,
    read,
)
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.reading.series import read_series

OPTIONS = ExportOptions(modality="MR", patient=Patient(name="Doe^Jane", id="7"), series=Series(number="4"))
INTO = ExportOptions(reference="source")


@pytest.fixture
def source(tmp_path) -> Path:
    """A left-handed oblique series of number 4."""
    volume = Volume(indexed((4, 5, 6)), affine=oblique(), name="scan")
    return export(volume, tmp_path / "source", OPTIONS).path


def opened(folder: Path):
    """The only layer, its values inverted: a result."""
    ((data, attributes, kind),) = read(folder)
    return 99 - np.asarray(data), attributes, kind


def headers(path: Path) -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(file) for file in (sorted(path.rglob("*.dcm")) if path.is_dir() else [path])]


def texts(plan) -> str:
    return "\n".join(note.text for note in plan.notes)


@pytest.mark.parametrize("key", OBJECTS)
def test_a_result_joins_its_study_and_names_its_planes(source, tmp_path, key):
    modality = (IODS.row(key).modalities or ("OT",))[0]
    report = export(opened(source), tmp_path / "x", ExportOptions(reference="source", modality=modality, **of(key)))
    first = headers(source)[0]
    theirs = {header.SOPInstanceUID: header for header in headers(source)}
    named = []
    for header in headers(report.path):
        for keyword in "PatientName PatientID StudyInstanceUID StudyDate FrameOfReferenceUID".split():
            assert header[keyword].value == first[keyword].value
        assert (header.SeriesNumber, header.ImageType[0]) == (401, "DERIVED")
        assert header.SeriesInstanceUID != first.SeriesInstanceUID
        assert header.ContributingEquipmentSequence
        groups = header.get("PerFrameFunctionalGroupsSequence")
        if key.startswith("enhanced"):
            items = [group.DerivationImageSequence[0].SourceImageSequence[0] for group in groups]
        else:
            assert header.DerivationDescription
            items = header.SourceImageSequence
        uids = [item.ReferencedSOPInstanceUID for item in items]
        assert {item.ReferencedSOPClassUID for item in items} == {first.SOPClassUID}
        planes = [group.PlanePositionSequence[0] for group in groups] if groups else [header]
        for plane, uid in zip(planes, uids, strict=True):
            np.testing.assert_allclose(plane.ImagePositionPatient, theirs[uid].ImagePositionPatient, atol=1e-9)
        named += uids
    assert sorted(named) == sorted(theirs)


@pytest.mark.parametrize("key", ["sc", "parametric-map", "enhanced-mr"])
def test_dciodvfy_has_nothing_to_say(source, tmp_path, key):
    path = export(opened(source), tmp_path / "x", ExportOptions(reference="source", **of(key))).path
    errors, warnings = dciodvfy([path / "00001.dcm" if path.is_dir() else path])
    assert errors == []
    assert [warning for warning in warnings if "Laterality" not in warning] == []


@pytest.mark.parametrize("syntax", [TransferSyntax.JPEG_LS, TransferSyntax.DEFLATED])
def test_the_names_of_planes_are_read_back_compressed_and_from_the_medium(source, tmp_path, syntax):
    options = ExportOptions(reference="source", transfer_syntax=syntax, verify="medium")
    written = headers(export(opened(source), tmp_path / "x", options).path)
    assert len({header.SourceImageSequence[0].ReferencedSOPInstanceUID for header in written}) == 4


def test_off_by_default_and_always_said(source):
    plan = plan_export([opened(source)])
    (note,) = [note for note in plan.notes if note.fix and note.fix.option == "reference"]
    assert note.kind is NoteKind.INFO
    assert (note.fix.value, plan.study.patient_name) == ("source", "Anonymous^")
    assert "reference='source'" in str(note)
    (note,) = [note for note in plan.notes if note.fix and note.fix.option == "modality"]
    assert (note.text, note.fix.value) == ("What was opened is MR, and what is written is OT", "MR")
    assert "What was opened" not in texts(plan_export([opened(source)], ExportOptions(modality="MR")))
    said = texts(plan_export([opened(source)], INTO))
    assert "The reference is the series that the layer was opened from, 'scan'" in said
    assert "Numbered from 401" in said


def test_time_points_name_their_own_planes(tmp_path):
    volume = Volume(indexed((2, 3, 4, 5)), affine=oblique(), axes=("time", "plane", "row", "column"), time_step=2)
    source = export(volume, tmp_path / "source", OPTIONS).path
    layer = opened(source)
    assert _times(export(layer, tmp_path / "x", ExportOptions(reference="source", modality="MR")).path, source)
    data, attributes, kind = layer
    one = (data[1], {**attributes, "scale": attributes["scale"][1:], "units": attributes["units"][1:]}, kind)
    one[1].update(affine=attributes["affine"][1:, 1:], axis_labels=attributes["axis_labels"][1:])
    plan = plan_export([one], INTO)
    assert "Its planes do not name those of 'series 4': 2 of its planes lie where plane 0 does" in texts(plan)


def test_frames_of_one_instance_are_named_by_their_numbers(tmp_path):
    volume = Volume(indexed((4, 5, 6)), affine=oblique(), name="scan")
    source = export(volume, tmp_path / "source", ExportOptions(object="multi-frame")).path
    written = headers(export(opened(source), tmp_path / "x", INTO).path)
    items = [header.SourceImageSequence[0] for header in written]
    assert {item.ReferencedSOPInstanceUID for item in items} == {headers(source)[0].SOPInstanceUID}
    assert sorted(int(item.ReferencedFrameNumber) for item in items) == [1, 2, 3, 4]
    groups = headers(source)[0].PerFrameFunctionalGroupsSequence
    for header, item in zip(written, items, strict=True):
        place = groups[int(item.ReferencedFrameNumber) - 1].PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose(header.ImagePositionPatient, place, atol=1e-9)


def _times(path: Path, source: Path) -> bool:
    theirs = {header.SOPInstanceUID: header for header in headers(source)}
    pairs = [(h, theirs[h.SourceImageSequence[0].ReferencedSOPInstanceUID]) for h in headers(path)]
    return all(
        one.AcquisitionNumber == other.AcquisitionNumber
        and np.allclose(one.ImagePositionPatient, other.ImagePositionPatient, atol=1e-9)
        for one, other in pairs
    )


def test_what_was_moved_or_cropped_names_no_planes_or_its_own(source, tmp_path):
    data, attributes, kind = opened(source)
    moved = attributes["affine"].copy()
    moved[0, -1] += 0.5
    plan = plan_export([(data, {**attributes, "affine": moved}, kind)], INTO)
    assert "Its planes do not name those of 'scan': plane 0 lies 0.5 mm from the nearest of its planes" in texts(plan)
    assert plan.series[0].source is None
    cropped = plan_export([(data[:2], attributes, kind)], INTO).series[0].source
    uids = attributes["metadata"][METADATA_KEY]["instances"]
    assert {cropped.planes[0, plane][0] for plane in (0, 1)} == set(uids[:2])
    smaller = plan_export([(data[:, 1:], attributes, kind)], INTO)
    assert "its planes have another size" in texts(smaller)


def test_labels_opened_with_their_image_lie_on_the_new_one(source):
    image = opened(source)
    labels = ((image[0] > 50).astype(np.uint8), {**image[1], "name": "mask"}, "labels")
    alone = plan_export([labels], INTO).series[0].source
    assert alone.series_uid == headers(source)[0].SeriesInstanceUID
    both = plan_export([image, labels], INTO)
    assert both.series[1].source.series_uid == both.series[0].uid


def test_a_zip_file_is_a_source_like_its_folder(source, tmp_path):
    (tmp_path / "zipped").mkdir()
    packed = Path(shutil.make_archive(str(tmp_path / "zipped" / "scan"), "zip", source))
    shutil.move(source, tmp_path / "elsewhere")
    (layer,) = read(packed)
    written = headers(export([layer], tmp_path / "x", INTO).path)
    named = {header.SourceImageSequence[0].ReferencedSOPInstanceUID for header in written}
    assert named == {header.SOPInstanceUID for header in headers(tmp_path / "elsewhere")}


def test_labels_that_were_opened_go_beside_their_segmentation_by_every_way(source, tmp_path):
    """As a layer that napari edits, and as a volume that the command line reads."""
    ((data, attributes, _),) = read(source)
    labels = (np.asarray(data > 50).astype(np.uint8), {**attributes, "name": "mask"}, "labels")
    kept = export([labels], source / "seg.dcm", INTO).path
    (layer,) = [layer for layer in read(source) if layer[2] == "labels"]
    (volume,) = [volume for volume in read_series(source) if volume.labels]
    segmentation = pydicom.dcmread(kept)
    for number, edited in enumerate((layer, volume)):
        written = pydicom.dcmread(export([edited], tmp_path / f"{number}.dcm", INTO).path)
        assert written.StudyInstanceUID == segmentation.StudyInstanceUID
        assert written.SeriesInstanceUID != segmentation.SeriesInstanceUID
        image = written.ReferencedSeriesSequence[0]
        assert image.SeriesInstanceUID == headers(source)[0].SeriesInstanceUID
        np.testing.assert_array_equal(written.pixel_array, segmentation.pixel_array)


def test_what_is_gone_or_elsewhere_is_refused(source, tmp_path):
    layer, image = opened(source), Volume(indexed(), spacing=(1, 1, 1))
    with pytest.raises(ExportError, match="No layer remembers a series that it was opened from. Name a DICOM file"):
        plan_export(image, INTO)
    other = export(image, tmp_path / "other", OPTIONS).path
    with pytest.raises(ExportError, match="The layers were opened from different studies. Export them one by one"):
        plan_export([layer, opened(other)], INTO)
    for file in source.glob("*.dcm"):
        header = pydicom.dcmread(file)
        header.StudyInstanceUID += ".1"
        header.save_as(file)
    with pytest.raises(ExportError, match="The series it was opened from is in another study now"):
        plan_export([layer], INTO)
    shutil.rmtree(source)
    with pytest.raises(ExportError, match="There is no such folder or file"):
        plan_export([layer], INTO)
    source.mkdir()
    with pytest.raises(ExportError, match="The series it was opened from is not there any more. Open it again"):
        plan_export([layer], INTO)


@pytest.mark.parametrize("metadata", [None, 7, {METADATA_KEY: 7}, {METADATA_KEY: {"path": 7, "study": "1"}}])
def test_anybodys_metadata_is_no_origin(metadata):
    layer = (indexed(), {"units": "mm", "metadata": metadata}, "image")
    assert [note for note in plan_export([layer]).notes if note.fix and note.fix.option == "reference"] == []


def test_on_the_command_line_a_folder_of_dicom_goes_beside_itself(source, tmp_path, capsys):
    assert main(["export", str(source), str(tmp_path / "out"), "--reference", "source", "--modality", "MR"]) == 0
    assert "Numbered from 401" in " ".join(capsys.readouterr().out.split())
    assert len(headers(tmp_path / "out")[0].SourceImageSequence) == 1
