"""The writer's own verification against seeded faults, and the table of who sees which.

Each fault is put into a file between writing and reading back, as a disk or a broken encoder might.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pydicom
import pytest

from judges.check_faults import FAULTS, NEEDLE, Fault, good_series, seed, spoil
from napari_dicom_writer import ExportError, ExportOptions, VerificationError, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.checking.conformance import installed, run_dciodvfy
from napari_dicom_writer.checking.findings import Severity
from napari_dicom_writer.checking.source.against import compare
from napari_dicom_writer.writing.encode import SeriesEncoder

DOCS = Path(__file__).parents[2] / "docs" / "verify.md"
# The writer reads back the files that it has written: one more is not its.
NOT_ITS = {"a copy of a file"}
GOOD = Fault("nothing", "", lambda _d, _f, _n: None, every=True)


def spoilt_export(fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Export with the fault put into what was just written; raises what the verification raises."""
    write = SeriesEncoder.write
    first: list[pydicom.Dataset] = []

    def faulty(self, path, instance, stored):
        size = write(self, path, instance, stored)
        if instance.number == 1:
            first.append(pydicom.dcmread(path))
        if fault.every or instance.number == 3:
            spoil(Path(path), fault, first[0], instance.number)
        return size

    monkeypatch.setattr(SeriesEncoder, "write", faulty)
    options = ExportOptions(modality=fault.modality, transfer_syntax=fault.transfer_syntax, workers=1)
    export(fault.source(), folder, options)


def writer_sees(fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    try:
        spoilt_export(fault, folder, monkeypatch)
    except VerificationError:
        return True
    return False


def test_rewriting_by_pydicom_is_no_fault_in_itself(tmp_path, monkeypatch):
    for syntax in ("explicit-le", "jpeg-2000", "jpeg-ls", "jpeg-ls-lossy"):
        fault = Fault(*[getattr(GOOD, name) for name in ("name", "code", "change", "on_bytes", "every")], "CT", syntax)
        assert not writer_sees(fault, tmp_path / syntax, monkeypatch)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.name not in NOT_ITS], ids=lambda fault: fault.name)
def test_the_writer_catches_every_fault_and_publishes_nothing(tmp_path, monkeypatch, fault):
    with pytest.raises(ExportError):
        spoilt_export(fault, tmp_path / "x", monkeypatch)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------ the table of the docs


@cache
def rows() -> dict[str, list[str]]:
    """Rows of the table, by fault: who sees it."""
    cells = [
        [c.strip() for c in line.strip("|").split("|")]
        for line in DOCS.read_text(encoding="utf-8").splitlines()
        if "|" in line
    ]
    names = {fault.name for fault in FAULTS}
    return {row[0]: row[1:] for row in cells if row[0] in names}


def mark(seen: bool) -> str:
    return "✓" if seen else "–"


def test_the_table_lists_every_fault():
    assert list(rows()) == [fault.name for fault in FAULTS]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_table_is_true(tmp_path, fault):
    """Each fault is seeded, and everybody asked."""
    program = installed()
    if program is None:
        pytest.skip("dciodvfy is not installed")
    folder = good_series(tmp_path, fault)
    good = said_of_good(program, fault, folder)
    seed(folder, fault)
    conforms = messages(program, folder) <= good
    verdicts = check_series(folder)
    findings = {f.code for v in verdicts for f in v.findings if f.severity is not Severity.INFO}
    comparisons, left_out = compare([("picture", fault.source())], folder, verdicts, ExportOptions())
    # What the writer sees is held by the tests above.
    caught = "" if fault.name in NOT_ITS else mark(True)
    assert rows()[fault.name] == [
        f"`{fault.code}`" if fault.code else "",
        mark(not conforms),
        mark(bool(findings)),
        mark(bool(left_out) or not all(comparison.same for comparison in comparisons)),
        caught,
    ]


GOOD_MESSAGES: dict[object, set[str]] = {}


def said_of_good(program: str, fault: Fault, folder: Path) -> set[str]:
    """What dciodvfy says of the good series: once of all that are written alike."""
    key = (fault.modality, fault.transfer_syntax, fault.source)
    if key not in GOOD_MESSAGES:
        GOOD_MESSAGES[key] = messages(program, folder)
    return GOOD_MESSAGES[key]


def messages(program: str, folder: Path) -> set[str]:
    """Errors and warnings of dciodvfy, which sees one file at a time, on the one that every fault is put into."""
    found = run_dciodvfy(program, [path for path in [folder / f"{NEEDLE:05}.dcm"] if path.exists()])
    crashed = {"no verdict"} if found.no_verdict else set()
    return {message.text for message in (*found.errors, *found.warnings)} | crashed
