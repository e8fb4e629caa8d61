"""What single precision costs: some programs compute places in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dicom_writer.model.geometry import MAX_DISPLACEMENT

if TYPE_CHECKING:
    from napari_dicom_writer.viewers.seen import SeriesFacts


def single_precision_error(largest_coordinate: float, smallest_spacing: float) -> float:
    """Return how many voxels off single precision places a voxel: much for microscopy far from the origin."""
    return largest_coordinate * 2**-23 / smallest_spacing


def why_imprecise(seen: SeriesFacts) -> str:
    """Say how far off a program is that computes places in single precision; empty where it does not matter."""
    error = single_precision_error(seen.furthest, min(s for s in seen.spacing if s))
    return f"computes in single precision: voxels up to {error:.2g} off" if error > MAX_DISPLACEMENT else ""
