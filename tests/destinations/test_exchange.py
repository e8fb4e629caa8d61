"""Renames that replace nothing, and that exchange two names."""

from __future__ import annotations

import ctypes
import errno
import os

import pytest

from napari_dicom_writer.destinations.folder import exchange as module
from napari_dicom_writer.destinations.folder.exchange import exchange, rename_new


@pytest.fixture(params=["special renames", "plain ones", "no links either"])
def system(request, monkeypatch):
    """What the system and the file system know."""
    if request.param != "special renames":
        monkeypatch.setattr(module, "_function", lambda: None)
    if request.param == "no links either":

        def refuse(*_):
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", refuse)
    return request.param


def make(path, kind):
    if kind in ("folder", "full folder"):
        path.mkdir()
    if kind == "full folder":
        (path / "file").write_text(path.name)
    if kind == "file":
        path.write_text(path.name)
    if kind == "link":
        path.symlink_to("nowhere")


@pytest.mark.parametrize("kind", ["file", "full folder"])
def test_a_free_name_is_taken(tmp_path, system, kind):
    make(tmp_path / "a", kind)
    rename_new(tmp_path / "a", tmp_path / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("taken", ["file", "full folder", "link"])
@pytest.mark.parametrize("kind", ["file", "full folder"])
def test_a_taken_name_is_never_replaced(tmp_path, system, kind, taken):
    make(tmp_path / "a", kind)
    make(tmp_path / "b", taken)
    before = sorted((p, p.lstat().st_ino) for p in tmp_path.rglob("*"))
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "a", tmp_path / "b")
    assert sorted((p, p.lstat().st_ino) for p in tmp_path.rglob("*")) == before


def test_an_empty_folder_is_replaced_only_where_the_system_knows_no_better(tmp_path, system):
    make(tmp_path / "a", "full folder")
    make(tmp_path / "b", "folder")
    if system == "special renames":
        with pytest.raises(FileExistsError):
            rename_new(tmp_path / "a", tmp_path / "b")
    else:
        rename_new(tmp_path / "a", tmp_path / "b")
        assert (tmp_path / "b" / "file").read_text() == "a"


def test_two_names_are_exchanged(tmp_path):
    make(tmp_path / "a", "full folder")
    make(tmp_path / "b", "file")
    if not exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this system cannot exchange names")
    assert (tmp_path / "a").read_text() == "b"
    assert (tmp_path / "b" / "file").read_text() == "a"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_what_a_file_system_does_not_know_is_done_otherwise(tmp_path, monkeypatch, number):
    def unknown(*_):
        ctypes.set_errno(number)
        return -1

    monkeypatch.setattr(module, "_function", lambda: unknown)
    make(tmp_path / "a", "file")
    make(tmp_path / "b", "file")
    assert not exchange(tmp_path / "a", tmp_path / "b")
    rename_new(tmp_path / "a", tmp_path / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]


def test_what_the_system_refuses_is_raised(tmp_path):
    with pytest.raises(FileNotFoundError):
        rename_new(tmp_path / "a", tmp_path / "b")
