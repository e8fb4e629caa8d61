"""What a user has set of pydicom and NumPy changes nothing: the same files, the same judgment."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from judges.settings import SETTINGS, put_back
from napari_dicom_writer import ExportOptions, Patient, Study, Volume, export, read
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.checking.source.against import compare
from napari_dicom_writer.reading.survey import survey

CASES = {
    "OT": ("i2", {"modality": "OT"}),
    "CT": ("f8", {"modality": "CT"}),
    "MR": ("f4", {"modality": "MR", "transfer_syntax": "rle", "value_unit": "mm2/s"}),
    "PT": ("f4", {"modality": "PT", "nan": 0}),
}


@pytest.fixture(autouse=True)
def as_before():
    with put_back():
        yield


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


@pytest.mark.parametrize("key", ["multi-frame", "parametric-map"])
@pytest.mark.parametrize("setting", ["DS_numpy", "use_IS_numpy", "numpy.seterr"])
def test_settings_change_nothing_of_objects_with_frames(tmp_path, setting, key):
    values = np.arange(60, dtype="f4").reshape(3, 4, 5)
    SETTINGS[setting]()
    path = export(Volume(values, spacing=(2, 1, 1)), tmp_path / "x", ExportOptions(object=key)).path
    ((data, _, _),) = read(path)
    np.testing.assert_array_equal(np.asarray(data), values)
