"""A folder is found once, whatever lies in it: nothing is waited for, entered twice or passed over in silence."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from napari_dicom_writer import ReadError, Volume, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.reading.catalogue import catalogue
from napari_dicom_writer.reading.series import read_series
from napari_dicom_writer.reading.survey import survey

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are made otherwise there")


@pytest.fixture
def folder(tmp_path):
    """A series of three planes, in a folder in a folder."""
    export(Volume(np.zeros((3, 4, 5), np.int16), spacing=(1, 1, 1)), tmp_path / "data" / "deep" / "x")
    return tmp_path / "data"


def passed(folder):
    return [(each.name, each.what, each.matters) for each in catalogue(folder).passed]


def planes(folder):
    """All three readers must find the same."""
    (volume,), (series,) = read_series(folder), survey(folder).series
    instances = [len(verdict.files) for verdict in check_series(folder) if verdict.uid]
    assert [volume.shape[0]] == [series.instances] == instances
    return volume.shape[0]


def test_links_lead_to_files_once(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder / "deep", elsewhere)
    (folder / "a link").symlink_to(elsewhere)
    (folder / "b link").symlink_to(elsewhere)
    assert planes(folder) == 3
    assert passed(folder) == [("b link", "a link to a folder that is looked into anyway", False)]


def test_a_folder_is_entered_by_its_own_name(folder):
    (folder / "a link").symlink_to(folder / "deep")
    assert planes(folder) == 3
    assert {catalogue(folder).name(path).split("/")[0] for path in catalogue(folder).files} == {"deep"}


def test_links_that_lead_round_end(folder):
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    assert planes(folder) == 3
    assert {name for name, _, _ in passed(folder)} == {"deep/up", "self"}


def test_what_is_no_file_is_said_and_not_opened(folder):
    """To open a pipe that nobody writes into would wait for ever."""
    os.mkfifo(folder / "pipe.dcm")
    (folder / "null.dcm").symlink_to(os.devnull)
    (folder / "gone.dcm").symlink_to(folder / "nowhere")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket"))
        assert planes(folder) == 3
        found = passed(folder)
    assert found == [
        ("gone.dcm", "a link that leads nowhere", True),
        ("null.dcm", "a device", False),
        ("pipe.dcm", "a pipe", False),
        ("socket", "a socket", False),
    ]
    findings = {f.where: f.severity for verdict in check_series(folder) for f in verdict.findings}
    assert findings["gone.dcm"] == "error"
    assert findings["null.dcm, pipe.dcm, socket"] == "warning"
    assert "gone.dcm: a link that leads nowhere" in str(read_series(folder)[0].notes)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_said(folder):
    (folder / "secret").mkdir(mode=0)
    assert planes(folder) == 3
    assert passed(folder) == [("secret", "a folder that cannot be read (Permission denied)", True)]


def test_a_folder_that_cannot_be_read_is_said(folder, monkeypatch):
    """As root, who may read everything: by a disk that fails."""
    (folder / "secret").mkdir()
    real = os.scandir

    def scandir(path):
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert passed(folder) == [("secret", "a folder that cannot be read (Permission denied)", True)]
    assert {f.code for verdict in check_series(folder) for f in verdict.findings} == {"unreadable"}


def test_others_are_counted(folder):
    (folder / "notes.txt").write_text("x")
    (folder / ".hidden").write_text("x")
    (folder / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(99))
    shutil.copy(get_testdata_file("dicomdirtests/DICOMDIR"), folder)
    found = catalogue(folder)
    assert len(list(found.entries(["SeriesInstanceUID"]))) == 3
    assert (found.foreign, len(found.damaged)) == (1, 1)
    assert survey(folder).foreign == 2


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("with_meta", [True, False])
def test_data_sets_without_preamble_are_read_and_found_fault_with(folder, syntax, with_meta):
    """As old archives and some scanners leave them."""
    if syntax == ExplicitVRBigEndian and with_meta:
        pytest.skip("the parser goes by the mark there")
    values = np.arange(20, dtype=np.int16).reshape(4, 5)
    for path in folder.rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        big = syntax == ExplicitVRBigEndian
        dataset.PixelData = values.astype(">i2" if big else "<i2").tobytes()
        content = BytesIO()
        if with_meta:
            dataset.file_meta.TransferSyntaxUID = syntax
            write_file_meta_info(content, dataset.file_meta)
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = not big, syntax == ImplicitVRLittleEndian
        write_dataset(buffer, Dataset(dataset))
        path.with_suffix("").write_bytes(content.getvalue() + buffer.getvalue())
        path.unlink()
    (volume,) = read_series(folder)
    assert volume.shape == (3, 4, 5)
    np.testing.assert_array_equal(np.asarray(volume.array)[1], values)
    assert survey(folder).series[0].values == (0, 19)
    (verdict,) = check_series(folder)
    assert [(f.code, f.count) for f in verdict.findings] == [("not-dicom", 3)]


def test_a_file_is_a_folder_of_one(folder):
    path = next(folder.rglob("*.dcm"))
    found = catalogue(path)
    assert (found.files, found.name(path)) == ([path], path.name)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: os.mkfifo(path), lambda path: path.symlink_to(path)])
def test_nothing_there_is_an_error(tmp_path, make):
    make(tmp_path / "x")
    for read in (catalogue, survey, read_series, check_series):
        with pytest.raises(ReadError):
            read(tmp_path / "x")
