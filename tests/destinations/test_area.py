"""Staging areas: leftovers are told from live ones, and nothing that is needed is removed with them."""

from __future__ import annotations

import errno
import os
import shutil

import numpy as np
import pytest

from napari_dicom_writer import DestinationError, ExportOptions, Volume, export
from napari_dicom_writer.destinations.folder import area as module
from napari_dicom_writer.destinations.folder import exchange, lock
from napari_dicom_writer.destinations.folder.area import open_area
from napari_dicom_writer.destinations.folder.leftovers import clear_leftovers
from napari_dicom_writer.destinations.folder.staging import FolderStaging

fcntl = pytest.importorskip("fcntl")

STACK = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), spacing=(1, 1, 1))
OVERWRITE = ExportOptions(overwrite=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def killed(area):
    """Leave an area as a killed process does."""
    area._lock.release()


def test_a_live_area_is_not_a_leftover(tmp_path):
    area = open_area(tmp_path / "x")
    with pytest.raises(DestinationError, match="Another export"):
        clear_leftovers(tmp_path / "x")
    clear_leftovers(tmp_path / "y")
    killed(area)
    clear_leftovers(tmp_path / "x")
    assert names(tmp_path) == []


def test_an_area_that_another_export_took_for_a_leftover_is_made_anew(tmp_path, monkeypatch):
    """Between its making and its locking."""
    take, taken = lock.take, []

    def late(path):
        if not taken:
            taken.append(path)
            monkeypatch.setattr(module, "take", take)
            clear_leftovers(tmp_path / "x")
        return take(path)

    monkeypatch.setattr(module, "take", late)
    area = open_area(tmp_path / "x")
    assert taken
    assert area.content.is_dir()
    with pytest.raises(DestinationError, match="Another export"):
        clear_leftovers(tmp_path / "x")
    area.remove()
    assert names(tmp_path) == []


def test_a_lock_whose_file_was_removed_is_not_held(tmp_path, monkeypatch):
    def late(descriptor):
        (tmp_path / lock.LOCK).unlink()
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    monkeypatch.setattr(lock, "_lock", late)
    assert lock.take(tmp_path) is None


def test_where_there_are_no_locks_exports_work_and_leftovers_stay(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(lock, "_lock", unknown)
    killed(open_area(tmp_path / "x"))
    export(STACK, tmp_path / "x")
    assert len(names(tmp_path)) == 2


def test_the_half_removed_old_series_never_comes_back(tmp_path, monkeypatch):
    """Killed while it removed what it had replaced; then somebody moves the new series away."""
    monkeypatch.setattr(exchange, "_function", lambda: None)
    export(STACK, tmp_path / "x")
    with monkeypatch.context() as dying:
        dying.setattr(module.Area, "remove", killed)
        export(STACK, tmp_path / "x", OVERWRITE)
    replaced = next(tmp_path.glob(".napari-dicom-*/replaced/x"))
    next(replaced.glob("*.dcm")).unlink()
    (tmp_path / "x").rename(tmp_path / "y")
    export(STACK, tmp_path / "x")
    assert names(tmp_path) == ["x", "y"]
    assert len(names(tmp_path / "x")) == 3


def test_the_old_series_stays_where_it_can_not_be_put_back(tmp_path, monkeypatch):
    """The second of two renames fails, and putting back fails, too; the next export heals it."""
    monkeypatch.setattr(exchange, "_function", lambda: None)
    export(STACK, tmp_path / "x")
    before = {path.name: path.read_bytes() for path in (tmp_path / "x").iterdir()}
    rename = os.rename

    def failing(source, target):
        if os.fspath(target) == str(tmp_path / "x"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(source, target)

    with monkeypatch.context() as faulty:
        faulty.setattr(os, "rename", failing)
        with pytest.raises(DestinationError, match="could not be published"):
            export(STACK, tmp_path / "x", OVERWRITE)
    assert not (tmp_path / "x").exists()
    with pytest.raises(DestinationError, match="exists already"):
        export(STACK, tmp_path / "x")
    assert {path.name: path.read_bytes() for path in (tmp_path / "x").iterdir()} == before
    assert names(tmp_path) == ["x"]


def test_the_old_series_is_not_removed_for_something_that_came_meanwhile(tmp_path, monkeypatch):
    """Killed between two renames; then somebody takes the name."""
    area = open_area(tmp_path / "x")
    export(STACK, tmp_path / "y")
    replaced = area.aside()
    (tmp_path / "y").rename(replaced)
    killed(area)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.txt").write_text("mine")
    for options in (ExportOptions(), OVERWRITE):
        with pytest.raises(DestinationError, match="what was there before is"):
            export(STACK, tmp_path / "x", options)
    assert len(names(replaced)) == 3
    assert names(tmp_path / "x") == ["notes.txt"]


@pytest.mark.parametrize("exchanging", [True, False])
def test_what_comes_between_looking_and_replacing_is_not_removed(tmp_path, monkeypatch, exchanging):
    export(STACK, tmp_path / "x")
    replace = FolderStaging._replace

    def late(self, source, before):
        (tmp_path / "x" / "notes.txt").write_text("mine")
        return replace(self, source, before)

    monkeypatch.setattr(FolderStaging, "_replace", late)
    if not exchanging:
        monkeypatch.setattr(exchange, "_function", lambda: None)
    with pytest.raises(DestinationError, match="changed while it was being replaced"):
        export(STACK, tmp_path / "x", OVERWRITE)
    assert (tmp_path / "x" / "notes.txt").read_text() == "mine"
    assert names(tmp_path) == ["x"]
    assert len(names(tmp_path / "x")) == 4


def test_leftovers_are_removed_before_space_is_counted(tmp_path, monkeypatch):
    killed(open_area(tmp_path / "x"))
    usage = shutil.disk_usage

    def measured(path):
        assert names(tmp_path) == []
        return usage(path)

    monkeypatch.setattr(shutil, "disk_usage", measured)
    export(STACK, tmp_path / "x")


def test_parents_made_half_way_are_removed(tmp_path, monkeypatch):
    mkdir = os.mkdir

    def failing(path, *rest):
        if os.fspath(path).endswith("b"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        mkdir(path, *rest)

    with monkeypatch.context() as full:
        full.setattr(os, "mkdir", failing)
        with pytest.raises(DestinationError, match="No space left"):
            export(STACK, tmp_path / "a" / "b" / "x")
    assert names(tmp_path) == []


def test_a_disk_that_is_the_target_is_refused(tmp_path, monkeypatch):
    (tmp_path / "x").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: str(path) == str(tmp_path / "x"))
    with pytest.raises(DestinationError, match="a disk of its own"):
        export(STACK, tmp_path / "x")


def test_too_many_files_for_the_file_system_are_refused(tmp_path, monkeypatch):
    found = list(os.statvfs(tmp_path))
    found[5:8] = [100, 2, 2]
    monkeypatch.setattr(os, "statvfs", lambda path: os.statvfs_result(found))
    with pytest.raises(DestinationError, match="needs 3 files, and .* has room for 2"):
        export(STACK, tmp_path / "x")
