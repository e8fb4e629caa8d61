"""Under the target's name there is a whole series or nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from napari_dicom_writer import DestinationError, ExportCancelled, ExportError, ExportOptions, Volume, export
from napari_dicom_writer.destinations import open_destination

STACK = Volume(np.arange(4 * 6 * 5, dtype=np.int16).reshape(4, 6, 5), spacing=(2, 1, 1), name="stack")
PLANE = Volume(np.arange(30, dtype=np.uint8).reshape(6, 5), spacing=(1, 1), name="plane")
OVERWRITE = ExportOptions(overwrite=True)


def tree(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.parametrize("name", ["x.dcm", "x", "x/", "x.DCM", "x/.dcm"])
def test_several_instances_become_a_folder(tmp_path, name):
    report = export(STACK, f"{tmp_path}/{name}")
    assert report.path == tmp_path / "x"
    assert tree(tmp_path) == ["x", *(f"x/0000{n}.dcm" for n in range(1, 5))]


@pytest.mark.parametrize("name", ["x.dcm", "x", "x/", "x.DCM"])
def test_a_single_instance_becomes_a_file(tmp_path, name):
    report = export(PLANE, f"{tmp_path}/{name}")
    assert report.path == tmp_path / "x.dcm"
    assert tree(tmp_path) == ["x.dcm"]
    np.testing.assert_array_equal(pydicom.dcmread(report.path).pixel_array, PLANE.array)


def test_dots_in_a_name_are_no_extension(tmp_path):
    assert export(STACK, tmp_path / "study_1.2.840").path == tmp_path / "study_1.2.840"
    assert export(PLANE, tmp_path / "v1.5").path == tmp_path / "v1.5.dcm"


def test_a_single_instance_goes_into_a_folder_that_is_there(tmp_path):
    (tmp_path / "x").mkdir()
    export(PLANE, tmp_path / "x")
    assert tree(tmp_path) == ["x", "x/00001.dcm"]


def test_several_series_get_folders_with_safe_names(tmp_path):
    names = ["../../etc/passwd", "CON", "a" * 300, "\u202egnp.exe", "été 1.5", "", "..", "a:b*c?"]
    volumes = [Volume(PLANE.array, spacing=(1, 1), name=name) for name in names]
    export(volumes, tmp_path / "x")
    folders = sorted(p.name for p in (tmp_path / "x").iterdir())
    assert folders == sorted(
        [
            "1-OT-etc_passwd",
            "2-OT-_CON",
            "3-OT-" + "a" * 40,
            "4-OT-gnp.exe",
            "5-OT-été_1.5",
            "6-OT",
            "7-OT",
            "8-OT-a_b_c",
        ]
    )
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_missing_parents_are_made(tmp_path):
    export(STACK, tmp_path / "a" / "b" / "x")
    assert len(tree(tmp_path / "a" / "b" / "x")) == 4


@pytest.mark.parametrize("make", ["folder", "file", "link", "dangling link", "other file", "a scanner's series"])
def test_what_is_in_the_way_is_not_touched(tmp_path, make):
    target = tmp_path / "x"
    if make == "folder":
        target.mkdir()
        (target / "notes.txt").write_text("mine")
    elif make == "file":
        target.write_text("mine")
    elif make == "link":
        (tmp_path / "elsewhere").mkdir()
        target.symlink_to(tmp_path / "elsewhere")
    elif make == "dangling link":
        target.symlink_to(tmp_path / "nowhere")
    elif make == "other file":
        target.mkdir()
        (target / "00001.dcm").write_text("not DICOM, whatever its name says")
    else:
        target.mkdir()
        for name in ("CT_small.dcm", "MR_small.dcm"):
            shutil.copy(str(get_testdata_file(name)), target / name)
    before = tree(tmp_path)
    for options in (ExportOptions(), OVERWRITE):
        with pytest.raises(DestinationError, match="another name|Choose"):
            export(STACK, target, options)
        assert tree(tmp_path) == before


def test_an_earlier_export_is_replaced_only_when_told(tmp_path):
    first = export(STACK, tmp_path / "x")
    with pytest.raises(DestinationError, match="overwrite"):
        export(STACK, tmp_path / "x")
    second = export(Volume(STACK.array[:2], spacing=(2, 1, 1)), tmp_path / "x", OVERWRITE)
    assert len(tree(tmp_path / "x")) == 2
    assert (
        pydicom.dcmread(tmp_path / "x" / "00001.dcm").StudyInstanceUID == second.plan.study.uid != first.plan.study.uid
    )
    export(PLANE, tmp_path / "y.dcm")
    with pytest.raises(DestinationError, match="exists"):
        export(PLANE, tmp_path / "y.dcm")
    export(PLANE, tmp_path / "y.dcm", OVERWRITE)
    assert tree(tmp_path) == ["x", "x/00001.dcm", "x/00002.dcm", "y.dcm"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "x").mkdir()
    export(STACK, tmp_path / "x")
    assert len(tree(tmp_path / "x")) == 4


def test_the_child_of_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DestinationError, match="is a file"):
        export(STACK, tmp_path / "file" / "x")


@pytest.mark.parametrize("path", ["", "/", "a\0b", "..dcm", "...dcm", ".", "..", b"out", 5, None])
def test_paths_that_are_none(path):
    with pytest.raises(DestinationError):
        export(STACK, path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs to become another user")
def test_an_unwritable_parent_is_refused():
    """As another user, because root may write anywhere."""
    code = (
        "import os, sys; import numpy as np; from napari_dicom_writer import *; os.setuid(65534)\n"
        "try: export(Volume(np.zeros((2, 3, 4), np.uint8), spacing=(1, 1, 1)), sys.argv[1])\n"
        "except DestinationError as error: print(error)"
    )
    # pytest's own folders are closed to others.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", code, f"{folder}/x"], capture_output=True, encoding="utf-8", check=False
        )
        assert "is not writable" in done.stdout, done.stderr
        assert tree(Path(folder)) == []


def test_too_little_space_is_refused_before_writing(tmp_path):
    """A volume of zeros of 20 TB, which takes no memory."""
    huge = np.broadcast_to(np.uint16(0), (5_000, 45_000, 45_000))
    with pytest.raises(DestinationError, match=r"needs 20\.\d TB, and .* free"):
        export(Volume(huge, spacing=(1, 1, 1), window=(0, 1)), tmp_path / "x")
    assert tree(tmp_path) == []


class FailingArray:
    """Reads like an array until plane 2."""

    shape, dtype = (4, 2048, 2048), np.dtype(np.uint8)
    chunks = (1, 2048, 2048)

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getitem__(self, index):
        if index[0].start >= 2:
            raise self.error
        return np.zeros((1, 2048, 2048), np.uint8)


@pytest.mark.parametrize("error", [OSError("network is down"), KeyError("chunk 3"), MemoryError()])
def test_a_source_that_fails_half_way_leaves_nothing(tmp_path, error):
    volume = Volume(FailingArray(error), spacing=(1, 1, 1), name="remote")
    with pytest.raises(ExportError, match=r"layer 'remote': Its data could not be read: \w*Error"):
        export(volume, tmp_path / "deep" / "x")
    assert tree(tmp_path) == []


@pytest.mark.parametrize("after", [0, 1, 3])
def test_cancel_leaves_nothing(tmp_path, after):
    def progress(done: int, total: int) -> None:
        if done >= after:
            raise ExportCancelled

    with pytest.raises(ExportCancelled, match="Nothing was written"):
        export(STACK, tmp_path / "x", progress=progress)
    assert tree(tmp_path) == []


def test_cancel_of_an_overwrite_keeps_the_old_series(tmp_path):
    export(STACK, tmp_path / "x")
    before = {p.name: p.read_bytes() for p in (tmp_path / "x").iterdir()}

    def progress(done: int, total: int) -> None:
        if done == 2:
            raise ExportCancelled

    with pytest.raises(ExportCancelled):
        export(STACK, tmp_path / "x", OVERWRITE, progress=progress)
    assert {p.name: p.read_bytes() for p in (tmp_path / "x").iterdir()} == before
    assert tree(tmp_path) == ["x", *(f"x/{name}" for name in sorted(before))]


def test_two_exports_to_one_target_do_not_mix(tmp_path):
    started, finish = threading.Event(), threading.Event()

    def progress(done: int, total: int) -> None:
        if done:  # planning is told, too
            started.set()
            finish.wait(60)

    first = threading.Thread(target=export, args=(STACK, tmp_path / "x"), kwargs={"progress": progress})
    first.start()
    assert started.wait(60)
    with pytest.raises(DestinationError, match="Another export"):
        export(STACK, tmp_path / "x")
    finish.set()
    first.join()
    assert len(tree(tmp_path / "x")) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_leftovers_of_a_killed_export_are_cleaned_by_the_next(tmp_path):
    code = (
        "import os, sys, numpy as np; from napari_dicom_writer import *\n"
        "export(Volume(np.zeros((9, 3, 4), np.uint8), spacing=(1, 1, 1)), sys.argv[1],"
        " progress=lambda done, total: done == 5 and os.kill(os.getpid(), 9))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "x"], check=False)
    assert done.returncode == -9
    assert not (tmp_path / "x").exists()
    assert len(list(tmp_path.iterdir())) == 1, "the leftover"
    export(STACK, tmp_path / "x")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert len(tree(tmp_path / "x")) == 4


def test_an_export_killed_between_the_two_renames_of_an_overwrite_is_healed(tmp_path):
    export(STACK, tmp_path / "x")
    before = tree(tmp_path / "x")
    code = (
        "import os, sys, numpy as np; from pathlib import Path; from napari_dicom_writer import *\n"
        "from napari_dicom_writer.destinations.folder import exchange\n"
        "exchange._function = lambda: None\n"
        "rename = Path.rename\n"
        "def dying(self, target):\n"
        "    rename(self, target)\n"
        "    os.kill(os.getpid(), 9)\n"
        "Path.rename = dying\n"
        "export(Volume(np.zeros((9, 3, 4), np.uint8), spacing=(1, 1, 1)), sys.argv[1], ExportOptions(overwrite=True))"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "x"], check=False).returncode == -9
    with pytest.raises(DestinationError, match="exists"):
        export(STACK, tmp_path / "x")
    assert tree(tmp_path / "x") == before
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_files_get_the_umask_of_the_user(tmp_path):
    before = os.umask(0o027)
    try:
        export(STACK, tmp_path / "x")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "x" / "00001.dcm").stat().st_mode & 0o777 == 0o640


def test_staging_names_hold_nothing_of_the_target(tmp_path):
    seen: set[str] = set()
    export(STACK, tmp_path / "Doe^Jane", progress=lambda *_: seen.update(tree(tmp_path)))
    assert seen
    assert not [name for name in seen if "Doe" in name or "Jane" in name]


def test_a_name_longer_than_the_system_allows_is_refused(tmp_path):
    with pytest.raises(DestinationError, match="too long"):
        export(STACK, tmp_path / ("x" * 300))
    assert tree(tmp_path) == []


@pytest.mark.parametrize("names", [("t1", "t2"), ("1-OT-a", "1-OT-b")])
def test_a_folder_of_several_exports_is_not_replaced(tmp_path, names):
    for name in names:
        export(STACK, tmp_path / "patient" / name)
    before = tree(tmp_path)
    with pytest.raises(DestinationError, match="several exports|earlier export"):
        export(STACK, tmp_path / "patient", OVERWRITE)
    assert tree(tmp_path) == before


def test_several_series_are_replaced_as_one_export(tmp_path):
    export([STACK, STACK], tmp_path / "x")
    export(STACK, tmp_path / "x", OVERWRITE)
    assert tree(tmp_path / "x") == [f"0000{n}.dcm" for n in range(1, 5)]


def test_the_folder_one_stands_in_is_not_replaced(tmp_path, monkeypatch):
    export([STACK, STACK], tmp_path / "x")
    monkeypatch.chdir(tmp_path / "x" / "1-OT-stack")
    with pytest.raises(DestinationError, match="current folder"):
        export(STACK, tmp_path / "x", OVERWRITE)


def test_an_empty_target_keeps_its_permissions(tmp_path):
    (tmp_path / "x").mkdir(mode=0o700)
    export(STACK, tmp_path / "x")
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o700


def test_a_lone_surrogate_is_no_path(tmp_path):
    with pytest.raises(DestinationError, match="no file name can"):
        open_destination(str(tmp_path) + "/a\ud800", None, overwrite=False)
