"""Geometry that can hardly be meant is questioned; what scanners and microscopes make is not."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dicom_writer import NoteKind, Volume, plan_export


def said(shape, spacing, axes=None, **given):
    array = np.broadcast_to(np.uint8(0), shape)
    volume = Volume(array, spacing=spacing, axes=axes, window=(0, 1), **given)
    notes = plan_export(volume).notes
    words = ("apart", "long across", "more time points", "more channels")
    found = [note for note in notes if any(word in note.text for word in words)]
    assert all(note.kind is NoteKind.ASSUMED and note.hint for note in found)
    return " | ".join(note.text for note in found)


@pytest.mark.parametrize(
    ("shape", "spacing", "question"),
    [
        ((20, 64, 64), (150, 1, 1), "planes are 15 cm apart"),
        ((4, 8, 2), (1, 1, 2000), "columns are 2 m apart"),
        ((20, 2048, 2048), (2, 0.65, 2), "It is 4.094 m long across its columns"),
        ((30, 512, 512), (1000, 650, 650), "rows are 65 cm apart"),
        ((20, 64, 64), (60, 1, 1), "planes are 60 times as far apart as its rows"),
        ((20, 64, 64), (1, 1, 0.01), "planes are 100 times as far apart as its columns"),
        ((20, 64, 64), (1e-9, 1e-9, 1e-9), "less than an atom"),
        ((64, 64), (1, 70), "columns are 70 times as far apart as its rows"),
    ],
)
def test_what_can_hardly_be_meant_is_questioned(shape, spacing, question):
    assert question in said(shape, spacing)


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((1200, 512, 512), (1.5, 0.98, 0.98)),  # a whole body
        ((400, 200, 200), (5, 4.07, 4.07)),  # PET of one
        ((3, 512, 512), (45, 1, 1)),  # scouts
        ((24, 256, 256), (8, 0.2, 0.2)),
        ((50, 2048, 2048), (5e-3, 1e-4, 1e-4)),  # a light sheet
        ((4, 10000, 10000), (1e-3, 2.5e-4, 2.5e-4)),  # a slide
        ((100, 4000, 4000), (5e-6, 4e-6, 4e-6)),  # electrons
        ((200, 200, 200), (5e-8, 5e-8, 5e-8)),
        ((512, 512), (0.2, 0.2)),
        ((1, 64, 64), (500, 1, 1)),  # nobody knows how thick it is
        ((1, 1, 1), (1, 500, 1e-3)),
    ],
)
def test_scanners_and_microscopes_are_not_questioned(shape, spacing):
    assert said(shape, spacing) == ""


@pytest.mark.parametrize(
    ("shape", "axes", "question"),
    [
        ((60, 4, 8, 9), ("channel", "plane", "row", "column"), "more channels (60) than planes (4)"),
        ((60, 4, 8, 9), None, "more time points (60) than planes (4)"),
        ((60, 4, 8, 9), ("time", "plane", "row", "column"), ""),  # a movie
        ((3, 2, 8, 9), ("channel", "plane", "row", "column"), ""),
        ((200, 8, 9), ("channel", "row", "column"), ""),  # a spectrum
        ((500, 8, 9), ("time", "row", "column"), ""),
        ((4, 60, 8, 9), None, ""),
    ],
)
def test_counts_are_questioned_where_axes_may_be_mixed_up(shape, axes, question):
    found = said(shape, (1,) * (3 if len(shape) == 4 else 2), axes)
    assert question in found if question else not found
