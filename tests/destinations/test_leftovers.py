"""Whatever a killed export left in a folder, the next one there tidies up, and touches nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from napari_dicom_writer import DestinationError, ExportOptions, Volume, export
from napari_dicom_writer.destinations.folder import exchange
from napari_dicom_writer.destinations.folder import leftovers as module
from napari_dicom_writer.destinations.folder.area import Area, open_area
from napari_dicom_writer.destinations.folder.leftovers import clear_leftovers

pytest.importorskip("fcntl")

STACK = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), spacing=(1, 1, 1))
PLANE = Volume(np.zeros((4, 5), np.uint8), spacing=(1, 1))
OVERWRITE = ExportOptions(overwrite=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def dead(area):
    """Leave an area as a killed process does."""
    area._lock.release()
    return area


def killed_half_way(target):
    """A leftover of a real process."""
    code = (
        "import os, sys, numpy as np; from napari_dicom_writer import *\n"
        "export([Volume(np.zeros((9, 3, 4), np.uint8), spacing=(1, 1, 1), name=n) for n in 'ab'], sys.argv[1],"
        " progress=lambda done, total: done == 14 and os.kill(os.getpid(), 9))"
    )
    assert subprocess.run([sys.executable, "-c", code, target], check=False).returncode == -9


@pytest.mark.parametrize("target", ["y", "y.dcm", "sub/../y"])
def test_leftovers_of_any_target_are_removed_by_the_next_export_into_the_folder(tmp_path, target):
    (tmp_path / "sub").mkdir()
    killed_half_way(tmp_path / "x")
    assert len(names(tmp_path)) == 2
    export(STACK, tmp_path / target)
    assert names(tmp_path) == ["sub", "y"]


def test_leftovers_elsewhere_are_left_to_those_who_export_there(tmp_path):
    (tmp_path / "sub").mkdir()
    dead(open_area(tmp_path / "sub" / "x"))
    export(STACK, tmp_path / "y")
    assert len(names(tmp_path / "sub")) == 1


@pytest.mark.parametrize("single", [False, True])
def test_a_series_set_aside_comes_back_under_its_name(tmp_path, monkeypatch, single):
    """Killed between the two renames of an overwrite."""
    source, name = (PLANE, "Doe, Jane.dcm") if single else ([STACK, STACK], "Doe, Jane")
    export(source, tmp_path / name)
    before = content(tmp_path)
    (tmp_path / name).rename(open_and_die(tmp_path / name))
    export(STACK, tmp_path / "y")
    assert names(tmp_path) == [name, "y"]
    shutil.rmtree(tmp_path / "y")
    assert content(tmp_path) == before


def open_and_die(target):
    area = open_area(target)
    aside = area.aside()
    dead(area)
    return aside


def test_a_series_set_aside_stays_where_its_name_is_taken(tmp_path):
    """The export to another name goes on; the next to this one says so."""
    export(STACK, tmp_path / "x")
    before = content(tmp_path / "x")
    aside = open_and_die(tmp_path / "x")
    (tmp_path / "x").rename(aside)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.txt").write_text("mine")
    export(STACK, tmp_path / "y")
    assert content(aside) == before
    with pytest.raises(DestinationError, match="what was there before is"):
        export(STACK, tmp_path / "x", OVERWRITE)
    assert content(aside) == before
    (tmp_path / "x" / "notes.txt").unlink()
    (tmp_path / "x").rmdir()
    export(STACK, tmp_path / "z")
    assert names(tmp_path) == ["x", "y", "z"]
    assert content(tmp_path / "x") == before


def test_what_was_replaced_is_removed_with_its_area(tmp_path, monkeypatch):
    """Killed after publishing, while it removed the old series."""
    monkeypatch.setattr(exchange, "_function", lambda: None)
    export([STACK, STACK], tmp_path / "x")
    with monkeypatch.context() as dying:
        dying.setattr(Area, "remove", dead)
        export(STACK, tmp_path / "x", OVERWRITE)
    after = content(tmp_path / "x")
    export(STACK, tmp_path / "y")
    assert names(tmp_path) == ["x", "y"]
    assert content(tmp_path / "x") == after


def test_living_exports_are_not_touched(tmp_path):
    """One waits half-way, others come and go, to the same folder."""
    started, finish = threading.Event(), threading.Event()

    def progress(done: int, total: int) -> None:
        if done == 2:
            started.set()
            finish.wait(60)

    first = threading.Thread(target=export, args=(STACK, tmp_path / "x"), kwargs={"progress": progress})
    first.start()
    assert started.wait(60)
    for name in ("a", "b", "c.dcm"):
        export(STACK, tmp_path / name)
    finish.set()
    first.join()
    assert names(tmp_path) == ["a", "b", "c", "x"]
    assert len(names(tmp_path / "x")) == 3


def test_exports_that_start_at_once_share_the_tidying(tmp_path):
    """Ten, to ten names, where ten others were killed."""
    for number in range(10):
        area = open_area(tmp_path / f"dead-{number}")
        export(STACK, area.content / "1-OT")
        dead(area)
    errors: list[Exception] = []
    barrier = threading.Barrier(10)

    def run(number):
        barrier.wait()
        try:
            export(STACK, tmp_path / f"x{number}")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert names(tmp_path) == [f"x{number}" for number in range(10)]


AREA = ".napari-dicom-0123456789ab-01234567"


@pytest.mark.parametrize(
    "path",
    [
        ".napari-dicom-notes/notes.txt",
        f"{AREA}.bak/content/00001.dcm",
        f"{AREA}/notes.txt",
        f"{AREA}/content/notes.txt",
        f"{AREA}/content/00001.dcm",
        f"{AREA}/content/holiday/00001.dcm",
        f"{AREA}/content/1-CT-head/.DS_Store",
        f"{AREA}/replaced/x/notes.txt",
    ],
)
def test_what_somebody_else_made_stays(tmp_path, path):
    """Be it named like an area, or in one."""
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    if file.suffix == ".dcm":
        shutil.copy(str(get_testdata_file("CT_small.dcm")), file)
    else:
        file.write_text("mine")
    before = content(tmp_path)
    export(STACK, tmp_path / "x")
    shutil.rmtree(tmp_path / "x")
    assert {name: found for name, found in content(tmp_path).items() if name in before} == before


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere" / "content").mkdir(parents=True)
    export(STACK, tmp_path / "elsewhere" / "content" / "1-OT")
    before = content(tmp_path / "elsewhere")
    (tmp_path / AREA).symlink_to("elsewhere")
    other = tmp_path / AREA.replace("0123", "4567")
    other.mkdir()
    (other / "content").symlink_to("../elsewhere/content")
    export(STACK, tmp_path / "x")
    assert content(tmp_path / "elsewhere") == before
    assert (tmp_path / AREA).is_symlink()
    assert (other / "content").is_symlink()


@pytest.mark.parametrize("what", ["nothing", "a lock", "an empty file", "a broken header", "zeros", "a whole file"])
def test_leftovers_of_every_stage_are_recognized(tmp_path, what):
    """An export may die, and the power go, before its first byte is there."""
    area = open_area(tmp_path / "x")
    export(PLANE, tmp_path / "whole.dcm")
    whole = (tmp_path / "whole.dcm").read_bytes()
    file = area.content / "00001.dcm"
    if what == "nothing":
        shutil.rmtree(area.content)
        next(tmp_path.glob(".napari-dicom-*/lock")).unlink()
    elif what == "a lock":
        area.content.rmdir()
    else:
        pieces = {"a broken header": whole[:200], "zeros": bytes(5000), "a whole file": whole, "an empty file": b""}
        file.write_bytes(pieces[what])
    dead(area)
    (tmp_path / "whole.dcm").unlink()
    export(STACK, tmp_path / "y")
    assert names(tmp_path) == ["y"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become another user")
def test_another_users_leftover_hinders_nobody():
    code = (
        "import os, sys, numpy as np; from napari_dicom_writer import *; os.setuid(65534)\n"
        "export(Volume(np.zeros((2, 3, 4), np.uint8), spacing=(1, 1, 1)), sys.argv[1])"
    )
    # pytest's own folders are closed to others.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        dead(open_area(folder / "x"))
        done = subprocess.run(
            [sys.executable, "-c", code, folder / "y"], capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stderr
        assert "y" in names(folder)


def test_an_area_is_closed_to_others(tmp_path):
    area = open_area(tmp_path / "x")
    assert area.content.parent.stat().st_mode & 0o777 == 0o700
    area.remove()
    assert names(tmp_path) == []


def test_the_system_may_refuse_to_look_into_another_leftover(tmp_path, monkeypatch):
    dead(open_area(tmp_path / "x"))

    def refuse(path):
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(module, "take", refuse)
    clear_leftovers(tmp_path / "y")
    with pytest.raises(OSError, match="Input/output"):
        clear_leftovers(tmp_path / "x")
