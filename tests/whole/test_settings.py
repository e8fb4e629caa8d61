"""What a user has set of pydicom and NumPy changes nothing: the same files, the same judgment."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from pydicom import config, valuerep

from napari_dicom_writer import ExportOptions, Patient, Study, Volume, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.checking.source.against import compare
from napari_dicom_writer.reading.survey import survey

SETTINGS = {
    "DS_numpy": lambda: config.DS_numpy(True),
    "DS_decimal": lambda: config.DS_decimal(True),
    "use_IS_numpy": lambda: setattr(config, "use_IS_numpy", True),
    "allow_DS_float": lambda: setattr(config, "allow_DS_float", True),
    "enforce_valid_values": lambda: setattr(config, "enforce_valid_values", True),
    "reading IGNORE": lambda: setattr(config.settings, "reading_validation_mode", config.IGNORE),
    "reading RAISE": lambda: setattr(config.settings, "reading_validation_mode", config.RAISE),
    "writing IGNORE": lambda: setattr(config.settings, "writing_validation_mode", config.IGNORE),
    "writing RAISE": lambda: setattr(config.settings, "writing_validation_mode", config.RAISE),
    "infer_sq_for_un_vr": lambda: setattr(config.settings, "infer_sq_for_un_vr", False),
    "buffered_read_size": lambda: setattr(config.settings, "buffered_read_size", 1),
    "convert_wrong_length_to_UN": lambda: setattr(config, "convert_wrong_length_to_UN", True),
    "datetime_conversion": lambda: setattr(config, "datetime_conversion", True),
    "use_none_as_empty_text_VR_value": lambda: setattr(config, "use_none_as_empty_text_VR_value", True),
    "replace_un_with_known_vr": lambda: setattr(config, "replace_un_with_known_vr", False),
    "show_file_meta": lambda: setattr(config, "show_file_meta", False),
    "assume_implicit_vr_switch": lambda: setattr(config, "assume_implicit_vr_switch", False),
    "INVALID_KEYWORD_BEHAVIOR RAISE": lambda: setattr(config, "INVALID_KEYWORD_BEHAVIOR", "RAISE"),
    "INVALID_KEYWORD_BEHAVIOR IGNORE": lambda: setattr(config, "INVALID_KEYWORD_BEHAVIOR", "IGNORE"),
    "INVALID_KEY_BEHAVIOR RAISE": lambda: setattr(config, "INVALID_KEY_BEHAVIOR", "RAISE"),
    "future_behavior": lambda: config.future_behavior(True),
    "numpy.seterr": lambda: np.seterr(all="raise"),
}
CASES = {
    "OT": ("i2", {"modality": "OT"}),
    "CT": ("f8", {"modality": "CT"}),
    "MR": ("f4", {"modality": "MR", "transfer_syntax": "rle", "value_unit": "mm2/s"}),
    "PT": ("f4", {"modality": "PT", "nan": 0}),
}


@pytest.fixture(autouse=True)
def as_before():
    """Settings are the process's: put back whatever a test changes."""
    kept = {name: value for name, value in vars(config).items() if isinstance(value, bool | str)}
    settings, kind, errors = dict(vars(config.settings)), valuerep.DSclass, np.geterr()
    yield
    vars(config).update(kept)
    vars(config.settings).update(settings)
    valuerep.DSclass = kind
    np.seterr(**errors)


def layer(dtype: str) -> Volume:
    """Time points; floats with values near 0, which lose digits, and with NaN."""
    values = (np.arange(2 * 3 * 16 * 18) * 7919 % 4001).reshape(2, 3, 16, 18).astype(dtype)
    if dtype != "i2":
        values = values / 16 - 100
        values.flat[:2] = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).tiny
        values = values.astype(dtype)
    axes = ("time", "plane", "row", "column")
    return Volume(values, spacing=(1.1, 0.7, 0.6), axes=axes, time_step=1.5, name="läyer")


def story(folder: Path, dtype: str, given: dict) -> list[object]:
    """All that an export, its files and those who judge them say, but for what is new each time."""
    volume = layer(dtype)
    if "nan" in given:
        volume.array[0, 0, 3, 4:7] = np.nan
    study = Study(date="2020-01-02", time="10:11:12")
    patient = Patient(name="Müller^Änne", weight="70.5", size="1.7", birth_date="1970-01-01")
    options = ExportOptions(patient=patient, study=study, **given)
    report = export(volume, folder / "x", options)
    reference = next(report.path.glob("*.dcm"))
    again = export(
        Volume(np.zeros((2, 8, 8), "i2"), spacing=(1, 1, 1)), folder / "y", ExportOptions(reference=reference)
    )
    verdicts = check_series(report.path)
    comparisons, left_out = compare([("läyer", volume)], report.path, verdicts, options)
    pixels = [path.read_bytes()[-volume.array[0, 0].size :] for path in sorted(report.path.glob("*.dcm"))]
    return [
        pixels,
        [note.text for plan in (report.plan, again.plan) for note in plan.notes],
        [[str(finding) for finding in verdict.findings] for verdict in verdicts],
        [dataclasses.replace(comparison, uid="") for comparison in comparisons],
        left_out,
        [[dataclasses.replace(one, folder="") for one in survey(path).series] for path in (report.path, again.path)],
    ]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The stories without any settings."""
    return {name: story(tmp_path_factory.mktemp(name), *case) for name, case in CASES.items()}


# Each setting with two of them in turn.
PAIRS = [(setting, case) for i, setting in enumerate(SETTINGS) for case in (("CT", "PT"), ("MR", "OT"))[i % 2]]


@pytest.mark.parametrize(("setting", "case"), PAIRS)
def test_settings_of_the_user_change_nothing(tmp_path, plain, setting, case):
    SETTINGS[setting]()
    found = story(tmp_path, *CASES[case])
    assert found == plain[case]
