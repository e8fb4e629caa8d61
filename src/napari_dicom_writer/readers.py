"""Which software opens a series as a volume: rules from measured behaviour, each held by a test with that software."""

from __future__ import annotations

from dataclasses import dataclass

from napari_dicom_writer.geometry import MAX_DISPLACEMENT


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one program makes of a series.

    Attributes
    ----------
    software : str
    opens : bool
        Whether it shows one volume with every voxel in its place.
    why : str
        What it does instead, or needs; empty when there is nothing to say.
    """

    software: str
    opens: bool
    why: str = ""

    def __str__(self) -> str:
        return f"{self.software}: {'yes' if self.opens else 'no'}{f' ({self.why})' if self.why else ''}"


def opens_as_volume(
    *,
    planes: int,
    rows: int,
    columns: int,
    time_points: int,
    evenly_spaced: bool,
    deflated: bool = False,
    single_precision_error: float = 0.0,
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
        How many voxels off a position is in single precision, in which dcm2niix computes: much for microscopy far from
        the origin.
    """
    off = single_precision_error > MAX_DISPLACEMENT
    imprecise = f"computes in single precision: voxels up to {single_precision_error:.2g} off" if off else ""
    if deflated:
        off, imprecise = True, "does not read deflated files"
    elif min(rows, columns) == 1:
        off, imprecise = True, "does not take planes of one row or column"
    if not evenly_spaced:
        return (
            Verdict("SimpleITK", opens=False, why="averages the gaps silently"),
            Verdict("highdicom", opens=False, why="refuses uneven planes"),
            Verdict("dcm2niix", opens=False, why="writes an extra, resampled file"),
        )
    if time_points > 1:
        return (
            Verdict("SimpleITK", opens=False, why="one long stack of all time points; use one series per time point"),
            Verdict("highdicom", opens=False, why="refuses several time points in a series"),
            Verdict("dcm2niix", opens=not off, why=imprecise or "as 4-D"),
        )
    why = "as a single plane" if planes == 1 else ""
    as_rows = rows == 1 and planes > 1
    return (
        Verdict("SimpleITK", opens=not as_rows, why="takes planes of one row for rows" if as_rows else why),
        Verdict("highdicom", opens=True, why=why),
        Verdict("dcm2niix", opens=not off, why=imprecise or why),
    )


def single_precision_error(largest_coordinate: float, smallest_spacing: float) -> float:
    """Return how many voxels off single precision places a voxel."""
    return largest_coordinate * 2**-23 / smallest_spacing


def summary(verdicts: tuple[Verdict, ...]) -> str:
    """Name the software that opens the series, in one line."""
    return ", ".join(v.software for v in verdicts if v.opens) or "none that was tested"
