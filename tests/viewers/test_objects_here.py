"""What we claim of the software that runs here about objects of many frames, held against that software."""

from __future__ import annotations

import warnings

import highdicom
import numpy as np
import pytest

from judges import readers as judges
from judges.labels import assert_labels_placed, dcmqi_labels, highdicom_labels
from judges.readers import Reading
from judges.tables import OBJECTS, of
from judges.volumes import affine_of, assert_placed, rotation
from napari_dicom_writer import ExportOptions, export
from napari_dicom_writer.iods import IODS
from napari_dicom_writer.reading.survey import survey

RNG = np.random.default_rng(19)
AFFINE = affine_of(rotation(RNG) @ np.diag((2.0, 0.7, 0.9)), (10, -20, 30))
PLACE = {"affine": np.eye(4)[[2, 1, 0, 3]] @ AFFINE, "units": ("mm",) * 3, "name": "x"}
LABELS = np.zeros((6, 20, 24), "u1")
LABELS[0:3, 3:9, 4:12], LABELS[3:6, 10:15, 8:17] = 1, 2
VALUES = RNG.integers(-50, 99, (6, 20, 24), dtype=np.int16)
IMAGES = [key for key in OBJECTS if IODS[key].multiframe and key != "segmentation"]
SEGMENTATIONS = ["binary", "labelmap"]


def highdicom_volume(path):
    volume = highdicom.imread(path).get_volume()
    return Reading(volume.array, volume.affine)


READERS = {
    "SimpleITK": judges.simpleitk_file,
    "highdicom": highdicom_volume,
    "dcm2niix": lambda path: judges.dcm2niix_volume(path.parent),
    "dicom2nifti": lambda path: judges.dicom2nifti_volume(path.parent),
    "GDCM": lambda path: judges.gdcm_volume(path.parent),
}
OF_LABELS = {**READERS, "highdicom": highdicom_labels, "dcmqi": lambda path: dcmqi_labels(path)[0]}


def holds(check, read, path) -> bool:
    """Whether a reader finds every value in its place."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(read(path))
    except pytest.skip.Exception:
        raise
    except BaseException:
        return False
    return True


@pytest.mark.parametrize("software", READERS)
@pytest.mark.parametrize("key", IMAGES)
def test_an_image_opens_where_it_is_said_to(tmp_path, key, software):
    report = export((VALUES, PLACE, "image"), tmp_path / "x.dcm", ExportOptions(**of(key)))
    (series,) = report.plan.series
    said = {verdict.software: verdict.opens for verdict in series.opens_in}
    found = holds(lambda reading: assert_placed(reading, VALUES, AFFINE, 1e-4), READERS[software], report.path)
    assert said.get(software, False) == found
    assert survey(report.path).series[0].opens_in == series.opens_in


@pytest.mark.parametrize("software", READERS)
@pytest.mark.parametrize("key", [key for key in IMAGES if key.startswith("enhanced")])
def test_a_rescale_in_functional_groups_is_heeded_where_it_is_said_to_be(tmp_path, key, software):
    values = VALUES.astype("i4") + 100_000  # stored with an intercept
    report = export((values, PLACE, "image"), tmp_path / "x.dcm", ExportOptions(**of(key)))
    said = {verdict.software: verdict.opens for verdict in report.plan.series[0].opens_in}
    found = holds(lambda reading: assert_placed(reading, values, AFFINE, 1e-4), READERS[software], report.path)
    assert said.get(software, False) == found
    assert survey(report.path).series[0].opens_in == report.plan.series[0].opens_in


@pytest.mark.parametrize("software", OF_LABELS)
@pytest.mark.parametrize("kind", SEGMENTATIONS)
def test_labels_open_where_they_are_said_to(tmp_path, kind, software):
    report = export((LABELS, PLACE, "labels"), tmp_path / "x.dcm", ExportOptions(segmentation_type=kind))
    (series,) = report.plan.series
    said = {verdict.software: verdict.opens for verdict in series.opens_in}
    found = holds(lambda reading: assert_labels_placed(reading, LABELS, AFFINE), OF_LABELS[software], report.path)
    assert said.get(software, False) == found
    assert survey(report.path).series[0].opens_in == series.opens_in


@pytest.mark.parametrize("software", OF_LABELS)
def test_deflated_objects_open_where_they_are_said_to(tmp_path, software):
    cases = [
        ((VALUES, PLACE, "image"), of("enhanced-ct"), READERS, lambda r: assert_placed(r, VALUES, AFFINE, 1e-4)),
        ((LABELS, PLACE, "labels"), {}, OF_LABELS, lambda r: assert_labels_placed(r, LABELS, AFFINE)),
    ]
    for number, (layer, asked, readers, check) in enumerate(cases):
        if software not in readers:
            continue
        options = ExportOptions(transfer_syntax="deflated", **asked)
        report = export(layer, tmp_path / str(number) / "x.dcm", options)
        (series,) = report.plan.series
        said = {verdict.software: verdict.opens for verdict in series.opens_in}
        assert said.get(software, False) == holds(check, readers[software], report.path), series.title
        assert survey(report.path).series[0].opens_in == series.opens_in
