"""A result that joins a study is numbered behind the series of it that lie on the disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from napari_dicom_writer import ExportOptions, Series, Study, Volume, export, plan_export, read
from napari_dicom_writer.reading import numbers

STUDY = Study(instance_uid="2.25.77")
VOLUME = Volume(np.zeros((2, 3, 4), "i2"), spacing=(1, 1, 1))


def series(folder: Path, number: int, study: Study = STUDY) -> Path:
    return export(VOLUME, folder, ExportOptions(study=study, series=Series(number=number))).path / "00001.dcm"


def number_of(folder: Path, **options: object) -> int:
    return pydicom.dcmread(export(VOLUME, folder, ExportOptions(**options)).path / "00001.dcm").SeriesNumber


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Series 2 and 907 of one study, 5000 of another, and files that are not DICOM."""
    series(tmp_path / "study" / "b" / "deep", 907)
    series(tmp_path / "study" / "a", 2)
    series(tmp_path / "study" / "c", 5000, Study(instance_uid="2.25.78"))
    (tmp_path / "study" / "notes.txt").write_text("907")
    (tmp_path / "study" / "a" / "cut.dcm").write_bytes((tmp_path / "study" / "a" / "00001.dcm").read_bytes()[:200])
    return tmp_path / "study"


def test_beside_a_reference(study, tmp_path):
    (study / "b" / "deep").rename(study / "b2")
    reference = study / "a" / "00001.dcm"
    plan = plan_export([VOLUME, VOLUME], ExportOptions(reference=reference))
    assert [one.number for one in plan.series] == [908, 909]
    assert any("908: the highest number of the study that was found is 907" in note.text for note in plan.notes)
    assert number_of(tmp_path / "elsewhere", reference=reference) == 908
    plan = plan_export(VOLUME, ExportOptions(reference=reference, series=Series(number=907)))
    (note,) = (note for note in plan.notes if note.fix and note.fix.option == "series.number")
    assert (note.fix.value, "another series of the study" in note.text) == ("908", True)


def test_beside_the_target_without_a_reference(study):
    assert number_of(study / "new", study=STUDY) == 908
    assert number_of(study / "new", study=STUDY, overwrite=True) == 908, "what is replaced does not count"
    assert number_of(study / "another", study=STUDY) == 909
    assert number_of(study / "third", study=Study(instance_uid="2.25.99")) == 1
    assert plan_export(VOLUME, ExportOptions(study=STUDY), path=study / "new").series[0].number == 910
    assert plan_export(VOLUME, ExportOptions(study=STUDY), path="nobody@nowhere", to="c-store").series[0].number == 1


def test_a_new_study_begins_with_1(study):
    assert number_of(study / "new") == 1
    assert number_of(study / "newer", reference=study / "a" / "00001.dcm", same_study=False) == 1


@pytest.mark.parametrize(("name", "value"), [("_HEADERS", 1), ("_FILES", 1), ("_SECONDS", -1)])
def test_it_looks_for_a_moment_only_and_says_so(study, monkeypatch, name, value):
    monkeypatch.setattr(numbers, name, value)
    plan = plan_export(VOLUME, ExportOptions(reference=study / "a" / "00001.dcm"))
    assert plan.series[0].number == 201
    assert any("more files than were looked at" in note.text for note in plan.notes)


def test_files_of_the_series_that_was_opened_are_not_looked_at_twice(tmp_path, monkeypatch):
    """There may be thousands, and finding its planes again has read their headers already."""
    first = series(tmp_path / "study" / "a", 2)
    series(tmp_path / "study" / "b", 907)
    opened = read(first.parent)
    monkeypatch.setattr(numbers, "_HEADERS", 1 + 2)  # those of the other series, and no more of its own
    plan = plan_export(opened, ExportOptions(reference="source"), path=tmp_path / "study" / "new")
    assert plan.series[0].number == 908
    assert not any("more files than were looked at" in note.text for note in plan.notes)
