"""Readers of segmentations that share no code with the writer: labels in their places, by Segment Number."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from judges.readers import Reading, from_simpleitk


def dcmqi_labels(path: Path) -> tuple[Reading, list[dict[str, Any]]]:
    """Convert a segmentation with dcmqi's segimage2itkimage.

    Returns
    -------
    Reading
        All segments as one label map.
    list of dict
        What it says of each segment, in its own words (labelID, SegmentLabel, recommendedDisplayRGBValue, …).
    """
    files, segments = _dcmqi(path, "--mergeSegments")
    assert len(files) == 1, f"dcmqi found {len(files)} layers of segments: they overlap"
    return files[0], segments


def dcmqi_fractions(path: Path) -> list[Reading]:
    """Convert a segmentation with dcmqi: the stored fractions of each segment, in the order of their numbers."""
    return _dcmqi(path)[0]


def _dcmqi(path: Path, *options: str) -> tuple[list[Reading], list[dict[str, Any]]]:
    program = Path(sys.executable).with_name("segimage2itkimage" + (".exe" if sys.platform == "win32" else ""))
    if not program.exists():
        pytest.skip("dcmqi is not there for this machine")
    with tempfile.TemporaryDirectory() as out:
        command = [program, "--inputDICOM", path, "--outputDirectory", out, *options, "-t", "nrrd"]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
        files = sorted(Path(out).glob("*.nrrd"), key=lambda file: int(file.stem))
        assert done.returncode == 0, done.stdout + done.stderr
        readings = [from_simpleitk(sitk.ReadImage(str(file))) for file in files]
        meta = json.loads(next(Path(out).glob("*.json")).read_text(encoding="utf-8"))
    return readings, [segment for group in meta["segmentAttributes"] for segment in group]


def highdicom_labels(path: Path) -> Reading:
    """Read a segmentation with highdicom, planes without a frame included."""
    import highdicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        volume = highdicom.seg.segread(path).get_volume(combine_segments=True, allow_missing_positions=True)
    return Reading(volume.array, volume.affine)


def assert_labels_placed(reading: Reading, labels: np.ndarray, affine: np.ndarray, tolerance: float = 1e-4) -> None:
    """Every voxel with a label must be found in its place, and none elsewhere; readers may cut off background.

    Parameters
    ----------
    reading
        What a reader made of the file.
    labels, affine
        What was exported: (planes, rows, columns) and index → LPS mm.
    tolerance
        Largest distance in mm.
    """
    index = np.argwhere(labels)
    places = index @ affine[:3, :3].T + affine[:3, 3]
    inverse = np.linalg.inv(reading.affine)
    found = np.rint(places @ inverse[:3, :3].T + inverse[:3, 3]).astype(int)
    assert ((found >= 0) & (found < reading.values.shape)).all(), "labels lie outside of what was read"
    apart = np.linalg.norm(found @ reading.affine[:3, :3].T + reading.affine[:3, 3] - places, axis=1)
    assert apart.max() <= tolerance, f"a label is {apart.max():.3g} mm away"
    np.testing.assert_array_equal(reading.values[tuple(found.T)], labels[tuple(index.T)])
    assert np.count_nonzero(reading.values) == len(index)
