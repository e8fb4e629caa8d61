"""Which software opens a series as a volume: rules from measured behavior, each held by a test with that software.

OHIF is a web page; its rules are those it publishes (`isDisplaySetReconstructable` of 3.13.2 to 3.14.0-beta.6), held by
a test that works them out anew from the tags of the files.
"""

from __future__ import annotations

from napari_dicom_writer.model.geometry import MAX_DISPLACEMENT
from napari_dicom_writer.model.verdict import Verdict
from napari_dicom_writer.viewers.ohif import PUBLISHED, why_not


def opens_as_volume(
    *,
    planes: int,
    rows: int,
    columns: int,
    time_points: int,
    evenly_spaced: bool,
    deflated: bool = False,
    single_precision_error: float = 0.0,
    modality: str = "OT",
    photometric: str = "MONOCHROME2",
    length: float = float("inf"),
    told_apart: bool = False,
) -> tuple[Verdict, ...]:
    """Say which software opens a series of single-frame instances as a volume.

    Parameters
    ----------
    planes
        Number of different positions.
    rows, columns
        Of each plane.
    time_points
        How many instances share each position.
    evenly_spaced
        Whether positions are evenly spaced along the normal, and the stack is not sheared.
    deflated
        Whether the transfer syntax is Deflated.
    single_precision_error
        How many voxels off a position is in single precision, in which dcm2niix and OHIF compute: much for microscopy
        far from the origin.
    modality
        As written.
    photometric
        Photometric Interpretation, as written: it depends on the transfer syntax, too.
    length
        From the first position to the last, mm.
    told_apart
        Whether a tag that OHIF knows tells the time points apart, see `times_told_apart`.
    """
    off = single_precision_error > MAX_DISPLACEMENT
    imprecise = f"computes in single precision: voxels up to {single_precision_error:.2g} off" if off else ""
    refusal = why_not(
        planes, max(planes, rows, columns), time_points, modality, photometric, length, told_apart=told_apart
    )
    why_in_ohif = "as 4-D" if time_points > 1 else "brightens colors" if photometric == "RGB" else PUBLISHED
    ohif = Verdict("OHIF", opens=not (refusal or off), why=refusal or imprecise or why_in_ohif)
    if deflated:
        off, imprecise = True, "does not read deflated files"
    elif min(rows, columns) == 1:
        off, imprecise = True, "does not take planes of one row or column"
    if not evenly_spaced:
        return (
            Verdict("SimpleITK", opens=False, why="averages the gaps silently"),
            Verdict("highdicom", opens=False, why="refuses uneven planes"),
            Verdict("dcm2niix", opens=False, why="writes an extra, resampled file"),
            Verdict("OHIF", opens=False, why="averages the gaps, and refuses wide ones"),
        )
    if time_points > 1:
        return (
            Verdict("SimpleITK", opens=False, why="one long stack of all time points; use one series per time point"),
            Verdict("highdicom", opens=False, why="refuses several time points in a series"),
            Verdict("dcm2niix", opens=not off, why=imprecise or "as 4-D"),
            ohif,
        )
    why = "as a single plane" if planes == 1 else ""
    as_rows = rows == 1 and planes > 1
    return (
        Verdict("SimpleITK", opens=not as_rows, why="takes planes of one row for rows" if as_rows else why),
        Verdict("highdicom", opens=True, why=why),
        Verdict("dcm2niix", opens=not off, why=imprecise or why),
        ohif,
    )


def single_precision_error(largest_coordinate: float, smallest_spacing: float) -> float:
    """Return how many voxels off single precision places a voxel."""
    return largest_coordinate * 2**-23 / smallest_spacing
