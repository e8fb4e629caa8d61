"""What no validator of single files sees: repeated UIDs and positions, uneven planes, shear, order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_dicom_writer.writing.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dicom_writer.plan.plan import SeriesPlan


class Seen(NamedTuple):
    """What was read of an instance, as far as it matters beside the others.

    Attributes
    ----------
    filename : str
    uid : str
    number : int
        Instance Number.
    positions : tuple of str
        ImagePositionPatient of each frame.
    time_indices : tuple of int
        Time point of each frame.
    digest : bytes
        Of all bytes of the file; empty where nobody asked for it.
    """

    filename: str
    uid: str
    number: int
    positions: tuple[str, ...]
    time_indices: tuple[int, ...]
    digest: bytes = b""


def check_across(series: SeriesPlan, seen: Sequence[Seen]) -> None:
    """Check a series as a whole.

    Raises
    ------
    Fault
        Repeated UIDs; positions that repeat, are unevenly spaced, or leave the normal; wrong order.
    """
    if len(seen) != len(series.instances) or len({one.uid for one in seen}) != len(seen):
        raise Fault("instances are missing or share a UID")
    seen = sorted(seen, key=lambda one: one.number)
    if [one.number for one in seen] != list(range(1, len(seen) + 1)):
        raise Fault("Instance Numbers do not count from 1")
    positions = np.array([p.split("\\") for one in seen for p in one.positions], dtype=np.float64)
    times = np.array([t for one in seen for t in one.time_indices])
    counts = np.unique(times, return_counts=True)[1]
    if wrong := [int(n) for n in counts if n != series.planes]:
        raise Fault(f"a time point has {wrong[0]} planes instead of {series.planes}")
    # In the order of the file; which time points come first does not matter here.
    stacks = positions[np.argsort(times, kind="stable")].reshape(len(counts), series.planes, 3)
    if series.planes > 1 and not _are_even(series, stacks):
        raise Fault("planes are not evenly spaced along the normal, in rising order")


def _are_even(series: SeriesPlan, stacks: np.ndarray) -> bool:
    """Whether the planes of every time point lie in even steps along the normal: (times, planes, 3), mm."""
    grid = series.grid
    step = grid.normal * float(grid.spacing_between_planes)
    expected = stacks[:, :1] + np.arange(series.planes)[:, np.newaxis] * step
    # Both ends of a step are rounded to a DS, whose 16 bytes hold 14 digits of a coordinate, and no more decimals.
    smallest = min(map(float, (*grid.pixel_spacing, grid.spacing_between_planes)))
    tolerance = 1e-6 * smallest + 1.1e-13 * max(1.0, float(np.abs(stacks).max()))
    return bool(np.abs(stacks - expected).max() <= tolerance)
