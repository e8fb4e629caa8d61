"""Features of labels: what of them is written, and what is said of the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_dicom_writer import NoteKind, export, plan_export, read

LABELS = np.zeros((3, 8, 8), np.uint8)
LABELS[1, 2:5, 2:5], LABELS[1, 6, 6] = 1, 2


def planned(**columns):
    return plan_export([(LABELS, {"name": "organs", "features": pd.DataFrame(columns)}, "labels")])


def lost(plan):
    return [note.text for note in plan.notes if note.kind is NoteKind.LOST]


def test_measurements_are_lost_and_named():
    plan = planned(index=[1, 2], name=["liver", "spleen"], area=[9.0, 1.0], bbox=[np.arange(4), np.arange(4)])
    assert lost(plan) == ["Of its features, 'area', 'bbox' are not written"]


def test_a_category_that_is_no_word_of_the_standard_is_said():
    plan = planned(index=[1, 2], name=["liver", "spleen"], Category=["Anatomical Structure", "benign"])
    assert lost(plan) == [
        "'benign' in the column 'category' of its features is no category of the standard: not written"
    ]


def test_what_is_missing_in_any_way_is_not_lost():
    plan = planned(
        index=[1, 2],
        name=["liver", pd.NA],
        score=[None, np.nan],
        seen=[pd.NaT, pd.NaT],
        type=["", ""],
        comment=[pd.NA, ""],
    )
    assert not lost(plan)
    assert [segment.name for segment in plan.series[0].segments] == ["liver", "Label 2"]


def test_colors_may_be_arrays():
    plan = planned(index=[1, 2], name=["liver", "spleen"], color=[np.array([255, 0, 0]), np.array([0, 0, 255])])
    assert [segment.color for segment in plan.series[0].segments] == [(255, 0, 0), (0, 0, 255)]


@pytest.mark.parametrize("kind", ["left kidney", "liver tumor", "blob"])
def test_what_was_opened_loses_nothing(kind, tmp_path):
    labels = (LABELS, {"name": "organs", "features": {"index": [1, 2], "name": [kind, "spleen"]}}, "labels")
    layers = read(export([labels], tmp_path / "x").path)
    assert "type" in layers[0][1]["features"]
    assert not lost(plan_export(layers))
