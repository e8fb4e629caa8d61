"""What no validator sees: faults across the files of a series, and a few inside one. Shares no code with the writer."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

_TIMEZONE = re.compile(r"[+-](0\d|1[0-4])[0-5]\d")
_SIGNED_VR = ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue")
_SAME = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID", "Modality", "ImageOrientationPatient")
_SAME += ("PixelSpacing", "SliceThickness", "Rows", "Columns", "PixelRepresentation", "RescaleSlope")
# mm; a DS holds at least ten digits of a position.
_EVEN = 1e-6


def series_faults(instances: list[Dataset], shape: tuple[int, int, int] | None = None) -> list[str]:
    """Check one series.

    Parameters
    ----------
    instances
        In any order.
    shape
        (planes, rows, columns) that were exported; time points repeat the planes.
    """
    found = [fault for instance in instances for fault in _instance_faults(instance)]
    found += [f"{keyword} differs" for keyword in _SAME if len({str(i.get(keyword)) for i in instances}) > 1]
    uids = [i.SOPInstanceUID for i in instances]
    found += [f"SOP Instance UID {uid} repeats" for uid, n in Counter(uids).items() if n > 1]
    ordered = sorted(instances, key=lambda i: int(i.InstanceNumber))
    if [int(i.InstanceNumber) for i in ordered] != list(range(1, len(ordered) + 1)):
        found.append("Instance Number does not count from 1")
    if shape:
        planes, rows, columns = shape
        if any((i.Rows, i.Columns) != (rows, columns) for i in ordered):
            found.append(f"Rows and Columns are {ordered[0].Rows}, {ordered[0].Columns}, not {rows}, {columns}")
        if len(ordered) % planes:
            found.append(f"{len(ordered)} instances do not make stacks of {planes} planes")
    planes = shape[0] if shape else len(ordered)
    for start in range(0, len(ordered), planes):
        found += _stack_faults(ordered[start : start + planes])
    return list(dict.fromkeys(found))


def study_faults(series: list[list[Dataset]]) -> list[str]:
    """Check that several series of one export share a study and a space, and nothing else."""
    first = [instances[0] for instances in series]
    found = [
        f"{k} is not shared"
        for k in ("StudyInstanceUID", "FrameOfReferenceUID")
        if len({i[k].value for i in first}) > 1
    ]
    if len({i.SeriesInstanceUID for i in first}) < len(series):
        found.append("Series Instance UID repeats")
    if len({int(i.SeriesNumber) for i in first}) < len(series):
        found.append("Series Number repeats")
    uids = Counter(i.SOPInstanceUID for instances in series for i in instances)
    return found + [f"SOP Instance UID {uid} repeats" for uid, n in uids.items() if n > 1]


def _axes(instance: Dataset) -> tuple[np.ndarray, np.ndarray]:
    cosines = np.array(instance.ImageOrientationPatient, float)
    return cosines[:3], cosines[3:]


def _stack_faults(ordered: list[Dataset]) -> Iterator[str]:
    """Positions of one time point, in the order of Instance Number."""
    positions = np.array([i.ImagePositionPatient for i in ordered], float)
    if len({tuple(p) for p in positions}) < len(positions):
        yield "positions repeat"
    if len(positions) < 2:
        return
    normal = np.cross(*_axes(ordered[0]))
    steps = np.diff(positions, axis=0)
    along = steps @ normal
    if np.abs(steps - along[:, None] * normal).max() > _EVEN:
        yield "planes are sheared"
    if np.ptp(along) > _EVEN:
        yield "planes are uneven"
    if (along <= 0).any():
        yield "Instance Number does not rise along row × column"
    between = ordered[0].get("SpacingBetweenSlices", ordered[0].get("SliceThickness"))
    if between is not None and abs(abs(along[0]) - float(between)) > _EVEN:
        yield f"planes are {along[0]} mm apart, and the file says {between}"


def _instance_faults(instance: Dataset) -> Iterator[str]:
    row, column = _axes(instance)
    if max(abs(row @ row - 1), abs(column @ column - 1), abs(row @ column)) > 1e-9:
        yield "ImageOrientationPatient is not orthonormal to 1e-9"
    if (instance.get("SliceThickness") or 1) <= 0:
        yield "SliceThickness is not positive"
    if (instance.get("SpacingBetweenSlices") or 1) <= 0 or instance.get("SpacingBetweenSlices") == 0:
        yield "SpacingBetweenSlices is not positive"
    if not _TIMEZONE.fullmatch(instance.get("TimezoneOffsetFromUTC", "+0000")):
        yield "TimezoneOffsetFromUTC is not ±HHMM"
    yield from _pixel_faults(instance)
    if instance.ImageType[0] != "DERIVED":
        yield "ImageType is not DERIVED"
    if instance.get("LossyImageCompression") == "01" and "LossyImageCompressionRatio" not in instance:
        yield "lossy without a ratio"


def _pixel_faults(instance: Dataset) -> Iterator[str]:
    bits = instance.BitsAllocated
    expected = instance.Rows * instance.Columns * instance.SamplesPerPixel * bits // 8
    if len(instance.PixelData) % 2:
        yield "PixelData has an odd length"
    if not instance.file_meta.TransferSyntaxUID.is_compressed and len(instance.PixelData) != expected + expected % 2:
        yield "PixelData does not hold Rows × Columns"
    if bits not in (8, 16):
        yield f"{bits}-bit pixels"
    if (instance.BitsStored, instance.HighBit) != (bits, bits - 1):
        yield "BitsStored and HighBit do not fit BitsAllocated"
    sign = "SS" if instance.PixelRepresentation else "US"
    for keyword in _SIGNED_VR:
        if keyword in instance and sign != instance[keyword].VR:
            yield f"{keyword} is {instance[keyword].VR}, and pixels are {sign}"
