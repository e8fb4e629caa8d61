"""What is written is as open as the user's other files; who the patient is stands in the files and nowhere else."""

from __future__ import annotations

import logging
import os
import stat
import sys

import numpy as np
import pytest

from fuzz.cases import MARK
from napari_dicom_writer import ExportCancelled, ExportError, ExportOptions, Patient, Series, Study, Volume, export

PATIENT = Patient(name=f"{MARK}^Jane", id=f"{MARK}-1", birth_date="1970-02-28")
VOLUME = Volume(np.arange(60, dtype="u2").reshape(3, 4, 5), spacing=(1, 1, 1), name="scan")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002, 0o027])
@pytest.mark.parametrize("count", [1, 2], ids=["series", "study"])
@pytest.mark.parametrize("syntax", ["explicit-le", "deflated"])
def test_files_and_folders_follow_the_umask(tmp_path, umask, count, syntax):
    before = os.umask(umask)
    try:
        report = export([VOLUME] * count, tmp_path / "new" / "out", ExportOptions(transfer_syntax=syntax))
        one = export(Volume(VOLUME.array[0], spacing=(1, 1)), tmp_path / "one.dcm")
    finally:
        os.umask(before)
    for path in (report.path.parent, report.path, *report.path.rglob("*"), one.path):
        wanted = 0o777 if path.is_dir() else 0o666
        assert stat.S_IMODE(path.stat().st_mode) == wanted & ~umask, path.name


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_what_is_staged_is_no_more_open_than_what_is_published(tmp_path):
    umask, seen = 0o077, []

    def look(done: int, total: int) -> None:
        seen.extend((path, stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.rglob("*") if path.exists())

    before = os.umask(umask)
    try:
        export(VOLUME, tmp_path / "out", progress=look)
    finally:
        os.umask(before)
    assert any(path.suffix == ".dcm" for path, _ in seen)
    assert [path.name for path, mode in seen if mode & umask] == []


WRONG = {
    "name": lambda: Patient(name=f"{MARK}\\x"),
    "id": lambda: Patient(id=f"{MARK}" * 20),
    "birth date": lambda: Patient(birth_date=f"{MARK}-1970"),
    "sex": lambda: Patient(sex=MARK),
    "age": lambda: Patient(age=MARK),
    "weight": lambda: Patient(weight=MARK),
    "object": lambda: Patient(name=[MARK]),
    "physician": lambda: Study(referring_physician=f"{MARK}\0"),
    "accession number": lambda: Study(accession_number=f"{MARK}" * 9),
    "study date": lambda: Study(date=MARK),
    "operator": lambda: Series(operator=f"{MARK}^" * 9),
    "uid": lambda: Study(instance_uid=MARK),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_option_that_is_refused_is_not_repeated(what):
    with pytest.raises(ExportError) as caught:
        WRONG[what]()
    error = caught.value
    while error is not None:  # a traceback shows where it came from, too
        assert MARK not in str(error)
        assert MARK not in repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _cancel(done: int, total: int) -> None:
    if done:
        raise ExportCancelled


REFUSED = {
    "geometry": {"layers": Volume(VOLUME.array, spacing=(1, 1, np.inf))},
    "pixels": {"layers": Volume(np.full((3, 4, 5), np.nan), spacing=(1, 1, 1))},
    "target": {"target": "out/file/below"},
    "cancelled": {"progress": _cancel},
    "nothing": {},
}


@pytest.mark.parametrize("why", REFUSED)
def test_neither_log_nor_refusal_nor_names_tell_who_it_is(tmp_path, caplog, capfd, why):
    caplog.set_level(logging.DEBUG)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_text("a file", encoding="ascii")
    given = {"layers": VOLUME, "target": "scan", "progress": None} | REFUSED[why]
    names: set[str] = set()

    def progress(done: int, total: int) -> None:
        names.update(str(path) for path in tmp_path.rglob("*"))
        if given["progress"]:
            given["progress"](done, total)

    said = ""
    try:
        report = export(given["layers"], tmp_path / given["target"], ExportOptions(patient=PATIENT), progress=progress)
    except ExportError as error:
        said = f"{error}{error!r}"
        assert why != "nothing"
    else:
        said = str(report)
        assert why == "nothing"
    names.update(str(path) for path in tmp_path.rglob("*"))
    captured = capfd.readouterr()
    for text in (*caplog.messages, *names, said, captured.out, captured.err):
        assert MARK not in text
