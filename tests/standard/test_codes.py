"""Names become codes where their words are a term's; everything else stays unknown."""

from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from napari_dicom_writer.standard import codes as module
from napari_dicom_writer.standard.codes import Code, recognize, search, shown_by, terms


@pytest.mark.parametrize(
    ("name", "value", "side"),
    [
        ("liver", "10200004", ""),
        ("kidney_left", "64033007", "Left"),
        ("Left-Hippocampus", "5366008", "Left"),
        ("Lung, right", "39607008", "Right"),
        ("lung_upper_lobe_left", "45653009", "Left"),
        ("heart_atrium_right", "73829009", ""),  # the term says the side itself
        ("vertebrae_L3", "36470004", ""),
        ("rib_left_7", "24915002", "Left"),
        ("autochthon_right", "244849004", "Right"),
        ("tumor", "108369006", ""),
        ("Edema", "79654002", ""),
    ],
)
def test_usual_names_are_recognized(name, value, side):
    found = recognize(name)
    assert (found.type.value, found.laterality.meaning if found.laterality else "") == (value, side)


@pytest.mark.parametrize("name", ["", "cell", "ROI 1", "left", "left right kidney", "class 3", "my liver thing", "7"])
def test_what_is_no_term_is_not_guessed(name):
    assert recognize(name) is None


def test_terms_are_those_of_the_standard():
    """Code and meaning agree with the context groups that pydicom ships."""
    known = {(code.value, code.scheme): code.meaning for code in terms()}
    for number in (7192, 7159, 7157):
        group = getattr(codes, f"cid{number}")
        for term in (getattr(group, keyword) for keyword in group.dir()):
            assert known[term.value, term.scheme_designator] == term.meaning


@pytest.mark.parametrize("keyword", ["ANATOMY", "ABNORMAL", "TISSUE", "OBJECT"])
def test_categories_are_those_of_context_group_7150(keyword):
    group = codes.cid7150
    known = {Code(t.value, t.scheme_designator, t.meaning) for t in (getattr(group, name) for name in group.dir())}
    assert getattr(module, keyword) in known


def test_search_finds_the_beginnings_of_words():
    assert search("kidn")[0].meaning == "Kidney"
    assert search("no such thing") == []
    assert len(search("artery", 7)) == 7


@pytest.mark.parametrize(
    ("name", "finding", "organ", "side"),
    [
        ("kidney_cyst_left", "Cyst", "Kidney", "Left"),
        ("liver tumor", "Neoplasm", "Liver", ""),
        ("Left lung lesion", "Lesion", "Lung", "Left"),
        ("edema of the brain", "Edema", "Brain", ""),
    ],
)
def test_findings_have_the_region_they_lie_in(name, finding, organ, side):
    found = recognize(name)
    assert (found.type.meaning, found.region.meaning) == (finding, organ)
    assert (found.region_laterality.meaning if found.region_laterality else "") == side
    assert found.laterality is None


@pytest.mark.parametrize("name", ["tumor cyst", "my tumor", "tumor edema liver", "tumor 1"])
def test_no_region_is_guessed(name):
    assert recognize(name) is None


@pytest.mark.parametrize(
    ("typed", "meaning", "side"),
    [
        ("kidn", "Kidney", None),
        ("left kidn", "Kidney", "Left"),
        ("kidney right", "Kidney", "Right"),
        ("left atri", "Left atrium", None),  # which says the side itself
        ("first ri", "First rib", None),
        ("myoc", "Myocardium", None),
        ("tumo", "Neoplasm", None),
        ("64033007", "Kidney", None),
    ],
)
def test_what_is_typed_finds_terms_and_sides(typed, meaning, side):
    found = {(s.type.meaning, s.laterality and s.laterality.meaning) for s in shown_by(typed)}
    assert (meaning, side) in found


def test_an_abnormality_is_found_in_its_organ():
    first = shown_by("left kidney cyst")[0]
    assert (first.type.meaning, first.region.meaning, first.region_laterality.meaning) == ("Cyst", "Kidney", "Left")


@pytest.mark.parametrize("typed", ["", "  ", "xyzzy", "left right kidney", "(", "l"])
def test_what_finds_nothing_or_little_is_no_error(typed):
    assert len(shown_by(typed)) <= 20
