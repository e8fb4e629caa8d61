"""Messages name options as their reader knows them: in Python, on the command line, in the widget, in the menu."""

from __future__ import annotations

import argparse
import ast
import inspect
import math
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import napari_dicom_writer
from napari_dicom_writer import ExportError, ExportOptions, Patient, Pet, Series, Study, Volume, plan_export
from napari_dicom_writer._napari.spelling import in_form
from napari_dicom_writer.cli.arguments import add_options, on_command_line
from napari_dicom_writer.inputs.load import load
from napari_dicom_writer.mention import in_python, mention, spell

ROOT = Path(napari_dicom_writer.__file__).parent
GROUPS = {"patient": Patient, "study": Study, "series": Series, "pet": Pet}
OPTIONS = [item.name for item in fields(ExportOptions) if item.name not in GROUPS]
OPTIONS += [f"{group}.{item.name}" for group, kind in GROUPS.items() for item in fields(kind)]
INPUTS = [name for name in inspect.signature(load).parameters if name not in ("paths", "options")]


def said(path: Path) -> list[str]:
    """The text in a module that is shown to somebody: all but docstrings and annotations."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    quiet = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))
    python = "ExportOptions("  # what only Python's callers can do wrong
    return [node.value for node in texts if id(node) not in quiet and python not in node.value]


def test_no_message_spells_an_option_itself():
    """Neither ``values='exact'`` nor ``--values``: that is for whoever shows it to say."""
    names = "|".join([name for name in OPTIONS if "." not in name] + INPUTS)
    python = re.compile(rf"(?<![\w.])(?:{names})=")
    either = re.compile(rf"{python.pattern}|--(?:{names.replace('_', '-')})\b")
    for path in ROOT.rglob("*.py"):
        spelled = python if "cli" in path.parts else either
        assert not [text for text in said(path) if spelled.search(text)], path


@pytest.mark.parametrize("value", [None, True, False, 0, -2.5, math.inf, "fit", "it's", 'two "words"', "0.65 um"])
def test_a_mention_is_spelled_with_its_value(value):
    seen = []
    assert spell(f"a {mention('nan', value)} b", lambda *told: seen.append(told) or "-") == "a - b"
    assert seen == [("nan", value)]


def test_what_is_no_mention_stays():
    text = "layer '\ue000{nan}=\ue001': values='x'"
    assert spell(text, in_python) == text


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_has_a_name_in_every_shell(option):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser)
    assert on_command_line(option, None) in parser.format_help()
    told = in_form(option, None)
    assert re.fullmatch(r"“[A-Z`][^_=]*”", told), told


REFUSED = [
    ({"nan": math.inf}, "--nan inf is not a finite number", "“Replace NaN by: inf” is not a finite number"),
    ({"lossy_error": 300}, "--lossy-error 300", "“JPEG-LS error: 300”"),
    ({"workers": 0}, "--workers 0", "“Workers: 0”"),
    ({"pixel_unit": "parsnip"}, "--pixel-unit is 'parsnip'", "“One `pixel` is” is 'parsnip'"),
    ({"patient": {"birth_date": "28.2.1970"}}, "--patient-birth-date is not written as", "“Birth date” is not written"),
    ({"patient": {"birth_date": "19700231"}}, "--patient-birth-date is a date that does not", "“Birth date” is a date"),
    ({"study": {"time": "25:00"}}, "--study-time is a time that does not exist", "“Study time” is a time that does"),
    ({"study": {"id": "x" * 17}}, "--study-id has 17 characters, and DICOM allows 16", "“Study ID” has 17 characters"),
    ({"patient": {"weight": "heavy"}}, "--patient-weight is not a number", "“Weight” is not a number"),
    ({"patient": {"age": "old"}}, "--patient-age is not an age", "“Age” is not an age"),
    ({"series": {"body_part": "brain!"}}, "--series-body-part is not a code", "“Body part” is not a code"),
    ({"series": {"laterality": "B"}}, "--series-laterality is not a term", "“Laterality” is not a term"),
]


@pytest.mark.parametrize(("given", "typed", "labeled"), REFUSED, ids=[str(row[0]) for row in REFUSED])
def test_a_refused_option_is_named_as_it_was_given(given, typed, labeled):
    with pytest.raises(ExportError) as error:
        ExportOptions(**{k: GROUPS[k](**v) if isinstance(v, dict) else v for k, v in given.items()})
    assert typed in str(error.value.spelled(on_command_line))
    assert labeled in str(error.value.spelled(in_form))
    assert "\ue000" not in str(error.value)


UNDERSTOOD = [
    (Patient, "sex", "f", "F"),
    (Patient, "sex", "Female", "F"),
    (Patient, "age", "42", "042Y"),
    (Patient, "age", 7, "007Y"),
    (Patient, "age", "6 months", "006M"),
    (Patient, "age", "3w", "003W"),
    (Series, "body_part", "brain", "BRAIN"),
    (Series, "laterality", "left", "L"),
    (Series, "patient_position", "hfs", "HFS"),
]


@pytest.mark.parametrize(("group", "field", "given", "written"), UNDERSTOOD)
def test_what_can_only_mean_one_thing_is_understood(group, field, given, written):
    assert getattr(group(**{field: given}), field) == written


@pytest.mark.parametrize("age", ["4242", "-1", "42 apples", "4.5", "Y", "042YY"])
def test_an_age_that_may_mean_anything_is_not(age):
    with pytest.raises(ExportError, match="is not an age"):
        Patient(age=age)


def test_notes_name_their_remedy_in_the_reader_s_words():
    values = np.linspace(0, 1, 24, dtype=np.float32).reshape(2, 3, 4)
    plan = plan_export((values, {"units": ("pixel",) * 3}, "image"), ExportOptions(modality="CT"))
    typed = "\n".join(str(note.spelled(on_command_line)) for note in plan.notes)
    assert "(set unit: --pixel-unit)" in typed
    assert "(only exact: --values exact)" in typed
    assert "(--value-unit US for others)" in typed
    assert "pixel_unit" not in typed
    assert "(set unit: pixel_unit)" in "\n".join(map(str, plan.notes))


def test_volumes_are_told_in_python_s_words():
    values = np.full((2, 3, 4), np.nan)
    with pytest.raises(ExportError, match="such as nan=0") as error:
        plan_export(Volume(values, spacing=(1, 1, 1)))
    assert "such as --nan 0" in str(error.value.spelled(on_command_line))
