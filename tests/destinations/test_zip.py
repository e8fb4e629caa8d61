"""Zip files, as those read them that share no code with Python's."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tracemalloc
import zipfile

import numpy as np
import pytest

from judges.volumes import oblique_volume
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.destinations import zipped

STACK = oblique_volume()


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
@pytest.mark.parametrize("series", [1, 2])
def test_unzip_finds_what_the_folder_would_hold(tmp_path, series):
    volumes = [Volume(STACK.array, affine=STACK.affine, name=f"T1 été {n}") for n in range(series)]
    plan = export(volumes, tmp_path / "x.zip").plan
    subprocess.run(["unzip", "-q", "x.zip", "-d", "unpacked"], cwd=tmp_path, check=True)
    export(volumes, tmp_path / "folder")
    expected = sorted(str(p.relative_to(tmp_path / "folder")) for p in (tmp_path / "folder").rglob("*.dcm"))
    found = sorted(str(p.relative_to(tmp_path / "unpacked")) for p in (tmp_path / "unpacked").rglob("*.dcm"))
    assert found == expected
    assert len(found) == plan.instances


def test_nothing_is_compressed_and_times_are_the_studys(tmp_path):
    report = export(STACK, tmp_path / "x.zip")
    with zipfile.ZipFile(report.path) as archive:
        infos = archive.infolist()
    assert {info.compress_type for info in infos} == {zipfile.ZIP_STORED}
    created = report.plan.study.created
    assert {info.date_time[:5] for info in infos} == {(*created.timetuple()[:5],)}
    assert {info.external_attr >> 16 & 0o777 for info in infos} == {0o644}


def test_more_files_than_a_plain_zip_file_counts(tmp_path, monkeypatch):
    """As if that were 10, not 65,535."""
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    volume = Volume(np.zeros((20, 4, 5), np.uint8), spacing=(1, 1, 1))
    report = export(volume, tmp_path / "x.zip", ExportOptions(verify="off"))
    monkeypatch.undo()
    assert b"PK\x06\x06" in report.path.read_bytes(), "the end of central directory record of zip64"
    with zipfile.ZipFile(report.path) as archive:
        assert len(archive.namelist()) == 20
        assert archive.testzip() is None


def test_files_larger_than_a_plain_zip_file_holds(tmp_path, monkeypatch):
    """As if its limit were lower than 4 GB."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 500)
    report = export(STACK, tmp_path / "x.zip")
    data = report.path.read_bytes()
    assert struct.unpack_from("<LL", data, 18) == (0xFFFFFFFF, 0xFFFFFFFF), "the sizes are elsewhere"
    monkeypatch.undo()
    with zipfile.ZipFile(report.path) as archive:
        assert archive.testzip() is None
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tq", report.path], check=True)


def test_packing_takes_little_memory(tmp_path):
    staged, packed = tmp_path / "staged", tmp_path / "packed"
    staged.mkdir()
    packed.mkdir()
    with (staged / "00001.dcm").open("wb") as file:
        file.truncate(24 * 2**20)
    plan = export(STACK, tmp_path / "x").plan
    tracemalloc.start()
    try:
        zipped.ZipDestination.pack(None, staged, packed, plan, lambda: None)
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    finally:
        tracemalloc.stop()
