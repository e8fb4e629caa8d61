"""Edits of segments: what is said counts, the rest stays with layer and options."""

from __future__ import annotations

import pytest

from napari_dicom_writer.layers.segment_rows import SegmentEdits, in_words, side_of, sided
from napari_dicom_writer.model.segments import Segment
from napari_dicom_writer.standard.codes import LEFT, RIGHT, UNKNOWN, recognize

LIVER = Segment(label=1, name="liver", color=(1, 2, 3)).understood()
CODED = Segment(label=2, name="organ of mine", structure=recognize("spleen"))
TOLD = {1: LIVER, 2: CODED}


def test_nothing_said_is_no_option_of_its_own():
    edits = SegmentEdits()
    assert not edits
    assert edits.segments(TOLD) == TOLD
    edits.change([1], "name", "kidney", TOLD)
    edits.change([1], "name", "liver", TOLD)  # as the layer says
    assert not edits


@pytest.mark.parametrize(("name", "meaning"), [("left kidney", "Kidney, left"), ("cell", "")])
def test_another_name_means_what_it_says(name, meaning):
    edits = SegmentEdits()
    edits.change([1], "name", name, TOLD)
    segment = edits.segments(TOLD)[1]
    assert (segment.name, segment.color) == (name, LIVER.color)
    assert (in_words(segment.structure) if segment.structure else "") == meaning


def test_codes_that_were_given_stay_under_another_name():
    edits = SegmentEdits()
    edits.change([2], "name", "liver", TOLD)
    assert edits.segments(TOLD)[2].structure == CODED.structure
    edits.change([2], "structure", UNKNOWN, TOLD)
    assert edits.segments(TOLD)[2].structure == UNKNOWN


def test_the_option_holds_what_all_layers_have_and_what_is_said():
    edits = SegmentEdits()
    edits.change([2, 7], "algorithm_type", "MANUAL", TOLD)
    own = edits.own(TOLD, [LIVER])
    assert [(s.label, s.name, s.algorithm_type) for s in own] == [
        (1, "liver", ""),
        (2, "organ of mine", "MANUAL"),
        (7, "", "MANUAL"),
    ]


def test_a_table_counts_for_more_than_what_was_said_before():
    edits = SegmentEdits()
    edits.change([1, 2], "name", "x", TOLD)
    edits.load([Segment(label=1, name="spleen").understood()])
    assert {n: s.name for n, s in edits.segments(TOLD).items()} == {1: "spleen", 2: "x"}


def test_sides_are_those_of_the_organ():
    cyst = sided(recognize("kidney cyst"), RIGHT)
    assert (cyst.laterality, cyst.region_laterality) == (None, RIGHT)
    assert in_words(cyst) == "Cyst, Kidney, right"
    assert side_of(sided(recognize("kidney"), LEFT)) == LEFT
