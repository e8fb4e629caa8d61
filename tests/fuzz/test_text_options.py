"""Text of any kind in every field of the options: refused without repeating it, or read back as it was given."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.profiles import profile
from fuzz.texts import anything
from napari_dicom_writer import ExportOptions, OptionsError, Patient, Series, Study, Volume, export
from napari_dicom_writer.standard.decimals import decimal_string, decimal_string_above, decimal_string_below

GROUPS = {"patient": Patient, "study": Study, "series": Series}
_LIKELY = st.sampled_from(
    [
        *(
            "1970-02-28",
            "19700230",
            "23:59",
            "240000",
            "042Y",
            "42Y",
            "71.5",
            "-1",
            "1e3",
            "nan",
            "F",
            "L",
            "HFS",
            "12",
        ),
        *("2.25.1", "1.2.3", "0.40.1", "BRAIN", "chest", "Doe^Jane", "a=b=c", "=", "^^^^", "a^", "山田^太郎", "µ" * 64),
    ]
)
_OBJECTS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.fractions(),
    st.binary(max_size=9),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.lists(st.text(max_size=3), max_size=2),
    st.sampled_from([np.int16(3), np.float32(0.1), np.str_("x"), np.datetime64("nat"), Path("x"), 1j, object(), ...]),
)
VALUES = st.one_of(_LIKELY, _LIKELY, anything, anything, _OBJECTS)
ANYTHING = st.one_of(VALUES, st.sampled_from([Patient(), Patient, Decimal("nan"), np.inf, 10**400]))


@profile(few=150)
@given(st.sampled_from(sorted(GROUPS)), st.data())
def test_fields_are_refused_or_read_back(tmp_path_factory, group, data):
    kind = GROUPS[group]
    name = data.draw(st.sampled_from([item.name for item in fields(kind)]))
    value = data.draw(VALUES)
    try:
        made = kind(**{name: value})
    except OptionsError as refused:
        said = str(refused)
    else:
        said = ""
    # What is refused may be a patient's name.
    assert not (isinstance(value, str) and len(value) > 5 and value in said)
    if said:
        return
    accepted = getattr(made, name)
    assert isinstance(accepted, str)
    options = ExportOptions(**{group: made}, modality="MR", verify="off")
    path = tmp_path_factory.mktemp("text") / "one.dcm"
    report = export(Volume(np.zeros((1, 1), "u1"), spacing=(1, 1)), path, options)
    header = pydicom.dcmread(report.path)
    if not accepted:
        return  # absent, empty, or made up where DICOM needs something
    keyword = kind.__dataclass_fields__[name].metadata["keyword"]
    element = header[keyword]
    read = str(element.value if element.VR == "PN" else getattr(element.value, "original_string", element.value))
    assert read in (accepted, f"{accepted}^")
    if isinstance(value, str) and element.VR in ("LO", "SH", "PN"):
        assert accepted == value.strip()


@profile(few=100)
@given(st.dictionaries(st.sampled_from([item.name for item in fields(ExportOptions)]), ANYTHING, max_size=3))
def test_options_raise_nothing_else(given_options):
    with contextlib.suppress(OptionsError):
        assert hash(ExportOptions(**given_options))


_DECIMALS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    # Beside round numbers, where rounding carries.
    st.builds(
        lambda d, e, k: float(f"{d}e{e}") * (1 - k * 1e-16),
        st.integers(-999, 999),
        st.integers(-280, 280),
        st.integers(-9, 9),
    ),
).filter(lambda x: 1e-90 < abs(x) < 1e290)


@profile(few=1000, weight=20)
@given(_DECIMALS)
def test_decimal_strings_hold_numbers(value):
    for text in (
        nearest := decimal_string(value),
        above := decimal_string_above(value, 5),
        below := decimal_string_below(value),
    ):
        assert len(text) <= 16
    assert float(nearest) == pytest.approx(value, rel=1e-8, abs=0)
    assert value <= float(above) <= value + abs(value) * 2e-4
    assert value - abs(value) * 2e-8 <= float(below) <= value


def test_no_date_is_silently_another():
    """What only looks like a date would else become one."""
    assert Patient(birth_date=dt.date(1970, 2, 28)).birth_date == "19700228"
    with pytest.raises(OptionsError):
        Patient(birth_date=19700228.5)
