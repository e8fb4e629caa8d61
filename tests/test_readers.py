"""What we claim of other software, held against that software."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import judges
from napari_dicom_writer import ExportOptions, Volume, export
from napari_dicom_writer.readers import opens_as_volume, summary

READERS = {
    "SimpleITK": judges.simpleitk_volume,
    "highdicom": judges.highdicom_volume,
    "dcm2niix": judges.dcm2niix_volume,
}
RNG = np.random.default_rng(11)
SHAPES = {
    "stack": ((5, 20, 24), ("plane", "row", "column")),
    "two planes": ((2, 20, 24), ("plane", "row", "column")),
    "a plane": ((20, 24), ("row", "column")),
    "time": ((3, 5, 20, 24), ("time", "plane", "row", "column")),
    "movie": ((3, 20, 24), ("time", "row", "column")),
}
SPACING = (2.0, 0.7, 0.9)


def opens(reader, folder, planes: int) -> bool:
    """Whether the reader makes one volume of the right size and the right distance between planes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SimpleITK's about uneven spacing; the verdict says more
            reading = reader(folder)
    except Exception:
        return False
    steps = np.sort(np.linalg.norm(reading.affine[:3, :3], axis=0))
    expected = SPACING[1:] if planes == 1 else sorted(SPACING)
    return planes in reading.values.shape[:2] and all(np.isclose(steps, s, atol=1e-4).any() for s in expected)


@pytest.mark.parametrize("modality", ["OT", "CT", "MR", "PT"])
@pytest.mark.parametrize("shape", SHAPES)
def test_verdicts_are_what_the_software_does(tmp_path, shape, modality):
    size, axes = SHAPES[shape]
    volume = Volume(RNG.integers(0, 99, size, dtype=np.int16), spacing=SPACING, axes=axes)
    (tmp_path / "x").mkdir()
    report = export(volume, tmp_path / "x", ExportOptions(modality=modality))
    (series,) = report.plan.series
    for verdict in series.opens_in:
        assert opens(READERS[verdict.software], report.path, series.planes) == verdict.opens, verdict


def test_colours_open_too(tmp_path):
    volume = Volume(RNG.integers(0, 99, (5, 20, 24, 3), dtype=np.uint8), spacing=SPACING, rgb=True)
    report = export(volume, tmp_path / "x")
    for verdict in report.plan.series[0].opens_in:
        assert verdict.opens
        assert opens(READERS[verdict.software], report.path, 5)


def test_uneven_planes(tmp_path):
    """Such series are never written; `show` meets them."""
    volume = Volume(RNG.integers(0, 99, (7, 20, 24), dtype=np.int16), spacing=SPACING)
    report = export(volume, tmp_path / "x", ExportOptions(modality="CT"))
    (report.path / "00004.dcm").unlink()
    for verdict in opens_as_volume(planes=6, rows=20, columns=24, time_points=1, evenly_spaced=False):
        assert not verdict.opens
        assert not opens(READERS[verdict.software], report.path, 6), verdict


def test_a_summary_reads_well():
    size = {"rows": 20, "columns": 24, "evenly_spaced": True}
    assert summary(opens_as_volume(planes=5, time_points=1, **size)) == "SimpleITK, highdicom, dcm2niix"
    assert summary(opens_as_volume(planes=5, time_points=2, **size)) == "dcm2niix"
    assert (
        summary(opens_as_volume(planes=5, time_points=1, **size | {"evenly_spaced": False})) == "none that was tested"
    )
    assert str(opens_as_volume(planes=1, time_points=1, **size)[0]) == "SimpleITK: yes (as a single plane)"


@pytest.mark.parametrize(
    ("shape", "syntax"), [((3, 20, 24), "deflated"), ((2, 1, 7), "explicit-le"), ((2, 7, 1), "explicit-le")]
)
def test_odd_files_and_planes(tmp_path, shape, syntax):
    volume = Volume(RNG.integers(0, 99, shape, dtype=np.int16), spacing=SPACING)
    report = export(volume, tmp_path / "x", ExportOptions(transfer_syntax=syntax))
    for verdict in report.plan.series[0].opens_in:
        assert opens(READERS[verdict.software], report.path, shape[0]) == verdict.opens, verdict
