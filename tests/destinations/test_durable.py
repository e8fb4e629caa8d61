"""What is published is on the disk first; what the disk refuses is not published."""

from __future__ import annotations

import errno
import os
import sys

import numpy as np
import pytest

from napari_dicom_writer import DestinationError, ExportOptions, Volume, export
from napari_dicom_writer.destinations.folder import durable, exchange

if sys.platform == "win32":
    pytest.skip("folders are not flushed there", allow_module_level=True)

FEW = Volume(np.zeros((3, 4, 5), np.uint8), spacing=(1, 1, 1))
MANY = Volume(np.zeros((40, 4, 5), np.uint8), spacing=(1, 1, 1))


@pytest.fixture
def calls(monkeypatch) -> list[str]:
    """Names of the calls that bring something to the disk, and of the one that publishes."""
    seen: list[str] = []

    def watch(owner, name):
        before = getattr(owner, name)

        def call(*args):
            seen.append(name)
            return before(*args)

        monkeypatch.setattr(owner, name, call)

    watch(os, "fsync")
    watch(durable, "syncfs")
    watch(exchange, "_rename")
    return seen


def fail(monkeypatch, owner, name, number):
    def failing(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(owner, name, failing)


def test_few_files_are_flushed_one_by_one_before_they_are_published(tmp_path, calls):
    export(FEW, tmp_path / "x")
    before, after = calls[: calls.index("_rename")], calls[calls.index("_rename") + 1 :]
    assert before.count("fsync") >= 3
    assert after == ["fsync"], "the parent's names"


def test_many_files_are_flushed_together(tmp_path, calls, monkeypatch):
    monkeypatch.setattr(durable, "_open_for_syncfs", lambda folder: os.open(folder, os.O_RDONLY))
    monkeypatch.setattr(durable, "_dirty", lambda: 0)
    export(MANY, tmp_path / "x")
    assert calls == ["syncfs", "_rename", "fsync"]


@pytest.mark.parametrize("reason", ["others have much on the way", "another file system"])
def test_many_files_are_flushed_one_by_one_where_that_is_better(tmp_path, calls, monkeypatch, reason):
    if reason == "another file system":
        monkeypatch.setattr(durable, "_file_system", lambda descriptor: 0x65735546)  # FUSE
    else:
        monkeypatch.setattr(durable, "_dirty", lambda: 2**40)
    export(MANY, tmp_path / "x")
    assert "syncfs" not in calls
    assert calls[: calls.index("_rename")].count("fsync") >= 40


def test_new_parents_are_flushed_too(tmp_path, calls):
    export(FEW, tmp_path / "a" / "b" / "x")
    assert calls[calls.index("_rename") + 1 :] == ["fsync"] * 3, "b with x, a with b, the folder with a"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize(("volume", "function"), [(FEW, (os, "fsync")), (MANY, (durable, "syncfs"))])
def test_what_the_disk_refuses_is_not_published(tmp_path, monkeypatch, overwrite, number, volume, function):
    if overwrite:
        export(FEW, tmp_path / "x")
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.dcm"))
    monkeypatch.setattr(durable, "_open_for_syncfs", lambda folder: os.open(folder, os.O_RDONLY))
    monkeypatch.setattr(durable, "_dirty", lambda: 0)
    with monkeypatch.context() as faulty:
        fail(faulty, *function, number)
        with pytest.raises(DestinationError, match=os.strerror(number)):
            export(volume, tmp_path / "x", ExportOptions(overwrite=overwrite))
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*.dcm")) == before
    assert [p.name for p in tmp_path.iterdir()] == (["x"] if overwrite else [])


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_the_disk_does_not_confirm_is_taken_back(tmp_path, monkeypatch, overwrite):
    """The flush of the parent, after the rename, fails."""
    if overwrite:
        export(MANY, tmp_path / "x")
    fsync = os.fsync

    def failing(descriptor):
        if os.path.samestat(os.fstat(descriptor), tmp_path.stat()):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    with monkeypatch.context() as faulty:
        faulty.setattr(os, "fsync", failing)
        with pytest.raises(DestinationError, match="could not be published: Input/output error"):
            export(FEW, tmp_path / "x", ExportOptions(overwrite=overwrite))
    assert len(list(tmp_path.rglob("*.dcm"))) == (40 if overwrite else 0)
    assert [p.name for p in tmp_path.iterdir()] == (["x"] if overwrite else [])


def test_a_parent_that_may_not_be_looked_into_is_no_fault(tmp_path, monkeypatch):
    fail(monkeypatch, durable, "_flush", errno.EINVAL)
    durable.flush_folder(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Invalid"):
        durable.flush_file(tmp_path / "file")
