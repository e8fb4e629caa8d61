"""What the command line says and how soon it listens: JSON, tables told once, misspelled options, Ctrl-C in a scan."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from cli.shell import run
from napari_dicom_writer import ExportError, ExportOptions, export, load, read
from napari_dicom_writer.cli.main import main

Captured = pytest.CaptureFixture[str]


# ------------------------------------------------------------------------------------------------------------- JSON


def test_an_export_as_json(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", stack, tmp_path / "out", "--dry-run", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert (planned["format"], planned["status"], planned["refusals"]) == (1, "planned", [])
    assert run("export", stack, tmp_path / "out", "--json", "--spacing", "2.5mm", "700um", "700um") == 0
    written = json.loads(capsys.readouterr().out)
    assert (written["status"], written["path"], written["instances"]) == ("written", str(tmp_path / "out"), 6)
    (series,) = written["series"]
    assert (series["size"], series["spacing"]) == ([6, 40, 50], [2.5, 0.7, 0.7])
    assert series["axes"] == "6 planes × 40 rows × 50 columns"
    assert any("--axes" in note["hint"] for note in written["notes"])
    assert run("export", stack, tmp_path / "out", "--dry-run", "--json") == 0
    planned = json.loads(capsys.readouterr().out)
    assert "exists already" in planned["refusals"][0]["what"]


def test_a_refusal_as_json(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", stack, tmp_path / "out", "--json", "--pixel-unit", "kg", "--study-date", "soon") == 1
    said = capsys.readouterr()
    refused = json.loads(said.out)
    assert refused["status"] == "refused"
    assert len(refused["refusals"]) == 2
    assert all(set(one) == {"what", "remedy", "where"} for one in refused["refusals"])
    assert said.err == ""


@pytest.mark.parametrize(("command", "status"), [("show", 1), ("verify", 2)])
def test_what_is_not_there_is_refused_as_json_and_named(
    command: str, status: int, tmp_path: Path, capsys: Captured
) -> None:
    assert run(command, tmp_path / "gone", "--json") == status
    said = capsys.readouterr()
    refusals = [
        {"what": "There is no such folder or file", "remedy": "Check the path", "where": str(tmp_path / "gone")}
    ]
    assert json.loads(said.out) == {"format": 1, "status": "refused", "refusals": refusals}
    assert said.err == ""
    assert run(command, tmp_path / "gone") == status
    assert str(tmp_path / "gone") in capsys.readouterr().err


def test_without_a_command_the_commands_are_listed(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "export    write image files as DICOM" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["export", "send", "echo", "peer", "show", "verify", "demo"])
def test_help_fits_a_narrow_terminal_and_says_what_the_command_does(
    command: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    usage, about, *rest = capsys.readouterr().out.split("\n\n")
    assert usage.startswith("usage:")
    assert about.strip().endswith(".")
    assert max(map(len, "\n".join([usage, about, *rest]).splitlines())) < 80


def test_a_survey_as_json(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", stack, tmp_path / "out") == 0
    (tmp_path / "out" / "notes.txt").write_text("x")
    capsys.readouterr()
    assert run("show", tmp_path / "out", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    (series,) = shown["series"]
    assert (series["description"], series["size"], shown["foreign"]) == ("stack", [6, 40, 50], 1)


# ------------------------------------------------------------------------------------------------------------ tables


@pytest.fixture
def channels(tmp_path: Path) -> Path:
    np.save(tmp_path / "cells.npy", np.ones((5, 3, 40, 50), np.uint8))
    return tmp_path / "cells.npy"


def test_identical_tables_are_told_once(channels: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", channels, tmp_path / "out", "--axes", "CZYX", "--spacing", 3, 1, 1) == 0
    said = capsys.readouterr().out
    assert said.count("3 × 40 × 50 (planes × rows × columns)") == 1
    assert "Series 1 to 5, all alike · cells channel 0 … cells channel 4 · OT" in said
    for command in (["show"], ["verify", "--no-dciodvfy"]):
        assert run(command[0], tmp_path / "out", *command[1:]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert said.count("3 × 40 × 50 (planes × rows × columns)") == 1
        assert "Series 1 to 5, all alike" in said
        assert "… " in said


def test_notes_on_many_layers_are_told_once(tmp_path: Path, capsys: Captured) -> None:
    for name in "abcde":
        np.save(tmp_path / f"{name}.npy", np.ones((3, 40, 50), np.uint8))
    assert run("export", *sorted(tmp_path.glob("*.npy")), tmp_path / "out") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("how far apart its planes, rows and columns are") == 1
    assert "layers 'a', 'b', 'c', 'd', 'e': The file" in said


# ------------------------------------------------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    ("command", "wrong", "meant"),
    [
        ("export", "--patien-name", "--patient-name"),
        ("export", "--spacin=3", "--spacing"),
        ("show", "--jsn", "--json"),
        ("verify", "--agianst", "--against"),
        ("demo", "--overwrit", "--overwrite"),
    ],
)
def test_a_misspelled_option_brings_the_usage_of_its_command(
    command: str, wrong: str, meant: str, capsys: Captured
) -> None:
    with pytest.raises(SystemExit) as error:
        run(command, *(["a", "b"] if command == "export" else ["a"]), wrong)
    assert error.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert said.startswith(f"usage: napari-dicom-writer {command} ")
    assert f"(did you mean {meant}?)" in said


# ------------------------------------------------------------------------------------------------------------ Ctrl-C

# A source of which each slab takes far longer than anyone waits, as a computation in dask may.
SLOW = """
import sys, time
import numpy as np
import napari_dicom_writer.inputs.numpy_file as numpy_file
from napari_dicom_writer.inputs.image import Axis, Image
from napari_dicom_writer.cli.main import program

class Slow:
    shape, dtype, ndim, chunks = (40, 1024, 1024), np.dtype(np.float32), 3, (1, 1024, 1024)
    reads = 0
    def __getitem__(self, index):
        Slow.reads += 1
        print("reading", Slow.reads, file=sys.stderr, flush=True)
        if Slow.reads > 2:
            time.sleep(600)
        return np.broadcast_to(np.float32(0.5), self.shape)[index].copy()

numpy_file.read = lambda path: [Image(Slow(), (Axis(),) * 3, name="slow")]
sys.argv = ["napari-dicom-writer", "export", "slow.npy", sys.argv[1], "--axes", "ZYX"]
program()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a single process")
def test_ctrl_c_acts_at_once_during_a_scan(tmp_path: Path) -> None:
    (tmp_path / "slow.npy").touch()
    command = [sys.executable, "-c", textwrap.dedent(SLOW), str(tmp_path / "out")]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", bufsize=1
    )
    assert process.stderr
    said = ""
    while "reading 3" not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)  # the slab takes ten minutes
    assert process.returncode == 130, err
    assert out == ""
    assert err.splitlines()[-1] == "cancelled, nothing was written"
    assert [path.name for path in tmp_path.iterdir()] == ["slow.npy"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["show", ""], 2),
        (["verify", ""], 2),
        (["send", "", "pacs"], 2),
        (["demo", ""], 2),
        (["export", "stack.npy", "out", "--reference", ""], 2),
        (["export", "stack.npy", "out", "--attributes", ""], 2),
        (["export", "", "out"], 1),
        (["verify", "series", "--against", ""], 2),
    ],
)
def test_an_empty_path_is_not_the_current_folder(
    arguments: list[str], status: int, stack: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """A variable that is not set must not put a result into the study of whoever lies there."""
    monkeypatch.chdir(stack.parent)
    assert run("export", stack, "series") == 0
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        sys.exit(main(arguments))
    assert left.value.code == status
    assert "empty" in capsys.readouterr().err
    assert sorted(path.name for path in stack.parent.iterdir()) == ["series", "stack.npy"]


@pytest.mark.parametrize(
    "use", [read, load, lambda path: export(path, "out"), lambda path: ExportOptions(reference=path)]
)
def test_an_empty_path_is_refused_in_python_too(use, stack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stack.parent)
    with pytest.raises(ExportError, match="empty"):
        use("")


@pytest.mark.parametrize("target", ["x.zip", "cd/DICOMDIR"])
def test_what_an_export_packs_is_shown_and_judged(
    target: str, stack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("export", stack, target, "--modality", "CT") == 0
    for command in (["show", target], ["verify", target, "--no-dciodvfy", "--against", stack]):
        capsys.readouterr()
        assert run(*command, "--json") == 0
        (series,) = json.loads(capsys.readouterr().out)["series"]
        assert (series["instances"], series["size"]) == (6, [6, 40, 50])
        assert series["folder"].startswith(target.split("/")[0])
