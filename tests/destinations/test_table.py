"""What every destination of the table keeps: whole or nothing, read back, in one step; a new row is tried by itself."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import zipfile

import numpy as np
import pydicom
import pytest

from judges.file_sets import file_set
from napari_dicom_writer import DestinationError, ExportCancelled, ExportOptions, Volume, export, plan_export
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.destinations import DESTINATIONS, open_destination

STACK = Volume(np.arange(4 * 6 * 5, dtype=np.int16).reshape(4, 6, 5), spacing=(2, 1, 1), name="stack")
OTHER = Volume(-STACK.array[:2], spacing=(2, 1, 1), name="été")
PLANE = Volume(STACK.array[0], spacing=(1, 1), name="plane")
OVERWRITE = ExportOptions(overwrite=True)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def content(folder):
    """Each file with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def datasets(path, tmp_path):
    """Read with no help of the writer's: pydicom's FileSet, or what unpacks a zip file."""
    if path.suffix == ".zip":
        folder = tmp_path / "unpacked"
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            archive.extractall(folder)
        path = folder
    if (path / "DICOMDIR").exists():
        with file_set(path) as found:
            return [instance.load() for instance in found]
    return [pydicom.dcmread(p) for p in ([path] if path.is_file() else sorted(path.rglob("*.dcm")))]


@pytest.fixture(params=[key for key, kind in DESTINATIONS.items() if not kind.remote])
def to(request):
    return request.param


@pytest.mark.parametrize("layers", [STACK, [STACK, OTHER], PLANE, [PLANE, PLANE]])
def test_what_was_exported_comes_back(tmp_path, to, layers):
    report = export(layers, tmp_path / "out" / "x", to=to)
    found = datasets(report.path, tmp_path)
    planned = [(series, instance) for series in report.plan.series for instance in series.instances]
    assert [dataset.SOPInstanceUID for dataset in found] == [instance.uid for _, instance in planned]
    given = layers if isinstance(layers, list) else [layers]
    planes = [plane for volume in given for plane in volume.array.reshape(-1, 6, 5)]
    for dataset, plane in zip(found, planes, strict=True):
        np.testing.assert_array_equal(dataset.pixel_array, plane)
    assert names(tmp_path / "out") == [report.path.name]


def test_one_suits_any_name_and_each_its_own(tmp_path):
    suited = [
        next(key for key, kind in DESTINATIONS.items() if kind.suits(name)) for name in ("x.zip", "x/DICOMDIR", "x")
    ]
    assert suited == ["zip", "dicomdir", "folder"]
    assert export(STACK, tmp_path / "x.ZIP").path == tmp_path / "x.zip"
    assert export(STACK, tmp_path / "y" / "DICOMDIR").path == tmp_path / "y"
    assert export(STACK, tmp_path / "z.zip", to="folder").path == tmp_path / "z.zip"
    assert (tmp_path / "z.zip" / "00001.dcm").exists()


def test_one_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DestinationError, match=f"Choose from: {', '.join(DESTINATIONS)}"):
        export(STACK, tmp_path / "x", to="fax")


def test_the_command_line_offers_all(tmp_path, to, capsys):
    np.save(tmp_path / "in.npy", STACK.array)
    arguments = ["export", str(tmp_path / "in.npy"), str(tmp_path / "x"), "--spacing", "2", "1", "1", "--to", to]
    assert main(arguments) == 0
    assert len(datasets(next(tmp_path.glob("x*")), tmp_path)) == 4
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert DESTINATIONS[to].words in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("overwrite", [False, True])
def test_cancelling_at_any_moment_changes_nothing(tmp_path, to, overwrite):
    """Also while it is packed."""
    if overwrite:
        export(OTHER, tmp_path / "x", to=to)
    before, calls = content(tmp_path), []

    def cancel(*_):
        calls.append(1)
        if len(calls) == stop:
            raise ExportCancelled

    stop, done = 1, False
    while not done:
        calls.clear()
        try:
            export(STACK, tmp_path / "x", OVERWRITE, progress=cancel, to=to)
        except ExportCancelled:
            assert content(tmp_path) == before
            stop += 1
        else:
            done = True
    assert stop > 5
    assert content(tmp_path) != before
    assert not [name for name in names(tmp_path) if name.startswith(".")]


def test_an_earlier_export_is_replaced_only_when_told_and_as_it_was(tmp_path, to):
    path = export(OTHER, tmp_path / "x", to=to).path
    with pytest.raises(DestinationError, match="exists already"):
        export(STACK, tmp_path / "x", to=to)
    export(STACK, tmp_path / "x", OVERWRITE, to=to)
    assert len(datasets(path, tmp_path)) == 4
    victim = path if path.is_file() else max(p for p in path.rglob("*") if p.is_file())
    with victim.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x55")
    before = content(tmp_path)
    with pytest.raises(DestinationError, match="was changed"):
        export(STACK, tmp_path / "x", OVERWRITE, to=to)
    assert content(tmp_path) == before


def test_permissions_are_kept(tmp_path, to):
    path = export(STACK, tmp_path / "x", to=to).path
    every = [path, *path.rglob("*")]
    for one in every:
        one.chmod(0o700 if one.is_dir() else 0o600)
    export(STACK, tmp_path / "x", OVERWRITE, to=to)
    assert {stat.S_IMODE(one.stat().st_mode) for one in every} <= {0o600, 0o700}


@pytest.mark.parametrize("packing", [False, True])
def test_what_is_left_of_one_that_was_killed_is_tidied_up(tmp_path, to, packing):
    """While it is written, or packed."""
    if packing and not DESTINATIONS[to].packs:
        pytest.skip("it is published as it is written")
    code = (
        "import os, sys, numpy as np; from napari_dicom_writer import *\n"
        "calls = []\n"
        "def progress(done, total):\n"
        "    calls.append(done)\n"
        f"    if len(calls) == {7 if packing else 3}: os.kill(os.getpid(), 9)\n"
        "volume = Volume(np.zeros((4, 3, 4), np.uint8), spacing=(1, 1, 1))\n"
        "export(volume, sys.argv[1], progress=progress, to=sys.argv[2])"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "x", to], check=False).returncode == -9
    assert len(list(tmp_path.glob(".napari-dicom-*/packed"))) == packing
    export(STACK, tmp_path / "y")
    assert names(tmp_path) == ["y"]


def test_a_name_that_says_nothing_is_refused(to):
    for path in ("/", "", "a\0b"):
        with pytest.raises(DestinationError):
            open_destination(path, plan_export(STACK), overwrite=False, to=to)


def test_what_is_in_the_way_is_not_touched(tmp_path, to):
    for target in ("x", "x.zip", "x.dcm"):
        (tmp_path / target).mkdir()
        (tmp_path / target / "notes.txt").write_text("mine")
    before = content(tmp_path)
    for volume in (STACK, PLANE):
        with pytest.raises(DestinationError):
            export(volume, tmp_path / "x", OVERWRITE, to=to)
    assert content(tmp_path) == before


@pytest.mark.parametrize("level", ["full", "headers", "off"])
def test_a_disk_that_lies_is_noticed_where_it_is_read_back(tmp_path, to, level, monkeypatch):
    """A byte of what is packed, or of the staged file, turns before it is read back."""
    from napari_dicom_writer.destinations import zipped
    from napari_dicom_writer.destinations.dicomdir import directory as dicomdir

    if not DESTINATIONS[to].packs:
        pytest.skip("its files are read back where they are written")
    module, function = (zipped, "_write") if to == "zip" else (dicomdir, "write_directory")
    write = getattr(module, function)

    def lying(path, *rest):
        write(path, *rest)
        data = bytearray(path.read_bytes())
        data[-100 if to == "dicomdir" else 2000] ^= 1
        path.write_bytes(data)

    monkeypatch.setattr(module, function, lying)
    if level == "off":
        export(STACK, tmp_path / "x", ExportOptions(verify=level), to=to)
        return
    with pytest.raises(Exception, match="Read back"):
        export(STACK, tmp_path / "x", ExportOptions(verify=level), to=to)
    assert names(tmp_path) == []


def test_space_for_all_that_is_there_at_once_is_counted(tmp_path, to):
    plan = plan_export(STACK)
    free = os.statvfs(tmp_path)
    needed = plan.bytes * DESTINATIONS[to].copies
    assert free.f_bavail * free.f_frsize > needed
    from unittest import mock

    usage = mock.Mock(free=needed - 1)
    with mock.patch("shutil.disk_usage", return_value=usage), pytest.raises(DestinationError, match="free"):
        open_destination(tmp_path / "x", plan, overwrite=False, to=to)
