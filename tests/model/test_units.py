"""Round lengths."""

from __future__ import annotations

import pytest

from napari_dicom_writer.model.units import length_text, round_length


@pytest.mark.parametrize("power", range(-15, 19))
@pytest.mark.parametrize(("most", "expected"), [(1, 1), (1.9, 1), (2, 2), (4.99, 2), (5, 5), (9.99, 5)])
def test_lengths_are_round_at_every_scale(power, most, expected):
    assert round_length(float(f"{most}e{power}")) == float(f"{expected}e{power}")


@pytest.mark.parametrize(
    ("mm", "text"),
    [(50, "50 mm"), (0.02, "20 µm"), (1, "1 mm"), (0.5, "500 µm"), (1e-6, "1 nm"), (200, "20 cm"), (5000, "5 m")],
)
def test_lengths_have_the_unit_that_suits_them(mm, text):
    assert length_text(mm) == text
