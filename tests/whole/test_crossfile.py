"""The checks across files find every fault they are for, and none in a good series."""

from __future__ import annotations

import numpy as np
import pytest

from judges.crossfile import series_faults, study_faults
from judges.readers import read
from judges.tables import MODALITIES
from judges.volumes import SHAPE, indexed, oblique
from napari_dicom_writer import ExportOptions, Volume, export


@pytest.fixture
def series(tmp_path, indexed_volume):
    return read(export(indexed_volume, tmp_path / "out", ExportOptions(modality="MR")).path)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("flip", [1, -1], ids=["right-handed", "left-handed"])
def test_a_written_series_is_clean(tmp_path, modality, flip):
    volume = Volume(indexed(), affine=oblique() @ np.diag([flip, 1, 1, 1]))
    report = export(volume, tmp_path / "out", ExportOptions(modality=modality))
    assert series_faults(read(report.path), SHAPE) == []


def test_written_time_points_are_clean(tmp_path):
    volume = Volume(indexed((2, *SHAPE)), affine=oblique(), axes=("time", "plane", "row", "column"), time_step=2)
    report = export(volume, tmp_path / "out", ExportOptions(modality="MR"))
    assert series_faults(read(report.path), SHAPE) == []


def test_written_channels_share_study_and_space(tmp_path):
    volume = Volume(indexed((3, *SHAPE)), affine=oblique(), axes=("channel", "plane", "row", "column"))
    report = export([volume, Volume(indexed(), affine=oblique())], tmp_path / "out")
    series = [read(folder) for folder in sorted(report.path.iterdir())]
    assert len(series) == 4
    assert [series_faults(instances, SHAPE) for instances in series] == [[]] * 4
    assert study_faults(series) == []


def _move(instance, offset):
    instance.ImagePositionPatient = [float(p) + o for p, o in zip(instance.ImagePositionPatient, offset, strict=True)]


def _duplicate_position(series):
    series[1].ImagePositionPatient = series[0].ImagePositionPatient


def _shear(series):
    for number, instance in enumerate(series):
        _move(instance, number * 0.1 * np.array(instance.ImageOrientationPatient[:3], float))


def _uneven(series):
    row, column = np.array(series[1].ImageOrientationPatient, float).reshape(2, 3)
    _move(series[1], 0.01 * np.cross(row, column))


def _round_cosines(series):
    for instance in series:
        instance.ImageOrientationPatient = [round(float(c), 5) for c in instance.ImageOrientationPatient]


def _wrong_order(series):
    for instance in series:
        instance.InstanceNumber = len(series) + 1 - int(instance.InstanceNumber)


def _swap(series):
    for instance in series:
        instance.Rows, instance.Columns = instance.Columns, instance.Rows


def _odd(series):
    series[0].PixelData = series[0].PixelData[:-1]


def _padding(series):
    series[0].PixelRepresentation = 1
    series[0].add_new("PixelPaddingValue", "US", 0)


def _set(keyword, value):
    def mutate(series):
        for instance in series:
            setattr(instance, keyword, value)

    return mutate


FAULTS = {
    "positions repeat": _duplicate_position,
    "planes are sheared": _shear,
    "planes are uneven": _uneven,
    "the file says 2.6": _set("SpacingBetweenSlices", "2.6"),
    "not orthonormal": _round_cosines,
    "does not rise": _wrong_order,
    "Rows and Columns are": _swap,
    "odd length": _odd,
    "does not hold Rows": _set("Rows", 3),
    "PixelPaddingValue is US": _padding,
    "SliceThickness is not": _set("SliceThickness", "-2.5"),
    "SpacingBetweenSlices is not": _set("SpacingBetweenSlices", "0"),
    "TimezoneOffset": _set("TimezoneOffsetFromUTC", "+00:00"),
    "not DERIVED": _set("ImageType", ["ORIGINAL", "PRIMARY", "OTHER"]),
    "without a ratio": _set("LossyImageCompression", "01"),
    "UID 1.2.3 repeats": _set("SOPInstanceUID", "1.2.3"),
    "does not count": _set("InstanceNumber", "7"),
    "32-bit": _set("BitsAllocated", 32),
    "HighBit": _set("HighBit", 7),
    "StudyInstanceUID differs": lambda series: setattr(series[0], "StudyInstanceUID", "1.2.3"),
    "FrameOfReferenceUID differs": lambda series: setattr(series[0], "FrameOfReferenceUID", "1.2.3"),
    "do not make stacks": lambda series: series.pop(),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_found(series, fault):
    assert series_faults(series, SHAPE) == []
    FAULTS[fault](series)
    assert any(fault in found for found in series_faults(series, SHAPE)), series_faults(series, SHAPE)


@pytest.mark.parametrize(
    ("keyword", "value", "fault"),
    [
        ("StudyInstanceUID", "1.2.{}", "StudyInstanceUID is not shared"),
        ("FrameOfReferenceUID", "1.2.{}", "FrameOfReferenceUID is not shared"),
        ("SeriesInstanceUID", "1.2.3", "Series Instance UID repeats"),
        ("SeriesNumber", "7", "Series Number repeats"),
        ("SOPInstanceUID", "1.2.3", "SOP Instance UID 1.2.3 repeats"),
    ],
)
def test_a_fault_across_series_is_found(tmp_path, indexed_volume, keyword, value, fault):
    report = export([indexed_volume, indexed_volume], tmp_path / "out")
    series = [read(folder) for folder in sorted(report.path.iterdir())]
    assert study_faults(series) == []
    for number, instances in enumerate(series):
        for instance in instances:
            setattr(instance, keyword, value.format(number))
    assert study_faults(series) == [fault]
