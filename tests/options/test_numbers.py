"""Numbers outside their range are refused, whatever else is chosen, and all of them at once."""

from __future__ import annotations

import math

import pytest

from napari_dicom_writer import ExportOptions, OptionsError

WRONG = {
    "nan": (math.inf, -math.inf, math.nan),
    "lossy_error": (0, 256),
    "lossy_ratio": (1.0, math.inf, math.nan),
    "fraction_maximum": (0.0, -1.0, math.inf, math.nan),
    "workers": (0, -3),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_number_outside_its_range(name, value):
    with pytest.raises(OptionsError, match=name) as error:
        ExportOptions(**{name: value})
    assert error.value.refusals[0].remedy


def test_all_at_once():
    with pytest.raises(OptionsError) as error:
        ExportOptions(**{name: values[0] for name, values in WRONG.items()})
    assert len(error.value.refusals) == len(WRONG)
