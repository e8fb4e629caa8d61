"""What other software makes of the same files, where the plan says that it opens them."""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from fuzz.judgment import index_of
from judges.crossfile import series_faults
from judges.readers import (
    Reading,
    dciodvfy,
    dicom_files,
    highdicom_volume,
    read_series,
    simpleitk_file,
    simpleitk_volume,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dicom_writer import Volume
    from napari_dicom_writer.plan.plan import SeriesPlan

# dciodvfy counts bytes where PS3.5 6.2 counts characters.
# A unit of values that is none of those it knows is allowed (PS3.3 C.11.1.1.2: defined terms).
# Numbers with an exponent of three digits it takes for others.
_NOISE = (
    r"Length invalid for this VR",
    r"Dicom dataset contains invalid data values for Value Representations",
    r"of attribute <Rescale Type>",
    r"attribute <Window(Width|Center)> = <[^>]*e[+-]\d{3}>",
)


def folders_of(path: Path, plans: tuple[SeriesPlan, ...], spare: Path) -> list[Path]:
    """One folder for each series, in the order of their numbers; a single file gets one in `spare`."""
    if path.is_file():
        spare.mkdir()
        shutil.copy(path, spare)
        return [spare]
    if len(plans) == 1:
        return [path]
    return sorted(path.iterdir(), key=lambda folder: int(folder.name.split("-")[0] or 0))


def judge_by_others(folder: Path, plan: SeriesPlan, found: Volume) -> None:
    """Assert that SimpleITK and highdicom read what `found` holds."""
    opens = {verdict.software: verdict.opens for verdict in plan.opens_in}
    lengths = np.linalg.norm(found.affine[:3, :3], axis=0)
    if (lengths * (plan.planes, plan.rows, plan.columns)).max() > 1e9 * lengths.min():
        return  # they compute with directions in double precision, which moves the thinnest voxels
    if opens["highdicom"]:
        _same(_quietly(highdicom_volume, folder), found, plan, "highdicom")
    if opens["SimpleITK"]:
        # A folder whose name its C library cannot take would tell of that library only.
        with tempfile.TemporaryDirectory() as plain:
            copy = shutil.copytree(folder, Path(plain) / "series")
            one = dicom_files(copy)
            reading = simpleitk_file(one[0]) if len(one) == 1 else _quietly(simpleitk_volume, copy)
        _same(reading, found, plan, "SimpleITK")


def _quietly(read: Callable[[Path], Reading], folder: Path) -> Reading:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read(folder)


def _same(reading: Reading, found: Volume, plan: SeriesPlan, software: str) -> None:
    """Compare with what the independent reader found, which was held against the layer."""
    values = np.asarray(found.array[()])
    values = values[0] if "time" in found.axes else values
    assert reading.values.size == values.size, f"{software} reads {reading.values.shape}, not {values.shape}"
    try:
        index = index_of(reading.affine, reading.values.shape, found.affine, values.shape, 0.01)
    except AssertionError as error:
        raise AssertionError(f"{software}: {error}") from None
    read = reading.values[tuple(index.T)].reshape(values.shape)
    if not plan.options.transfer_syntax.lossless:
        return  # decoders of JPEG 2000 differ by one
    slope = float(plan.stored.slope)
    expected = values.astype(float)
    # GDCM rescales in single precision where that seems to do.
    near = 2e-6 * float(np.abs(expected).max()) + 1e-37
    if software == "SimpleITK" and plan.options.modality == "MR":
        # It knows no Real World Value Mapping.
        intercept = float(plan.stored.intercept)
        expected = (expected - intercept) / slope
        near = 1e-6 + 4 * np.spacing(max(abs(intercept), np.abs(values).max())) / slope
    off = np.abs(read.astype(float) - expected).max()
    assert off <= near, f"{software} reads a value {off:.3g} off, of {np.abs(expected).max():.3g}"


def judge_files(folder: Path, plan: SeriesPlan, *, look: bool) -> None:
    """Assert that the instances agree with each other, and with the standard in the eyes of dciodvfy."""
    for instances in read_series(folder):
        # Its tolerance is in mm, which far from the origin a position of 16 bytes does not hold.
        near = np.abs(np.array([i.ImagePositionPatient for i in instances], float)).max() < 1e5
        faults = series_faults(instances, (plan.planes, plan.rows, plan.columns)) if near else []
        assert not faults, faults
    if look:
        errors, warned = _dciodvfy(dicom_files(folder)[0])
        assert not _serious(errors), errors
        assert not _serious(warned), warned


def _dciodvfy(path: Path) -> tuple[list[str], list[str]]:
    """It does not inflate: a deflated instance is inflated by pydicom before."""
    dataset = dcmread(path)
    if dataset.file_meta.TransferSyntaxUID != DeflatedExplicitVRLittleEndian:
        return dciodvfy([path])
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    with tempfile.TemporaryDirectory() as folder:
        dataset.save_as(Path(folder, "inflated.dcm"))
        return dciodvfy([Path(folder, "inflated.dcm")])


def _serious(lines: list[str]) -> list[str]:
    return [line for line in lines if not any(re.search(noise, line) for noise in _NOISE)]
