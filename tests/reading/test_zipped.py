"""Zip files: opened as their folder is, and never further than they should reach."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from judges.volumes import indexed
from napari_dicom_writer import ReadError, Volume, export, read
from napari_dicom_writer._napari.reader import get_reader
from napari_dicom_writer.layers.opened_from import METADATA_KEY
from napari_dicom_writer.reading import zipped

PLUGIN = "napari-dicom-writer"


def opened(path):
    told: list[str] = []
    return read(path, announce=told.append), told


@pytest.fixture
def files(tmp_path):
    path = export(Volume(indexed((4, 5, 6)), spacing=(3, 2, 1), name="stack"), tmp_path / "stack").path
    return sorted(path.rglob("*.dcm"))


def packed(path: Path, members, compression=zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def archive(tmp_path, files):
    members = {f"study/{file.name}": file.read_bytes() for file in reversed(files)}
    return packed(tmp_path / "x.zip", {"readme.txt": "x" * 500, **members, "__MACOSX/._a.dcm": files[0].read_bytes()})


def test_a_zip_file_is_opened_as_its_folder(archive, files):
    (layer,), told = opened(archive)
    (expected,), _ = opened(files[0].parent)
    assert told == []
    np.testing.assert_array_equal(layer[0], expected[0])
    assert layer[1]["scale"] == expected[1]["scale"]
    source = layer[1]["metadata"][METADATA_KEY]
    assert source["path"] == str(archive)
    assert source["instances"] == expected[1]["metadata"][METADATA_KEY]["instances"]


def test_it_is_unpacked_once_and_removed_at_the_end(archive):
    first, second = zipped.unzipped(archive), zipped.unzipped(archive)
    assert first.root == second.root
    zipped._remove()
    assert not first.root.exists()


def test_names_lead_nowhere(tmp_path, files):
    names = ["../../evil.dcm", "/etc/evil.dcm", "a\\..\\..\\evil.dcm", "C:evil.dcm"]
    path = packed(tmp_path / "x.zip", {name: file.read_bytes() for name, file in zip(names, files, strict=True)})
    found = zipped.unzipped(path)
    assert len(found.files) == 4
    assert {file.parent for file in found.files} == {found.root}
    assert opened(path)[0][0][0].shape == (4, 5, 6)


def test_a_bomb_is_refused_and_leaves_nothing(tmp_path, files, monkeypatch):
    monkeypatch.setattr(zipped, "_ANYWAY", 2**20)
    before = set(zipped._extracted)
    bomb = packed(tmp_path / "x.zip", {"a.dcm": files[0].read_bytes() + bytes(2**23)})
    with pytest.raises(ReadError, match="swells"):
        opened(bomb)
    assert set(zipped._extracted) == before


def test_a_member_that_is_damaged_is_named_and_passed_over(tmp_path, files):
    path = packed(tmp_path / "x.zip", {file.name: file.read_bytes() for file in files}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    at = content.index(files[1].read_bytes()) + 1000
    path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    _, told = opened(path)
    assert told == [
        f"Not looked at: {files[1].name}, a damaged file in the zip file",
        "stack: 1 plane is missing, and blank: plane 1",
    ]


def test_what_is_encrypted_is_said(tmp_path, files):
    path = packed(tmp_path / "x.zip", {"a.dcm": files[0].read_bytes()}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + at] |= 1
    path.write_bytes(content)
    with pytest.raises(ReadError, match="encrypted"):
        opened(path)


@pytest.mark.parametrize("content", [b"PK\5\6" + bytes(18), b"PK\3\4 no archive", None])
def test_those_without_dicom_are_declined(tmp_path, content):
    path = tmp_path / "x.zip"
    if content is None:
        packed(path, {"a.tif": b"II*\0", "x.zarr/zarr.json": "{}", "b": "x" * 500})
    else:
        path.write_bytes(content)
    assert get_reader(str(path)) is None
    with pytest.raises(ReadError, match="zip file"):
        opened(path)


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing:UserWarning")
def test_napari_opens_zip_files_and_directories(make_napari_viewer, archive):
    viewer = make_napari_viewer()
    viewer.open(archive, plugin=PLUGIN)
    assert viewer.layers[0].data.shape == (4, 5, 6)
    directory = get_testdata_file("dicomdirtests/DICOMDIR")
    viewer.open(directory, plugin=PLUGIN)
    assert len(viewer.layers) == 26
    assert {layer.source.reader_plugin for layer in viewer.layers} == {PLUGIN}
