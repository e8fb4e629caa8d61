"""File-sets, as dciodvfy, dicom3tools, DCMTK, GDCM and pydicom read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest

from judges.file_sets import file_set
from judges.tables import OBJECTS, of
from judges.volumes import oblique_volume
from napari_dicom_writer import DestinationError, ExportOptions, Patient, Series, Study, Volume, export, read
from napari_dicom_writer.destinations.dicomdir.directory import read_directory
from napari_dicom_writer.destinations.dicomdir.target import DicomdirDestination
from napari_dicom_writer.standard.transfer_syntax import TransferSyntax

STACK = oblique_volume()
PATIENT = ExportOptions(
    modality="MR",
    patient=Patient(name="Müller^Jürgen", id="0815", birth_date="1970-02-28", sex="M"),
    study=Study(description="Köpfe", id="7"),
    series=Series(description="T1 entrauscht"),
)


def volumes(count):
    return [Volume(STACK.array, affine=STACK.affine, name=f"été {n}") for n in range(count)]


@pytest.fixture(params=[1, 3])
def medium(request, tmp_path):
    return export(volumes(request.param), tmp_path / "x", PATIENT, to="dicomdir")


def run(tool, *arguments):
    beside = Path(sys.executable).with_name(tool)
    command = str(beside) if beside.exists() else shutil.which(tool)
    if command is None:
        pytest.skip(f"{tool} is not installed")
    return subprocess.run([command, *map(str, arguments)], capture_output=True, encoding="utf-8", check=False)


def test_dciodvfy_has_nothing_to_say(medium):
    done = run("dciodvfy", medium.path / "DICOMDIR")
    assert [line for line in done.stderr.splitlines() if line.startswith(("Error", "Warning"))] == []
    assert "BasicDirectory" in done.stdout + done.stderr


def test_dicom3tools_walks_the_directory(medium):
    done = run("dcdirdmp", medium.path / "DICOMDIR")
    text = done.stdout + done.stderr
    files = re.findall(r"-> (\S+)", text)
    assert len(files) == medium.plan.instances
    assert all((medium.path / name.replace("\\", "/")).is_file() for name in files)
    assert text.count("SERIES") == len(medium.plan.series)


def test_dcmtk_reads_the_directory(medium):
    done = run("dcmdump", "+W", medium.path.parent, medium.path / "DICOMDIR")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.count('"Directory Record" IMAGE') == medium.plan.instances
    assert done.stdout.count('"Directory Record" PATIENT') == 1


def test_gdcm_reads_the_directory(medium):
    gdcm = pytest.importorskip("gdcm")
    reader = gdcm.Reader()
    reader.SetFileName(str(medium.path / "DICOMDIR"))
    assert reader.Read()
    assert reader.GetFile().GetHeader().GetMediaStorage().GetString() == "1.2.840.10008.1.3.10"


def test_pydicom_finds_every_instance_and_its_keys(medium):
    with file_set(medium.path) as found:
        check_keys(medium, found)


def check_keys(medium, found):
    planned = [(series, instance) for series in medium.plan.series for instance in series.instances]
    assert [str(one.SOPInstanceUID) for one in found] == [instance.uid for _, instance in planned]
    for one, (series, instance) in zip(found, planned, strict=True):
        dataset = one.load()
        assert dataset.SOPInstanceUID == instance.uid
        assert str(one.PatientName) == "Müller^Jürgen"
        assert one.StudyDescription == "Köpfe"
        keys = "PatientID StudyInstanceUID StudyDate StudyTime StudyID SeriesInstanceUID Modality SeriesNumber".split()
        for key in [*keys, "InstanceNumber"]:
            assert getattr(one, key) == getattr(dataset, key), key
        assert one.SeriesInstanceUID == series.uid
        assert one.SOPClassUID == dataset.SOPClassUID
        assert one.TransferSyntaxUID == dataset.file_meta.TransferSyntaxUID


def test_it_opens_as_what_was_saved(medium):
    layers = read(medium.path / "DICOMDIR", announce=[].append)
    assert [attributes["name"] for _, attributes, _ in layers] == [series.description for series in medium.plan.series]
    assert sum(len(data) for data, _, _ in layers) == medium.plan.instances


def test_names_are_those_that_media_take(medium):
    """PS3.10 8.2: up to eight components of up to eight characters; all but the directory deeper than the root."""
    files = [path.relative_to(medium.path).parts for path in medium.path.rglob("*") if path.is_file()]
    assert all(re.fullmatch("[A-Z0-9_]{1,8}", part) for file in files for part in file)
    assert [file for file in files if len(file) == 1] == [("DICOMDIR",)]
    assert max(map(len, files)) <= 8


def test_it_is_a_basic_directory_as_the_standard_has_it(medium):
    directory = pydicom.dcmread(medium.path / "DICOMDIR")
    assert directory.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert directory.FileSetConsistencyFlag == 0
    assert {item.RecordInUseFlag for item in directory.DirectoryRecordSequence} == {0xFFFF}


def test_contours_longer_than_an_explicit_vr_can_say_are_refused_there(tmp_path):
    """Diagonal stripes that hang together: a corner at every step."""
    row, column = np.indices((96, 96))
    stripes = (((row + column) % 4 < 2) | (column == 0)).astype(np.uint8)[np.newaxis]
    labels = (stripes, {"name": "organs"}, "labels")
    with pytest.raises(DestinationError, match="no Implicit VR Little Endian, which contours longer than 64 KiB are"):
        export(labels, tmp_path / "x", ExportOptions(object="rt-structure-set"), to="dicomdir")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", OBJECTS)
def test_every_object_of_the_table_is_listed(tmp_path, name):
    report = export(STACK, tmp_path / "x", ExportOptions(**of(name)), to="dicomdir")
    with file_set(report.path) as found:
        assert len(found) == report.plan.instances
    done = run("dciodvfy", report.path / "DICOMDIR")
    assert [line for line in done.stderr.splitlines() if line.startswith(("Error", "Warning"))] == []


@pytest.mark.parametrize("syntax", TransferSyntax)
def test_media_hold_only_what_a_profile_has(tmp_path, syntax):
    pytest.importorskip("imagecodecs")
    large = Volume(np.arange(3 * 64 * 64, dtype=np.uint8).reshape(3, 64, 64), spacing=(1, 1, 1))
    needed = {"jpeg-ls-lossy": {"lossy_error": 2}, "jpeg-2000-lossy": {"lossy_ratio": 4}}
    options = ExportOptions(transfer_syntax=syntax, **needed.get(syntax, {}))
    if syntax in ("explicit-le", "jpeg-2000", "jpeg-2000-lossy"):
        with file_set(export(large, tmp_path / "x", options, to="dicomdir").path) as found:
            assert len(found) == 3
        return
    with pytest.raises(DestinationError, match="Exchange media hold no") as caught:
        export(large, tmp_path / "x", options, to="dicomdir")
    assert caught.value.refusals[0].fix.value is TransferSyntax.EXPLICIT_LE


def test_more_instances_than_names_are_refused(tmp_path, monkeypatch):
    from napari_dicom_writer.destinations.dicomdir import target

    monkeypatch.setattr(target, "_MOST", 2)
    with pytest.raises(DestinationError, match="names at most 2 files"):
        export(STACK, tmp_path / "x", to="dicomdir")


def test_a_broken_link_is_noticed(tmp_path):
    path = export(volumes(2), tmp_path / "x", to="dicomdir").path / "DICOMDIR"
    directory = pydicom.dcmread(path)
    directory.DirectoryRecordSequence[2].OffsetOfTheNextDirectoryRecord = 0
    directory.save_as(path)
    with pytest.raises(ValueError, match="are not linked"):
        read_directory(path)


def test_the_name_of_the_directory_names_its_folder(tmp_path):
    assert DicomdirDestination(tmp_path / "x" / "dicomdir", None, overwrite=False).target == tmp_path / "x"
