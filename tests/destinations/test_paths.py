"""Places as the system understands them; what it takes nothing at is refused in plain words."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from faults.disks import mounted, small_disk
from napari_dicom_writer import DestinationError, ExportOptions, Volume, export
from napari_dicom_writer.destinations.paths import absolute, existing_folder, free_space

STACK = Volume(np.arange(60, dtype=np.int16).reshape(3, 4, 5), spacing=(1, 1, 1))
PLANE = Volume(np.zeros((6, 5), np.uint8), spacing=(1, 1))
COMPRESSED = ExportOptions(transfer_syntax="deflated")

if sys.platform == "win32":
    pytest.skip("Windows itself goes by the names", allow_module_level=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def linked(tmp_path):
    """``here/link`` leads to ``there/deep``."""
    for name in ("here", "there/deep"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there" / "deep")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("here/link/../x", "there/x"),
        ("here/link/../../x", "x"),
        ("here/link/x", "there/deep/x"),
        ("here/./link/.././x/", "there/x"),
        ("here/link/../deep/../x", "there/x"),
        ("here/../x", "x"),
        ("there/deep/../../here/link/../x", "there/x"),
    ],
)
@pytest.mark.parametrize("relative", [True, False])
def test_two_dots_lead_where_the_system_goes(linked, monkeypatch, path, expected, relative):
    monkeypatch.chdir(linked)
    report = export(STACK, path if relative else f"{linked}/{path}")
    assert sorted(linked.rglob("00001.dcm")) == [linked / expected / "00001.dcm"]
    assert report.path.samefile(linked / expected)


@pytest.mark.parametrize("path", ["here/link/..", "here/link/../."])
def test_what_two_dots_name_is_judged_as_itself(linked, path):
    (linked / "there" / "notes.txt").write_text("mine")
    with pytest.raises(DestinationError, match="there exists already"):
        export(STACK, linked / path)


def test_other_links_keep_their_names(linked):
    assert export(STACK, linked / "here" / "link" / "x").path == linked / "here" / "link" / "x"


def test_a_link_that_leads_nowhere_is_no_folder(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("link", "loop"):
        with pytest.raises(DestinationError, match="is a link that leads nowhere"):
            export(STACK, tmp_path / name / "x")
    assert names(tmp_path) == ["link", "loop"]


def test_a_current_folder_that_is_gone(tmp_path):
    """In a process of its own; whole paths still work, relative ones are refused, also on the command line."""
    np.save(tmp_path / "in.npy", STACK.array)
    code = (
        "import os, sys; from pathlib import Path; import numpy as np; from napari_dicom_writer import *\n"
        "from napari_dicom_writer.cli.main import main\n"
        "here = Path(sys.argv[1], 'here'); here.mkdir(); os.chdir(here); here.rmdir()\n"
        "volume = Volume(np.zeros((2, 3, 4), np.uint8), spacing=(1, 1, 1))\n"
        "for path in ('x', './x', '../x', '..'):\n"
        "    try: export(volume, path)\n"
        "    except DestinationError as error: print(error)\n"
        "print(len(list(export(volume, sys.argv[1] + '/x').path.iterdir())))\n"
        "export(volume, sys.argv[1] + '/x', ExportOptions(overwrite=True))\n"
        "print(main(['export', sys.argv[1] + '/in.npy', 'x', '--spacing', '1', '1', '1']))\n"
        "print(main(['export', sys.argv[1] + '/in.npy', sys.argv[1] + '/y', '--spacing', '1', '1', '1']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert all("counts from the current folder, and that is gone" in line for line in lines[:4])
    assert lines[4:6] == ["2", "1"]
    assert lines[-1] == "0"
    assert "that is gone" in done.stderr
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == ["in.npy", "x", "y"]


@pytest.mark.parametrize("options", [ExportOptions(), COMPRESSED])
@pytest.mark.parametrize("volume", [STACK, PLANE])
def test_a_full_disk_is_refused(options, volume):
    with small_disk() as disk:
        if disk is None:
            pytest.skip("the tests may not mount a disk here")
        (disk / "other").write_bytes(bytes(2**20))
        with pytest.raises(DestinationError, match="0 bytes free|No space left"):
            export(volume, disk / "x", options)
        assert names(disk) == ["other"]


@pytest.mark.parametrize("volume", [STACK, PLANE])
@pytest.mark.parametrize("name", ["x", "a/b/x"])
def test_a_read_only_disk_is_refused(tmp_path, volume, name):
    with mounted(tmp_path, "-t", "tmpfs", "-o", "ro", "tmpfs") as disk:
        if disk is None:
            pytest.skip("the tests may not mount a disk here")
        with pytest.raises(DestinationError, match="is on a disk that is read-only"):
            export(volume, disk / name)


@pytest.mark.parametrize("name", ["x" * 252, "x" * 256, "é" * 130, "/".join(["y" * 250] * 20)])
@pytest.mark.parametrize("volume", [STACK, PLANE])
def test_names_that_are_too_long_are_refused_before_writing(tmp_path, name, volume):
    calls = []
    if len(os.fsencode(name)) + 4 * (volume is PLANE) <= 255:
        assert export(volume, tmp_path / name).path.exists()
        return
    with pytest.raises(DestinationError, match="too long"):
        export(volume, tmp_path / name, progress=lambda done, _: calls.extend([1] * done))
    assert calls == []
    assert names(tmp_path) == []


def test_a_name_that_only_this_file_system_does_not_take_is_refused_before_writing(tmp_path, monkeypatch):
    """As FAT refuses a colon."""
    mkdir = os.mkdir

    def fat(path, *rest, **more):
        if ":" in Path(path).name:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        mkdir(path, *rest, **more)

    monkeypatch.setattr(os, "mkdir", fat)
    calls = []
    with pytest.raises(DestinationError, match="a:b is not a name that the file system takes"):
        export(STACK, tmp_path / "a:b", progress=lambda done, _: calls.extend([1] * done))
    assert calls == []
    assert names(tmp_path) == []


def test_a_user_that_does_not_exist_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert absolute("~no-such-user/x") == tmp_path / "~no-such-user" / "x"


@pytest.mark.parametrize("left", [20, 50])
def test_paths_that_are_too_long_ask_for_a_shorter_one(tmp_path, monkeypatch, left):
    monkeypatch.chdir(tmp_path)
    folder, longest = str(tmp_path), os.pathconf("/", "PC_PATH_MAX") - 1 - left
    while len(folder) < longest:  # deeper than any one path can say: by steps
        name = "d" * min(200, longest - len(folder) - 1)
        Path(name).mkdir()
        os.chdir(name)
        folder += f"/{name}"
    with pytest.raises(DestinationError, match="File name too long.*shorter path"):
        export(STACK, f"{folder}/x")
    assert not any(Path().iterdir())


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x", "", "a\0b", "\ud800"])
def test_what_is_no_folder_yet_is_looked_for_from_home(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert existing_folder(path) in (tmp_path, Path.home())
    assert free_space(path)
