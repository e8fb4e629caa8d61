"""What OHIF makes of a series, by the rule it publishes, worked out anew from the tags of the files.

OHIF Viewers decides from tags alone whether a series can be shown as a volume (multi-planar and 3-D), and Cornerstone3D
where the planes of that volume go. This module asks the same questions. Read from
`isDisplaySetReconstructable`, `sortInstancesByPosition` and `getSopClassHandlerModule` of OHIF 3.13.2, 3.13.13 and
3.14.0-beta.6, and `splitImageIdsBy4DTags`, `calculateSpacingBetweenImageIds` and `generateVolumePropsFromImageIds` of
Cornerstone3D 5.6.8. Left out is what is never written here: multi-frame objects, cardiac stacks and private b-values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pydicom

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

EVENNESS = 0.2  # of the mean distance, which any distance may differ by from its nearest multiple
TURN = 0.01  # largest difference of two direction cosines, excluded
ONE_PLACE = 0.01  # mm; since 3.14 all closer than that to the first are at one place
TEXTURE = 2048  # what WebGL 2 offers for a side of a 3-D texture on nearly all machines
APART = ("CR", "MG", "DX")  # modalities of which every picture is a display set of its own
# In the order in which they are tried.
TIME_TAGS = ("TemporalPositionIdentifier", "DiffusionBValue", "TriggerTime", "EchoTime", "FrameReferenceTime")
IN_PLACE = 0.01  # voxels


@dataclass(frozen=True)
class Outcome:
    """What OHIF makes of a series.

    Attributes
    ----------
    volume
        Whether it offers a volume, and all voxels of it are in their place.
    why
        Why not, or the tag that tells time points apart; empty for a plain volume.
    """

    volume: bool
    why: str = ""


def ohif_volume(files: Iterable[Path], *, since_3_14: bool = True) -> Outcome:
    """Say what OHIF makes of the single-frame files of one series.

    Parameters
    ----------
    files
        Of one series.
    since_3_14
        Whether pictures at one place are refused, as they are since 3.14.
    """
    instances = [pydicom.dcmread(file, stop_before_pixels=True) for file in files]
    if instances[0].Modality in APART:
        return Outcome(volume=False, why="each picture for itself")
    tag, instances = _first_time_point(instances)
    if why_not := _why_not(instances, since_3_14=since_3_14):
        return Outcome(volume=False, why=why_not)
    if instances[0].SamplesPerPixel > 1 and instances[0].PhotometricInterpretation != "RGB":
        return Outcome(volume=False, why="colors in a volume of one component")
    misplaced = _largest_displacement(instances)
    if misplaced > IN_PLACE:
        return Outcome(volume=False, why=f"misplaced by {misplaced:.2g} voxels")
    return Outcome(volume=True, why=tag)


def _first_time_point(instances: list[pydicom.Dataset]) -> tuple[str, list[pydicom.Dataset]]:
    """Split by the first tag whose values differ at each position, and are the same at all positions."""
    places: dict[Hashable, list[pydicom.Dataset]] = {}
    for instance in instances:
        if not instance.get("ImagePositionPatient"):
            return "", instances
        places.setdefault(tuple(map(float, instance.ImagePositionPatient)), []).append(instance)
    counts = {len(group) for group in places.values()}
    if len(counts) > 1 or counts == {1}:
        return "", instances
    for tag in TIME_TAGS:
        values = [[float(i.get(tag) or 0) for i in group] for group in places.values()]
        first = set(values[0])
        if all(len(set(group)) == len(group) and set(group) == first for group in values):
            return tag, [i for i in instances if float(i.get(tag) or 0) == min(first)]
    return "", instances


def _normal(instance: pydicom.Dataset) -> NDArray[np.float32]:
    cosines = np.array(instance.ImageOrientationPatient, np.float32)
    return np.cross(cosines[:3], cosines[3:])


def _in_order(instances: list[pydicom.Dataset]) -> list[pydicom.Dataset]:
    normal = _normal(instances[len(instances) // 2])
    middle = np.array(instances[len(instances) // 2].ImagePositionPatient, float)
    return sorted(
        instances,
        key=lambda i: float((np.array(i.ImagePositionPatient, float) - middle).astype(np.float32) @ normal),
    )


def _why_not(instances: list[pydicom.Dataset], *, since_3_14: bool) -> str:
    """Say why the pictures of one time point are not a volume; empty if they are one."""
    first = instances[0]
    if max(first.Rows, first.Columns) > TEXTURE or len(instances) > TEXTURE:
        return "larger than a texture"
    if len(instances) == 1:
        return "a single picture"
    if not all(i.get("ImagePositionPatient") for i in instances):
        return "no positions"
    if len({(i.Rows, i.Columns, i.SamplesPerPixel) for i in instances}) > 1:
        return "pictures differ in size or samples"
    ordered = _in_order(instances)
    cosines = np.array([i.ImageOrientationPatient for i in ordered], float)
    if (np.abs(cosines - cosines[0]) >= TURN).any():
        return "pictures differ in orientation"
    positions = np.array([i.ImagePositionPatient for i in ordered], float)
    if since_3_14 and (np.linalg.norm(positions - positions[0], axis=1) < ONE_PLACE).all():
        return "all at one place"
    if len(positions) == 2:  # whatever their distance
        return ""
    mean = np.linalg.norm(positions[-1] - positions[0]) / (len(positions) - 1)
    gaps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    if mean == 0:
        return "all at one place"
    steps = np.floor(gaps / mean + 0.5)
    steps[np.abs(gaps - mean) < EVENNESS * mean] = 1
    if (steps == 0).any() or (np.abs(gaps - steps * mean) / steps >= EVENNESS * mean).any():
        return "unevenly spaced"
    return ""


def _largest_displacement(instances: list[pydicom.Dataset]) -> float:
    """Voxels between where a picture says it is, and where it is drawn: evenly along the normal from the first.

    The distance comes from positions in single precision.
    """
    ordered = _in_order(instances)
    positions = np.array([i.ImagePositionPatient for i in ordered], float)
    normal = _normal(ordered[0]).astype(float)
    ends = positions[[0, -1]].astype(np.float32)
    between = float(np.abs((ends[1] - ends[0]) @ _normal(ordered[0]))) / (len(ordered) - 1)
    drawn = positions[0] + np.arange(len(ordered))[:, np.newaxis] * between * normal
    smallest = min([*map(float, ordered[0].PixelSpacing), float(np.linalg.norm(positions[1] - positions[0])) or np.inf])
    return float(np.linalg.norm(drawn - positions, axis=1).max() / smallest)
