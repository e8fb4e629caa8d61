"""Frames of multi-frame objects, judged as single-frame instances are: the same faults, found under the same names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import EnhancedCTImageStorage, SegmentationStorage

from judges.check_faults import PLANES, axes, film, move, picture
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.checking.check import check_series
from napari_dicom_writer.checking.findings import Severity


def joined(folder: Path, volume: Volume) -> Path:
    """Join the instances of a series in one enhanced CT, as far as its geometry goes."""
    paths = sorted(export(volume, folder / "single", ExportOptions(modality="CT")).path.glob("*.dcm"))
    instances = [pydicom.dcmread(path) for path in paths]
    whole, shared = instances[0], Dataset()
    orientation, measures = Dataset(), Dataset()
    orientation.ImageOrientationPatient = whole.ImageOrientationPatient
    measures.PixelSpacing, measures.SliceThickness = whole.PixelSpacing, whole.SliceThickness
    measures.SpacingBetweenSlices = whole.SpacingBetweenSlices
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = [orientation], [measures]
    whole.SharedFunctionalGroupsSequence = [shared]
    whole.PerFrameFunctionalGroupsSequence = [frame(one, number // PLANES) for number, one in enumerate(instances)]
    whole.NumberOfFrames = len(instances)
    whole.PixelData = b"".join(one.PixelData for one in instances)
    whole.SOPClassUID = whole.file_meta.MediaStorageSOPClassUID = EnhancedCTImageStorage
    for (
        keyword
    ) in "ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness SpacingBetweenSlices".split():
        delattr(whole, keyword)
    path = folder / "joined.dcm"
    whole.save_as(path)
    for each in paths:
        each.unlink()
    return path


def frame(instance: Dataset, time: int) -> Dataset:
    group, position, content = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = instance.ImagePositionPatient
    content.TemporalPositionIndex = time + 1
    group.PlanePositionSequence, group.FrameContentSequence = [position], [content]
    return group


def own(dataset: Dataset, number: int = 2) -> Dataset:
    return dataset.PerFrameFunctionalGroupsSequence[number].PlanePositionSequence[0]


def drop(dataset: Dataset, number: int = 2) -> None:
    del dataset.PerFrameFunctionalGroupsSequence[number]
    size = len(dataset.PixelData) // dataset.NumberOfFrames
    dataset.PixelData = dataset.PixelData[:-size]
    dataset.NumberOfFrames -= 1


def shift(dataset: Dataset, share: float) -> None:
    normal = axes(dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0])[2]
    move(own(dataset), normal * 2.5 * share)


def turn(dataset: Dataset) -> None:
    orientation = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    orientation.ImageOrientationPatient = [round(float(v), 2) for v in orientation.ImageOrientationPatient]


def measure(dataset: Dataset, **attributes: object) -> None:
    for keyword, value in attributes.items():
        setattr(dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0], keyword, value)


CHANGES = {
    "uneven": ("planes-uneven", lambda d: shift(d, 0.1)),
    "missing": ("planes-missing", drop),
    "repeated": (
        "positions-repeat",
        lambda d: setattr(own(d), "ImagePositionPatient", own(d, 3).ImagePositionPatient),
    ),
    "no position": (
        "position-missing",
        lambda d: delattr(d.PerFrameFunctionalGroupsSequence[2], "PlanePositionSequence"),
    ),
    "rounded": ("directions-rounded", turn),
    "spacing 0": ("distance", lambda d: measure(d, PixelSpacing=[0, 0.7])),
    "spacing contradicts": ("spacing-contradicts", lambda d: measure(d, SpacingBetweenSlices=3)),
    "too few groups": ("frame-groups", lambda d: d.PerFrameFunctionalGroupsSequence.pop()),
}


def found(path: Path, worst: Severity = Severity.WARNING) -> set[str]:
    severities = list(Severity)[: list(Severity).index(worst) + 1]
    return {f.code for v in check_series(path.parent) for f in v.findings if f.severity in severities}


@pytest.mark.parametrize("volume", [picture, film])
def test_good_frames_are_good(tmp_path, volume):
    path = joined(tmp_path, volume())
    assert found(path) == set()
    assert ("several-volumes" in found(path, Severity.INFO)) == (volume is film)


@pytest.mark.parametrize("change", CHANGES)
def test_faults_of_frames_are_found(tmp_path, change):
    code, spoil = CHANGES[change]
    path = joined(tmp_path, picture())
    dataset = pydicom.dcmread(path)
    spoil(dataset)
    dataset.save_as(path)
    assert code in found(path)


def test_a_frame_that_is_missing_at_one_time_is_found(tmp_path):
    path = joined(tmp_path, film())
    dataset = pydicom.dcmread(path)
    drop(dataset, 8)
    dataset.save_as(path)
    assert "planes-missing" in found(path)
    places = [f.where for v in check_series(path.parent) for f in v.findings if f.code == "planes-missing"]
    assert places == ["beside frame 3 of instance 1 (joined.dcm)"]


def test_a_segmentation_need_not_have_all_planes(tmp_path):
    path = joined(tmp_path, film())
    dataset = pydicom.dcmread(path)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SegmentationStorage
    drop(dataset, 8)
    drop(dataset, 2)
    dataset.save_as(path)
    assert found(path) == set()


def test_frames_of_several_stacks_are_judged_apart(tmp_path):
    path = joined(tmp_path, film())
    dataset = pydicom.dcmread(path)
    normal = axes(dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0])[2]
    for number, group in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        group.FrameContentSequence[0].StackID = str(number // PLANES)
        move(group.PlanePositionSequence[0], normal * 0.37 * (number // PLANES))
    dataset.save_as(path)
    assert found(path) == set()


def test_a_series_of_time_points_that_lacks_its_last_plane_is_told(tmp_path):
    """Its own numbers say nothing."""
    path = export(film(), tmp_path / "x", ExportOptions(modality="CT", time="series-per-point")).path
    sorted(path.rglob("*.dcm"))[PLANES - 1].unlink()
    verdicts = check_series(path)
    assert [{f.code for f in verdict.findings} for verdict in verdicts] == [{"planes-fewer"}, set(), set(), set()]


def test_colors_by_pixel_that_should_lie_by_plane(tmp_path):
    values = np.random.default_rng(0).integers(0, 3, (2, 40, 50, 3)) + np.arange(50)[:, None] * 4 + (0, 30, 9)
    volume = Volume(values.astype("u1"), spacing=(1, 1, 1), rgb=True)
    path = export(volume, tmp_path / "x").path / "00001.dcm"
    assert found(path) == set()
    for each in path.parent.glob("*.dcm"):
        dataset = pydicom.dcmread(each)
        dataset.PlanarConfiguration = 1
        dataset.save_as(each)
    assert found(path) == {"planar-swapped"}
