"""Streams that cannot show everything, or nothing: what is done stays done, and the exit status says so."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from napari_dicom_writer.cli.main import main

NAME = "läyer µ"
STREAMS = ["ascii", "cp1252", "latin-1", "cp437", "utf-8"]


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / f"{NAME}.npy"
    np.save(path, np.arange(60, dtype="f4").reshape(3, 4, 5) / 7)
    return path


@pytest.fixture(scope="module")
def series(picture: Path) -> Path:
    target = picture.with_name("séries 🧠")
    assert main(["export", str(picture), str(target)]) == 0
    return target


def spoken(monkeypatch: pytest.MonkeyPatch, encoding: str, *arguments: object) -> tuple[int, str]:
    """Run a command whose output goes into an encoding, strictly."""
    raw = io.BytesIO()
    output, errors = (io.TextIOWrapper(stream, encoding, errors="strict") for stream in (raw, io.BytesIO()))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        patch.setattr(sys, "stderr", errors)
        status = main([str(argument) for argument in arguments])
    output.flush()
    return status, raw.getvalue().decode(encoding)


def run(output: int | io.BufferedWriter, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "napari_dicom_writer", *map(str, arguments)]
    return subprocess.run(command, check=False, stdout=output, stderr=subprocess.PIPE)


@pytest.mark.parametrize("encoding", STREAMS)
def test_exports_are_done_whatever_can_be_shown(
    picture: Path, tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "é 🧠"
    status, said = spoken(monkeypatch, encoding, "export", picture, target)
    assert (status, len(list(target.glob("*.dcm")))) == (0, 3)
    assert said.splitlines()[-1].startswith(str(tmp_path))


@pytest.mark.parametrize("encoding", STREAMS)
@pytest.mark.parametrize("command", ["show", "verify", "verify --json", "verify --against", "export --dry-run"])
def test_everything_can_be_said_in_any_encoding(
    series: Path, picture: Path, encoding: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, *more = command.split()
    what = [picture, series.with_name("other")] if name == "export" else [series]
    more += [str(picture)] if "--against" in more else []
    status, said = spoken(monkeypatch, encoding, name, *what, *more)
    assert status == 0, said
    if "--json" in more:
        found = json.loads(said)
        assert (found["folder"], found["series"][0]["description"]) == (str(series), NAME)


@pytest.mark.parametrize("command", ["export", "verify", "verify --json"])
def test_a_reader_that_has_gone_is_no_error(series: Path, picture: Path, tmp_path: Path, command: str) -> None:
    name, *more = command.split()
    reader, writer = os.pipe()
    os.close(reader)
    done = run(writer, name, *([picture, tmp_path / "out"] if name == "export" else [series]), *more)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_to_a_full_disk_does_not_undo_an_export(picture: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(full, "export", picture, tmp_path / "out")
    assert done.returncode == 0
    assert b"The output could not be written" in done.stderr
    assert b"Traceback" not in done.stderr
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 3
