"""The command line, run for real: files in, DICOM out, and what it says on the way."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pydicom
import pytest
import tifffile

from cli.shell import run
from napari_dicom_writer import ExportError, ExportOptions
from napari_dicom_writer.cli.arguments import options_from
from napari_dicom_writer.cli.commands import _parser
from napari_dicom_writer.cli.main import main
from napari_dicom_writer.reading.survey import survey

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.tif"
    tifffile.imwrite(path, np.zeros((40, 50), np.uint8))
    return path


def squeezed(text: str) -> str:
    """The words of a text that may be wrapped."""
    return " ".join(text.split())


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# ---------------------------------------------------------------------------------------------------------- export


def test_a_file_becomes_a_series(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", stack, tmp_path / "out") == 0
    said = capsys.readouterr()
    assert "6 × 40 × 50" in said.out
    assert "6 planes × 40 rows × 50 columns" in squeezed(said.out)
    assert "does not say how far apart" in squeezed(said.out)
    assert said.out.splitlines()[-1] == str(tmp_path / "out")
    assert said.err == ""
    (series,) = survey(tmp_path / "out").series
    assert (series.description, series.values) == ("stack", (0, 11999))


def test_a_long_path_stays_in_one_piece(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / ("a-name-of-fifty-characters-to-be-broken-by-wrapping" * 3)
    assert run("export", stack, out) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(out)


def test_several_files_become_several_series(stack: Path, picture: Path, tmp_path: Path) -> None:
    assert run("export", stack, picture, tmp_path / "out") == 0
    assert [s.description for s in survey(tmp_path / "out").series] == ["stack", "picture"]


def test_options_reach_the_files(stack: Path, tmp_path: Path) -> None:
    options = ["--modality", "mr", "--patient-name", "Doe^Jane", "--series-number", "7", "--pixel-unit", "0.5 um"]
    assert run("export", stack, tmp_path / "out", *options) == 0
    header = pydicom.dcmread(tmp_path / "out" / "00001.dcm")
    assert (header.Modality, header.PatientName, header.SeriesNumber) == ("MR", "Doe^Jane", 7)
    assert header.PixelSpacing == [0.0005, 0.0005]


@pytest.mark.parametrize("spacing", [(2.5, 0.7, 0.6), (0.7, 0.6)])
def test_spacing_is_mm_and_needs_no_assumption(
    spacing: tuple[float, ...], stack: Path, picture: Path, tmp_path: Path, capsys: Captured
) -> None:
    source = stack if len(spacing) == 3 else picture
    assert run("export", source, tmp_path / "out", "--spacing", *spacing) == 0
    assert "how far apart" not in capsys.readouterr().out
    (series,) = survey(next(tmp_path.glob("out*"))).series
    assert series.spacing[-len(spacing) :] == spacing


def test_spacing_goes_to_the_spatial_axes(tmp_path: Path) -> None:
    np.save(tmp_path / "movie.npy", np.zeros((2, 3, 40, 50), np.uint8))
    assert run("export", tmp_path / "movie.npy", tmp_path / "out", "--spacing", 3, 2, 1) == 0
    (series,) = survey(tmp_path / "out").series
    assert (series.spacing, series.time_points) == ((3, 2, 1), 2)


def test_color_is_told_as_napari_does(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "color.tif", np.zeros((40, 50, 3), np.uint8), photometric="rgb")
    assert run("export", tmp_path / "color.tif", tmp_path / "out.dcm") == 0
    assert pydicom.dcmread(tmp_path / "out.dcm").PhotometricInterpretation == "RGB"


@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_terminal(
    columns: int, stack: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    np.save(tmp_path / "floats.npy", np.random.default_rng(0).normal(size=(2, 3, 40, 50)))
    assert run("export", stack, tmp_path / "floats.npy", tmp_path / "out", "--dry-run") == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= columns


def test_a_dry_run_writes_nothing(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", stack, tmp_path / "a" / "out", "--dry-run") == 0
    assert "nothing was written" in capsys.readouterr().out
    assert names(tmp_path) == ["stack.npy"]


def test_a_dry_run_shows_the_plan_and_what_is_in_its_way(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", stack, tmp_path / "out") == 0
    capsys.readouterr()
    assert run("export", stack, tmp_path / "out", "--dry-run") == 0
    said = squeezed(capsys.readouterr().out)
    assert "6 planes × 40 rows × 50 columns" in said
    assert "The export would be refused" in said
    assert "exists already" in said


# -------------------------------------------------------------------------------------------------------- refusals


def test_all_wrong_options_are_told_at_once_with_their_remedies(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    wrong = ["--patient-birth-date", "1990-13-45", "--study-date", "soon", "--pixel-unit", "kg"]
    assert run("export", stack, tmp_path / "out", *wrong) == 1
    said = capsys.readouterr().err
    assert "3 reasons" in said
    for part in (
        "--patient-birth-date is a date that does not exist",
        "--study-date is not written as a date",
        "Use a length such as mm",
    ):
        assert part in said
    assert names(tmp_path) == ["stack.npy"]


def test_every_unreadable_file_is_named(stack: Path, picture: Path, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "scan.xyz").touch()
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY")
    files = [tmp_path / "missing.npy", tmp_path / "scan.xyz", tmp_path / "broken.npy", picture]
    assert run("export", *files, tmp_path / "out", "--spacing", 1, 2, 3) == 1
    said = capsys.readouterr().err
    for reason in (
        "missing.npy: There is no such file. Check the path.",
        "scan.xyz: No installed plugin reads it. Install a reader",
        "broken.npy: It could not be read as NumPy: ",
        "picture.tif: It has 2 spatial axes, and --spacing has 3 numbers",
    ):
        assert reason in said
    assert not (tmp_path / "out").exists()


def test_a_reader_that_does_not_fit_is_refused(stack: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run("export", stack, tmp_path / "out", "--plugin", "nobody") == 1
    assert "Choose --plugin from napari" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--modality", "XX"], "'XX' is not one of OT, CT, MR, PT"),
        (["--spacing", "wide"], "'wide' is not understood"),
        (["--spacing", "1kg", "2", "3"], "'1kg' is not a length"),
        (["--spacing", "1", "2", "0"], "not positive"),
        (["--spacing", "1"], "It has 1 length"),
        (["--axes", "TZ"], "names no rows and columns"),
        (["--axes", "ZZYX"], "stands for two axes"),
        (["--time-step", "2 mm"], "'2 mm' is not a time"),
        (["--origin", "1", "2"], "It has 2 lengths"),
        (["--direction", "L", "Q"], "is not understood"),
        (["--direction", "L", "L"], "are not unit vectors"),
        (["--nan", "x"], "invalid float value"),
        (["--patien-name", "x"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_exits_with_2(wrong: list[str], said: str, stack: Path, tmp_path: Path, capsys: Captured) -> None:
    with pytest.raises(SystemExit) as error:
        run("export", stack, tmp_path / "out", *wrong)
    assert error.value.code == 2
    assert said in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ generated options


def leaves(options: type, prefix: str = "") -> list[str]:
    kinds = get_type_hints(options)
    found = []
    for item in dataclasses.fields(options):
        name, kind = f"{prefix}{item.name}", kinds[item.name]
        found += leaves(kind, f"{name}.") if dataclasses.is_dataclass(kind) else [name]
    return found


@pytest.mark.parametrize("name", leaves(ExportOptions))
def test_every_option_has_a_flag_and_a_help_text(name: str, capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        run("export", "--help")
    flag = "--" + name.replace(".", "-").replace("_", "-")
    options = capsys.readouterr().out.split(flag, 1)
    assert len(options) == 2, f"{flag} is missing"


def test_options_stand_under_the_headings_of_their_fields(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        run("export", "--help")
    help_text = capsys.readouterr().out
    headings = [line[:-1] for line in help_text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings[-8:] == ["series", "patient", "study", "pet", "labels", "pixels", "geometry", "output"]
    study = help_text.split("\nstudy:")[1].split("\npet:")[0]
    for flag in ("--reference FILE", "--no-same-study", "--no-same-space", "--study-instance-uid TEXT"):
        assert flag in study
    assert "--safety-agency {iec,fda,mhw}" in help_text
    assert "--quantity TERM" in help_text


def test_attributes_are_set_one_by_one_and_from_a_file(tmp_path: Path) -> None:
    more = tmp_path / "more.json"
    more.write_text('{"FlipAngle": 12, "ScanningSequence": "GR"}')
    given = ["--attributes", str(more), "--set", "ScanningSequence=SE\\EP", "--set", "SequenceName=a=b"]
    options = options_from(vars(_parser().parse_args(["export", "a", "b", *given])))
    assert options.attributes == {
        "FlipAngle": ("12",),
        "ScanningSequence": ("SE", "EP"),
        "SequenceName": ("a=b",),
    }
    for *wrong, said in (
        ["--set", "FlipAngle", "not a keyword with a value"],
        ["--set", "FlipAngel=1", "not an attribute"],
        ["--attributes", str(tmp_path / "none.json"), "none.json cannot be read: No such file"],
    ):
        with pytest.raises(ExportError, match=said):
            options_from(vars(_parser().parse_args(["export", "a", "b", *wrong])))


def test_options_not_given_keep_their_defaults() -> None:
    assert options_from(vars(_parser().parse_args(["export", "a", "b"]))) == ExportOptions()


def test_options_given_arrive() -> None:
    given = ["--overwrite", "--nan", "-1", "--time", "series-per-point", "--world", "RAS", "--study-id", "9"]
    options = options_from(vars(_parser().parse_args(["export", "a", "b", *given])))
    assert (options.overwrite, options.nan, options.time, options.world) == (True, -1, "series-per-point", "RAS")
    assert options.study.id == "9"
    given = ["--reference", "a.dcm", "--no-same-study", "--same-space"]
    options = options_from(vars(_parser().parse_args(["export", "a", "b", *given])))
    assert (options.reference, options.same_study, options.same_space) == (Path("a.dcm"), False, True)


# ---------------------------------------------------------------------------------------------------------- Ctrl-C


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a single process")
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    np.save(tmp_path / "long.npy", np.zeros((20_000, 32, 32), np.uint8))
    command = [
        sys.executable,
        "-m",
        "napari_dicom_writer",
        "export",
        tmp_path / "long.npy",
        tmp_path / "a" / "out",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    deadline = time.monotonic() + 120
    while not any(tmp_path.glob("a/.napari-dicom-*/content/00010.dcm")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "cancelled, nothing was written\n")
    assert names(tmp_path) == ["long.npy"]


# ---------------------------------------------------------------------------------------------------- show and demo


def test_show_prints_every_series(stack: Path, picture: Path, tmp_path: Path, capsys: Captured) -> None:
    run("export", stack, picture, tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("x")
    capsys.readouterr()
    assert run("show", tmp_path / "out") == 0
    said = squeezed(capsys.readouterr().out)
    for fact in ("Series 1 · stack · OT", "0 to 11999", "Series 2 · picture · OT", "1 other file"):
        assert fact in said


def test_show_refuses_a_folder_without_dicom(tmp_path: Path, capsys: Captured) -> None:
    assert run("show", tmp_path) == 1
    assert "holds no DICOM series" in capsys.readouterr().err


def test_demo_writes_compares_and_draws(tmp_path: Path, capsys: Captured) -> None:
    assert run("demo", tmp_path / "demo") == 0
    said = squeezed(capsys.readouterr().out)
    assert "SimpleITK reads back all 720,000 voxels" in said
    assert names(tmp_path / "demo") == ["phantom", "phantom.png"]
    assert run("demo", tmp_path / "demo") == 1
    assert "exists already" in capsys.readouterr().err
    assert run("demo", tmp_path / "demo", "--overwrite") == 0


def test_demo_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['SimpleITK'] = None\n"
        "from napari_dicom_writer.cli.main import main; sys.exit(main(['demo', sys.argv[1]]))"
    )
    command = [sys.executable, "-c", program, tmp_path / "demo"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert 'This needs SimpleITK. Get the extra: pip install "napari-dicom-writer[demo]"' in done.stderr
    assert names(tmp_path) == []


def test_the_command_is_installed() -> None:
    command = Path(sys.executable).with_name("napari-dicom-writer")
    done = subprocess.run([command, "--version"], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip()


@pytest.mark.parametrize(("flag", "said", "stored"), [(None, True, (1, 40, 50, 3)), ("--no-rgb", False, (40, 50, 3))])
def test_colors_that_were_guessed_are_announced(tmp_path, capsys, flag, said, stored):
    np.save(tmp_path / "picture.npy", np.random.default_rng(2).integers(0, 255, (40, 50, 3), dtype=np.uint8))
    assert main(["export", str(tmp_path / "picture.npy"), str(tmp_path / "x"), *([flag] if flag else [])]) == 0
    assert ("taken as colors" in capsys.readouterr().out) == said
    files = sorted((tmp_path / "x").glob("*.dcm")) or [tmp_path / "x.dcm"]
    assert np.stack([pydicom.dcmread(file).pixel_array for file in files]).shape == stored
