"""The judge judged: every seeded fault is found, a good series has none, and no file makes it fail."""

from __future__ import annotations

import shutil
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import config
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000

from judges.check_faults import FAULTS, Fault, film, good_series, picture, seed
from judges.tables import MODALITIES
from judges.volumes import indexed, oblique
from napari_dicom_writer import ExportOptions, Patient, ReadError, Series, Volume, export
from napari_dicom_writer.checking.check import SeriesVerdict, check_series
from napari_dicom_writer.checking.findings import Severity
from napari_dicom_writer.checking.source.against import compare
from napari_dicom_writer.reading.series import read_series
from napari_dicom_writer.reading.survey import survey

RNG = np.random.default_rng(7)
SYNTAXES = ["explicit-le", "rle", "jpeg-ls", "jpeg-ls-lossy", "jpeg-2000", "jpeg-2000-lossy", "htj2k", "deflated"]
PIXELS = {
    "int16": indexed() - 30,
    "uint16": indexed().astype("u2") + 60000,
    "uint8": indexed((3, 5, 7)).astype("u1"),
    "float": RNG.normal(size=(3, 4, 5)),
    "offset": indexed().astype("i8") + 10**9,
    "one voxel": np.full((1, 1), 2.5),
}


def only(path: Path) -> SeriesVerdict:
    (verdict,) = check_series(path)
    return verdict


def codes(path: Path, worst: Severity = Severity.WARNING) -> set[str]:
    """Codes of the findings that are at least as bad."""
    severities = list(Severity)[: list(Severity).index(worst) + 1]
    return {f.code for verdict in check_series(path) for f in verdict.findings if f.severity in severities}


# ------------------------------------------------------------------------------------------------------ seeded faults


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_is_found(tmp_path: Path, fault: Fault) -> None:
    folder = good_series(tmp_path, fault)
    assert codes(folder) == set()
    seed(folder, fault)
    found = codes(folder)
    # What only the source tells, no judge of files can see: the comparison does.
    assert fault.code in found if fault.code else not found


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.code and not f.every], ids=lambda fault: fault.name)
def test_a_fault_in_one_instance_is_found_there(tmp_path: Path, fault: Fault) -> None:
    folder = good_series(tmp_path, fault)
    seed(folder, fault)
    places = [f.where for verdict in check_series(folder) for f in verdict.findings if f.code == fault.code]
    if fault.source is film:
        assert places == ["beside instance 9 (00009.dcm)"]  # of the next time point, at the same position
    elif fault.code not in ("rescale-differs", "series-torn"):
        assert any("00003.dcm" in where or "00002.dcm" in where for where in places), places


def test_a_finding_says_what_where_and_what_follows(tmp_path: Path) -> None:
    fault = next(f for f in FAULTS if f.code == "planes-uneven")
    folder = good_series(tmp_path)
    seed(folder, fault)
    (finding,) = only(folder).findings
    assert finding.severity is Severity.ERROR
    assert "gaps from 2.25 to 2.75 mm" in finding.what
    assert "0.25 mm (10 % of the spacing)" in finding.what
    assert finding.tag == "Image Position (Patient) (0020,0032)"
    assert finding.where == "instance 3 (00003.dcm)"
    assert "SimpleITK" in finding.consequence


def test_what_one_fault_does_to_a_thousand_instances_is_one_finding(tmp_path: Path) -> None:
    fault = next(f for f in FAULTS if f.code == "slope-zero")
    folder = good_series(tmp_path)
    seed(folder, fault)
    (finding,) = only(folder).findings
    assert finding.count == 6
    assert finding.where.endswith("and 1 more")


def test_no_finding_names_a_patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong, values of text attributes stay where they are."""
    patient = Patient(name="Gaukeley^Gundel", id="ENTENHAUSEN-13")
    path = export(picture(), tmp_path / "x", ExportOptions(modality="CT", patient=patient)).path
    monkeypatch.setattr(config.settings, "reading_validation_mode", config.IGNORE)
    monkeypatch.setattr(config.settings, "writing_validation_mode", config.IGNORE)
    for number, (name, identifier) in enumerate([("Gaukeley^Gundel\7", "x" * 99), ("Gaukeley^Nelly", "E\\N\\T")]):
        dataset = pydicom.dcmread(path / f"0000{number + 1}.dcm")
        dataset.PatientName, dataset.PatientID = name, identifier
        dataset.save_as(path / f"0000{number + 1}.dcm")
    findings = only(path).findings
    assert {"text-control", "text-long", "differs"} <= {f.code for f in findings}
    assert not any(word in str(f) + f.consequence for f in findings for word in ("Gaukeley", "xxx", "ENTENHAUSEN"))


# -------------------------------------------------------------------------------------------------------- good series


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("modality", MODALITIES)
def test_what_the_writer_makes_is_good(tmp_path: Path, modality: str, syntax: str) -> None:
    options = ExportOptions(modality=modality, transfer_syntax=syntax, series=Series(description="Größe, 脳"))
    path = export(picture(), tmp_path / "x", options).path
    assert codes(path, Severity.INFO) == set()


@pytest.mark.parametrize("pixels", PIXELS)
@pytest.mark.parametrize("modality", MODALITIES)
def test_every_kind_of_value_is_good(tmp_path: Path, modality: str, pixels: str) -> None:
    values = PIXELS[pixels]
    volume = Volume(values, affine=oblique(4), axes=("plane", "row", "column")[-values.ndim :], window=(0, 99))
    path = export(volume, tmp_path / "x", ExportOptions(modality=modality)).path
    assert codes(path) <= {"window-blank"}


def test_colors_are_good(tmp_path: Path) -> None:
    volume = Volume(RNG.integers(0, 255, (3, 33, 40, 3), dtype=np.uint8), spacing=(2, 1, 1), rgb=True)
    for syntax in SYNTAXES:
        path = export(volume, tmp_path / syntax, ExportOptions(transfer_syntax=syntax)).path
        assert codes(path) == set()


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("time", ["one-series", "series-per-point"])
def test_time_points_are_told_apart(tmp_path: Path, modality: str, time: str) -> None:
    volume = Volume(indexed((2, 3, 4, 5)), axes=("time", "plane", "row", "column"), time_step=2, spacing=(3, 2, 1))
    path = export(volume, tmp_path / "x", ExportOptions(modality=modality, time=time)).path
    assert codes(path) == set()
    assert ("several-volumes" in codes(path, Severity.INFO)) == (time == "one-series")


def test_several_layers_are_good(tmp_path: Path) -> None:
    volumes = [picture(), picture(4)]
    assert codes(export(volumes, tmp_path / "x").path) == set()


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",
        "MR_small_RLE.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "693_J2KI.dcm",
        "examples_palette.dcm",
        "examples_overlay.dcm",
        "examples_ybr_color.dcm",
        "image_dfl.dcm",
        "liver_1frame.dcm",
        "test-SR.dcm",
        "waveform_ecg.dcm",
    ],
)
def test_real_files_have_no_error(name: str) -> None:
    assert codes(Path(get_testdata_file(name)), Severity.ERROR) == set()


@pytest.mark.parametrize("folder", ["98892001/CT5N", "98892003/MR700", "77654033/CR1"])
def test_real_series_have_no_error(folder: str) -> None:
    root = Path(get_testdata_file("dicomdirtests/DICOMDIR")).parent
    assert codes(root / folder, Severity.ERROR) == set()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("MR_truncated.dcm", "broken"),
        ("rtplan_truncated.dcm", "broken"),
        ("MR_small_padded.dcm", "pixels-length"),
        ("badVR.dcm", "value-invalid"),
        ("no_meta.dcm", "not-dicom"),
        ("meta_missing_tsyntax.dcm", "syntax-missing"),
        ("SC_rgb_jpeg.dcm", "syntax-wrong"),
        ("JPEGLSNearLossless_16.dcm", "lossy-unsaid"),
    ],
)
def test_real_files_known_to_be_wrong(name: str, code: str) -> None:
    assert code in codes(Path(get_testdata_file(name)), Severity.ERROR)


# ----------------------------------------------------------------------------------------------------- across series


def test_swapped_spacing_is_hinted_at_by_another_series(tmp_path: Path) -> None:
    uid = "2.25.77"
    for number, spacing in enumerate([(2, 0.5, 0.8), (2, 0.8, 0.5)]):
        options = ExportOptions()
        export(Volume(indexed(), spacing=spacing), tmp_path / "x" / str(number), options)
    for path in (tmp_path / "x").rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.FrameOfReferenceUID = uid
        dataset.save_as(path)
    assert codes(tmp_path / "x", Severity.INFO) == {"spacing-turned"}


def test_several_patients_in_a_study(tmp_path: Path) -> None:
    for name in ("a", "b"):
        options = ExportOptions(patient=Patient(id=name), study=ExportOptions().study)
        export(picture(), tmp_path / "x" / name, options)
    for path in (tmp_path / "x").rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.StudyInstanceUID = "2.25.78"
        dataset.save_as(path)
    assert codes(tmp_path / "x") == {"patients-differ"}


def test_planes_that_fall_along_the_numbers_are_only_worth_knowing(tmp_path: Path) -> None:
    folder = good_series(tmp_path)
    for path in folder.glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.InstanceNumber = 7 - dataset.InstanceNumber
        dataset.save_as(path)
    assert codes(folder) == set()
    assert codes(folder, Severity.INFO) == {"order-falls"}


# ------------------------------------------------------------------------------------------------- files of any kind


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ReadError):
            check_series(path)


def test_files_that_are_no_dicom_are_passed_over(tmp_path: Path) -> None:
    folder = good_series(tmp_path)
    (folder / "notes.txt").write_text("x")
    (folder / ".hidden.dcm").write_bytes(b"x")
    root = Path(get_testdata_file("dicomdirtests/DICOMDIR"))
    shutil.copy(root, folder)
    assert len(check_series(folder)) == 1


@pytest.mark.parametrize("syntax", ["explicit-le", "jpeg-2000", "rle", "deflated"])
def test_damage_anywhere_is_a_finding_or_nothing_and_never_a_failure(tmp_path: Path, syntax: str) -> None:
    path = export(picture(), tmp_path / "x", ExportOptions(transfer_syntax=syntax)).path
    for other in sorted(path.glob("*.dcm"))[1:]:
        other.unlink()
    content = (path / "00001.dcm").read_bytes()
    rng = np.random.default_rng(11)
    for _ in range(150):
        spoilt = bytearray(content)
        for at in rng.integers(0, len(content), rng.integers(1, 6)):
            spoilt[at] = rng.integers(0, 256)
        spoilt = spoilt[: len(spoilt) - rng.integers(0, 200)] if rng.random() < 0.3 else spoilt
        (path / "00001.dcm").write_bytes(spoilt)
        check_series(path)


@pytest.mark.parametrize("modality", ["OT", "MR"])
def test_a_damaged_header_fails_no_reader(tmp_path: Path, modality: str) -> None:
    """Values fail when they are asked for, each with an error of its own."""
    path = export(picture(), tmp_path / "x", ExportOptions(modality=modality)).path
    content = (path / "00002.dcm").read_bytes()
    rng = np.random.default_rng(12)
    for at in rng.permutation(np.arange(132, content.index(b"\xe0\x7f\x10\0OW")))[:60]:
        spoilt = bytearray(content)
        spoilt[at] = rng.integers(0, 256)
        (path / "00002.dcm").write_bytes(spoilt)
        compare([("picture", picture())], path, check_series(path), ExportOptions())
        survey(path)


def test_a_decoder_that_panics_fails_as_others_do(tmp_path: Path) -> None:
    """One written in Rust raises what is not an Exception; every reader here takes it as a file that is broken."""
    path = export(picture(), tmp_path / "x", ExportOptions(transfer_syntax="rle")).path
    for file in path.glob("*.dcm"):
        dataset = pydicom.dcmread(file)
        # Literal runs up to the last but three of 32 × 44 bytes, then a replicate run over the end.
        short = (b"\x7f" + bytes(128)) * 10 + b"\x7c" + bytes(125) + bytes([197, 7])
        whole = (b"\x7f" + bytes(128)) * 11
        head = np.array([2, 64, 64 + len(short), *[0] * 13], "<u4").tobytes()
        dataset.PixelData = encapsulate([head + short + whole + b"\x80"])
        dataset.save_as(file)
    assert codes(path) == {"undecodable"}
    assert "could not be decoded" in survey(path).series[0].remarks[0]
    with pytest.raises(ReadError, match="could not be decoded"):
        read_series(path)[0].read((), 0, 1)


def test_a_small_file_that_claims_to_be_large_costs_nothing(tmp_path: Path) -> None:
    """Lengths, sizes and frames that a file does not hold."""
    options = ExportOptions(transfer_syntax="jpeg-2000")
    path = export(Volume(indexed((1, 8, 8)), spacing=(1, 1, 1)), tmp_path / "x", options).path
    dataset = pydicom.dcmread(path)
    dataset.Rows = dataset.Columns = 60_000
    dataset.NumberOfFrames = 900
    stream = dataset.PixelData
    at = stream.index(b"\xff\x4f\xff\x51")
    huge = (60_000).to_bytes(4, "big") * 2
    dataset.PixelData = stream[: at + 8] + huge + stream[at + 16 :]
    assert dataset.file_meta.TransferSyntaxUID != JPEG2000
    dataset.save_as(path)
    tracemalloc.start()
    found = codes(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "frame-too-large" in found
    assert peak < 20e6


def test_memory_does_not_grow_with_the_series(tmp_path: Path) -> None:
    volume = Volume(np.zeros((60, 512, 512), np.int16), spacing=(1, 1, 1))
    path = export(volume, tmp_path / "x", ExportOptions(verify="off")).path
    check_series(path / "00001.dcm")  # what is loaded once
    tracemalloc.start()
    check_series(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 512 * 512 * 2


def test_progress_counts_files_and_may_stop(tmp_path: Path) -> None:
    folder = good_series(tmp_path)
    seen: list[tuple[int, int]] = []
    check_series(folder, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 6) for done in range(7)]

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_series(folder, progress=stop)


def test_the_work_grows_with_the_series_and_no_faster(tmp_path: Path) -> None:
    """Calls are counted, not seconds: twenty thousand files took fifty times as long as two thousand."""

    def calls(planes: int) -> int:
        volume = Volume(np.zeros((planes, 4, 4), np.int16), spacing=(1, 1, 1))
        path = export(volume, tmp_path / str(planes), ExportOptions(verify="off")).path
        check_series(path)  # what is computed once
        count = 0

        def tally(_frame: object, event: str, _argument: object) -> None:
            nonlocal count
            count += event == "call"

        sys.setprofile(tally)
        try:
            check_series(path)
        finally:
            sys.setprofile(None)
        return count

    few, many = calls(20), calls(160)
    assert many < 8.2 * few
