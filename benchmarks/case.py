"""A workload made ready: its pixels, and the elements and header bytes that everybody writes with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom import dcmread

from benchmarks.workloads import SPACING, Workload
from napari_dicom_writer import VerifyLevel, export

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

# What differs between the instances of a series; contenders make these themselves.
_VARYING = {
    "SOPInstanceUID",
    "InstanceNumber",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "ImagePositionPatient",
    "SliceLocation",
}


@dataclass(frozen=True, slots=True)
class Case:
    """What contenders are given.

    Attributes
    ----------
    workload : Workload
    array : numpy.ndarray
        As in memory, with the workload's shape.
    pixels : numpy.ndarray
        The same with all leading axes in one: (instances, rows, columns), and samples if RGB.
    stored : numpy.ndarray
        The same as stored values: other than `pixels` for floats only.
    headers : list of bytes
        All that precedes the pixels, of each file this package writes.
    first : pydicom.Dataset
        The first of these files, without its pixels.
    """

    workload: Workload
    array: NDArray[Any]
    pixels: NDArray[Any]
    stored: NDArray[Any]
    headers: list[bytes]
    first: Dataset

    @property
    def elements(self) -> dict[str, Any]:
        """Keyword to value of the elements all instances share, without sequences and pixels."""
        return {
            element.keyword: element.value
            for element in self.first
            if element.VR != "SQ" and element.keyword not in _VARYING
        }

    @property
    def stored_dtype(self) -> np.dtype[Any]:
        """Of the stored values."""
        kind = "i" if self.first.PixelRepresentation else "u"
        return np.dtype(f"<{kind}{self.first.BitsAllocated // 8}")

    @property
    def rescale(self) -> tuple[float, float] | None:
        """Slope and intercept of floats, as this package chose them."""
        if self.array.dtype.kind != "f":
            return None
        return float(self.first.RescaleSlope), float(self.first.RescaleIntercept)

    def position(self, number: int) -> list[float]:
        """Position of an instance, counted from 0."""
        return [0.0, 0.0, SPACING[0] * (number % self.workload.planes)]

    def part(self, instances: int) -> Case:
        """The first so many instances of it, as a volume without time."""
        shape = (instances, *self.workload.shape[-2:])
        workload = Workload(shape, self.workload.dtype, self.workload.modality, self.workload.rgb)
        pixels = self.pixels[:instances]
        return Case(workload, pixels, pixels, self.stored[:instances], self.headers[:instances], self.first)


def prepare(workload: Workload, folder: Path) -> Case:
    """Make the array, and export it once to know the headers."""
    array = workload.make()
    written = export(workload.volume(array), folder, workload.options(VerifyLevel.OFF)).path
    files = sorted(written.glob("*.dcm"))
    first = dcmread(files[0])
    pixel_bytes = len(first.PixelData)
    del first.PixelData
    headers = [_head(file, pixel_bytes) for file in files]
    pixels = array.reshape(-1, *array.shape[len(workload.shape) - 2 :])
    case = Case(workload, array, pixels, pixels, headers, first)
    return replace(case, stored=quantize(case))


def _head(file: Path, pixel_bytes: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(file.stat().st_size - pixel_bytes)


def quantize(case: Case) -> NDArray[Any]:
    """Make stored values of floats as a script would, the whole array at once."""
    if case.rescale is None:
        return case.pixels
    slope, intercept = case.rescale
    return np.rint((case.pixels - intercept) / slope).astype(case.stored_dtype)


def find_fault(case: Case, folder: Path) -> str:
    """Read back the first, the middle and the last file; say what is wrong, or nothing."""
    files = sorted(folder.rglob("*.dcm"))
    if len(files) != case.workload.instances:
        return f"{len(files)} files instead of {case.workload.instances}"
    for number in {0, len(files) // 2, len(files) - 1}:
        instance = dcmread(files[number])
        values = instance.pixel_array
        if case.rescale is None:
            same = np.array_equal(values, case.pixels[number])
        else:
            real = values * float(instance.RescaleSlope) + float(instance.RescaleIntercept)
            same = bool(np.abs(real - case.pixels[number]).max() <= 1.01 * case.rescale[0])
        if not same:
            return f"other pixels in file {number + 1}"
    return ""
