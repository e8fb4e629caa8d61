"""Overwriting replaces the very files that the earlier export wrote, and nothing that anybody did since."""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from napari_dicom_writer import DestinationError, ExportOptions, Patient, Volume, export
from napari_dicom_writer.destinations.folder import attribute, exchange

if not hasattr(os, "setxattr"):
    pytest.skip("extended attributes are tried where Python has them", allow_module_level=True)

STACK = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), spacing=(1, 1, 1), name="stack")
# More bytes than are read to know it again.
LARGE = Volume(np.zeros((3, 512, 512), np.int16), spacing=(1, 1, 1))
PLANE = Volume(np.zeros((6, 5), np.uint8), spacing=(1, 1))
LARGE_PLANE = Volume(np.zeros((1024, 1024), np.uint16), spacing=(1, 1))
OVERWRITE = ExportOptions(overwrite=True)


def content(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(target, match, layers=STACK):
    """Nothing is replaced, and all stays."""
    before = content(target.parent)
    for _ in range(2):
        with pytest.raises(DestinationError, match=match):
            export(layers, target, OVERWRITE)
        assert content(target.parent) == before


def edit_by_pydicom(path):
    dataset = pydicom.dcmread(path)
    pixels = dataset.pixel_array.copy()
    pixels[0, 0] += 1
    dataset.PixelData = pixels.tobytes()
    dataset.save_as(path)


def edit_one_byte(path):
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")


def edit_header(path):
    dataset = pydicom.dcmread(path)
    dataset.PatientName = "Doe^Jane"
    dataset.save_as(path)


def edit_secretly(path):
    """The time of change is set back."""
    status = path.stat()
    edit_one_byte(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def edit_by_replacing(path):
    """As programs do that write a new file first, here one that looks old."""
    other = path.with_suffix(".tmp")
    shutil.copy2(path, other)
    edit_one_byte(other)
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


EDITS = [edit_by_pydicom, edit_one_byte, edit_header, edit_secretly, edit_by_replacing]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("volume", [STACK, LARGE])
@pytest.mark.parametrize("series", [1, 2])
def test_a_file_changed_by_hand_is_named_and_nothing_is_replaced(tmp_path, edit, volume, series):
    export([volume] * series, tmp_path / "x")
    path = sorted((tmp_path / "x").rglob("00002.dcm"))[-1]
    edit(path)
    refused(tmp_path / "x", f"{path.relative_to(tmp_path / 'x')} was")


@pytest.mark.parametrize("edit", EDITS)
def test_a_single_file_changed_by_hand_is_not_replaced(tmp_path, edit):
    export(PLANE, tmp_path / "x.dcm")
    edit(tmp_path / "x.dcm")
    refused(tmp_path / "x.dcm", r"x.dcm is not replaced, because (it was changed|nothing shows)", PLANE)


@pytest.mark.parametrize("edit", [edit_by_pydicom, edit_one_byte, edit_header])
def test_a_large_single_file_changed_by_hand_is_not_replaced(tmp_path, edit):
    export(LARGE_PLANE, tmp_path / "x.dcm")
    edit(tmp_path / "x.dcm")
    refused(tmp_path / "x.dcm", r"x.dcm is not replaced, because (it was changed|nothing shows)", PLANE)


def _foreign(tmp_path, path):
    shutil.copy(str(get_testdata_file("CT_small.dcm")), path)


def _another_exports(tmp_path, path):
    export(PLANE, tmp_path / "other.dcm")
    (tmp_path / "other.dcm").rename(path)


def _a_copy(tmp_path, path):
    shutil.copy2(tmp_path / "x" / "00001.dcm", path)


def _text(tmp_path, path):
    path.write_text("mine")
    os.utime(path, (0, 0))


def _link(tmp_path, path):
    path.symlink_to("00001.dcm")


def _folder(tmp_path, path):
    path.mkdir()


@pytest.mark.parametrize("add", [_foreign, _another_exports, _a_copy, _text, _link, _folder])
@pytest.mark.parametrize("volume", [STACK, LARGE])
@pytest.mark.parametrize("name", ["00004.dcm", ".notes"])
def test_what_somebody_added_is_named_and_nothing_is_removed(tmp_path, add, volume, name):
    export(volume, tmp_path / "x")
    add(tmp_path, tmp_path / "x" / name)
    refused(tmp_path / "x", f"{name}/? was changed or added")
    assert os.path.lexists(tmp_path / "x" / name)


def test_a_removed_file_is_noticed(tmp_path):
    export(STACK, tmp_path / "x")
    (tmp_path / "x" / "00002.dcm").unlink()
    refused(tmp_path / "x", "some of its files are gone")


def _untouched(path):
    pass


def _renamed(path):
    path.rename(path.with_name("other"))
    path.with_name("other").rename(path)


def _copied(path):
    (shutil.copytree if path.is_dir() else shutil.copy2)(path, path.with_name("other"))
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.with_name("other").rename(path)


def _read(path):
    for one in [path, *path.rglob("*")]:
        if one.is_file():
            pydicom.dcmread(one)


def _other_permissions(path):
    for one in [path, *path.rglob("*")]:
        one.chmod(0o700 if one.is_dir() else 0o600)


def _permissions_of_one(path):
    next(iter(sorted(path.rglob("*.dcm"))), path).chmod(0o600)


def _also_in_a_backup(path):
    for one in [path, *path.rglob("*")]:
        if one.is_file():
            (path.parent.with_name("backup")).mkdir(exist_ok=True)
            os.link(one, path.parent.with_name("backup") / f"{one.parent.name}-{one.name}")


@pytest.mark.parametrize(
    "do", [_untouched, _renamed, _copied, _read, _other_permissions, _permissions_of_one, _also_in_a_backup]
)
@pytest.mark.parametrize("layers", [STACK, LARGE, [STACK, LARGE], PLANE, LARGE_PLANE])
def test_an_export_that_nobody_changed_is_replaced(tmp_path, do, layers):
    (tmp_path / "out").mkdir()
    path = export(layers, tmp_path / "out" / "x").path
    before = content(path.parent)
    do(path)
    export(layers, path, OVERWRITE)
    after = content(path.parent)
    assert after.keys() == before.keys()
    assert not any(after[name] == before[name] for name in before)
    assert [p.name for p in (tmp_path / "out").iterdir()] == [path.name]


def test_a_copy_is_known_by_times_and_one_without_them_is_not_replaced(tmp_path):
    export(LARGE, tmp_path / "x")
    shutil.copytree(tmp_path / "x", tmp_path / "exact")
    shutil.copytree(tmp_path / "x", tmp_path / "changed")
    edit_one_byte(tmp_path / "changed" / "00003.dcm")
    shutil.copytree(tmp_path / "x", tmp_path / "inexact", copy_function=shutil.copyfile)
    (tmp_path / "plain").mkdir()
    for path in (tmp_path / "x").iterdir():
        shutil.copyfile(path, tmp_path / "plain" / path.name)
    export(STACK, tmp_path / "exact", OVERWRITE)
    refused(tmp_path / "changed", "00003.dcm was changed")
    refused(tmp_path / "inexact", "was changed")
    refused(tmp_path / "plain", "nothing shows that it is one earlier export")


def test_files_are_known_again_without_reading_them(tmp_path, monkeypatch):
    """So a folder of a hundred thousand costs a look at each."""
    export(LARGE, tmp_path / "x")
    plan = export(STACK, tmp_path / "y").plan

    def failing(*args, **kwargs):
        raise AssertionError(f"{args} is read")

    from napari_dicom_writer.destinations import open_destination

    monkeypatch.setattr(builtins, "open", failing)
    monkeypatch.setattr(io, "open", failing)
    open_destination(tmp_path / "x", plan, overwrite=True)


def test_the_seal_says_nothing_about_the_patient(tmp_path):
    export(STACK, tmp_path / "Doe", ExportOptions(patient=Patient(name="Doe^Jane", id="0815")))
    found = attribute.attached(tmp_path / "Doe")
    assert found
    assert len(found) < 100
    assert not [word for word in (b"Doe", b"0815", b"stack", b".dcm", os.fsencode(tmp_path)) if word in found]


@pytest.fixture
def without_attributes(monkeypatch):
    def unknown(*_, **__):
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    for name in ("getxattr", "setxattr", "listxattr"):
        monkeypatch.setattr(os, name, unknown)


@pytest.mark.parametrize("layers", [STACK, [STACK, STACK]])
def test_where_there_are_no_attributes_a_folder_has_a_hidden_file(tmp_path, without_attributes, layers):
    for _ in range(3):
        export(layers, tmp_path / "x", OVERWRITE)
    hidden = [name for name in content(tmp_path / "x") if not name.endswith(".dcm")]
    assert hidden == [attribute.HIDDEN_FILE]
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    edit_one_byte(next((tmp_path / "x").rglob("00002.dcm")))
    refused(tmp_path / "x", "00002.dcm was changed")


def test_where_there_are_no_attributes_a_single_file_is_not_replaced(tmp_path, without_attributes):
    export(PLANE, tmp_path / "x.dcm")
    assert [p.name for p in tmp_path.iterdir()] == ["x.dcm"]
    refused(tmp_path / "x.dcm", "nothing shows that it is one earlier export", PLANE)


def test_a_disk_without_room_for_the_seal_is_full(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "setxattr", full)
    with pytest.raises(DestinationError, match="No space left"):
        export(STACK, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"x", b"NDWSEAL1", b"NDWSEAL1" + bytes(40), b"\xff" * 1000])
def test_a_broken_seal_is_none(tmp_path, data):
    export(STACK, tmp_path / "x")
    os.setxattr(tmp_path / "x", "user.napari-dicom-writer", data)
    refused(tmp_path / "x", "nothing shows that it is one earlier export|was changed|are gone")


@pytest.mark.parametrize("exchanging", [True, False])
@pytest.mark.parametrize("layers", [STACK, PLANE])
def test_each_export_bears_its_own_seal(tmp_path, monkeypatch, exchanging, layers):
    if not exchanging:
        monkeypatch.setattr(exchange, "_function", lambda: None)
    path = export(layers, tmp_path / "x").path
    seals = {attribute.attached(path)}
    for _ in range(2):
        export(layers, path, OVERWRITE)
        seals.add(attribute.attached(path))
    assert len(seals) == 3
    assert Path(path).exists()
